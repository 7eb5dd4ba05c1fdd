/**
 * Whether content is what its name and type say: an executable or a script must not pose as something harmless.
 *
 * docs/content-types.md has the rule as a table. Only the first bytes are looked at; what no rule names, passes.
 */
import { fileTypeFromBuffer } from "file-type/core";
import { essenceOf } from "#contract/content.ts";
import { seenName } from "#contract/names.ts";
import { decodeHead } from "./decode-head.ts";

/** Bytes that the rule looks at; `file-type` needs 4,100 for the formats that it knows. */
export const SNIFF_BYTES = 4_100;

/** What runs when it is opened. */
export const dangers = ["executable", "script", "markup"] as const;
export type Danger = (typeof dangers)[number];

/** What somebody takes a file for who sees its name or type. */
type Claim = "binary" | "office" | "text" | "page" | "program";

/** Extensions and media types, lower-case, by what they claim. */
const EXTENSIONS: Record<Claim, string> = {
  binary:
    "pdf jpg jpeg jfif png gif webp avif heic heif bmp tif tiff ico psd raw cr2 nef mp3 wav flac aac m4a ogg oga opus wma mp4 m4v mov avi mkv webm wmv mpg mpeg 3gp woff woff2 ttf otf eot zip 7z rar gz tgz bz2 xz zst tar docx xlsx pptx odt ods odp epub docm xlsm pptm dotx xltx potx parquet sqlite db",
  office: "doc xls ppt rtf dot xlt pps csv tsv",
  text: "txt md log json yaml yml xml toml ini conf ics vcf eml srt vtt",
  page: "html htm xhtml mhtml shtml svg hta php phtml vue",
  program:
    "exe dll com scr sys msi cpl ocx drv efi bin so dylib o a elf out run appimage app ko deb rpm pkg dmg class jar apk ipa sh bash zsh fish ksh csh py pyw pl pm rb lua tcl awk sed r jl js mjs cjs ts bat cmd ps1 psm1 vbs vbe wsf wsh lnk reg command tool bundle",
};
const CLAIM_OF_EXTENSION = new Map<string, Claim>(
  Object.entries(EXTENSIONS).flatMap(([claim, list]) =>
    list.split(" ").map((extension) => [extension, claim as Claim]),
  ),
);

const CLAIM_OF_TYPE: readonly (readonly [RegExp, Claim])[] = [
  [/^image\/svg\+xml$/, "page"],
  [/^(image|audio|video|font)\//, "binary"],
  [/^application\/(pdf|zip|gzip|epub\+zip|x-7z-compressed|vnd\.rar|x-tar)$/, "binary"],
  [/^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)\./, "binary"],
  [
    /^(application\/(msword|rtf|vnd\.ms-(excel|powerpoint)(\..*)?)|text\/(csv|rtf|tab-separated-values))$/,
    "office",
  ],
  [/^(text\/html|application\/xhtml\+xml)$/, "page"],
  [/^(text\/(plain|markdown|calendar|vcard|xml|yaml)|application\/(json|xml|yaml))$/, "text"],
];

/** Which dangers each claim hides. Text shows a script as what it is, and Excel saves its tables as HTML. */
const HIDES: Record<Claim, readonly Danger[]> = {
  binary: ["executable", "script", "markup"],
  office: ["executable", "script"],
  text: ["executable"],
  page: ["executable"],
  program: [],
};

export interface Sniffed {
  /** Media type that the bytes have, where they have one. */
  type: string | undefined;
  danger: Danger | undefined;
}

/** Looks at a file's first bytes. */
export async function sniff(prefix: Uint8Array): Promise<Sniffed> {
  const known = await knownType(prefix);
  // "MZ" alone, which is all that the library asks for, also begins plain text.
  const type = known === "application/x-msdownload" && !isDosExecutable(prefix) ? undefined : known;
  return { type, danger: dangerOf(prefix, type) };
}

/** Why content may not pass under this name and declared type, or `undefined` where it may. */
export function disguise(
  { danger }: Pick<Sniffed, "danger">,
  { name, declared }: { name: string; declared?: string | undefined },
): { claimed: string; actual: Danger } | undefined {
  if (danger === undefined) return undefined;
  const extension = extensionOf(name);
  const type = essenceOf(declared);
  const claims: [string, Claim | undefined][] = [];
  if (extension !== undefined) claims.push([`.${extension}`, CLAIM_OF_EXTENSION.get(extension)]);
  if (type !== undefined) claims.push([type, CLAIM_OF_TYPE.find(([pattern]) => pattern.test(type))?.[1]]);
  const found = claims.find(([, claim]) => claim !== undefined && HIDES[claim].includes(danger));
  return found === undefined ? undefined : { claimed: found[0], actual: danger };
}

/** What follows the last dot of a name as it is seen, lower-case: what shows nothing doesn't count, nor dots at its end. */
export function extensionOf(name: string): string | undefined {
  const shown = seenName(name);
  const dot = shown.lastIndexOf(".");
  return dot === -1 ? undefined : shown.slice(dot + 1).toLowerCase();
}

async function knownType(prefix: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(prefix))?.mime;
  } catch {
    // A container that is cut off where the prefix ends.
    return undefined;
  }
}

const EXECUTABLE_TYPES = new Set([
  "application/x-elf",
  "application/x-mach-binary",
  "application/java-vm",
  "application/x.ms.shortcut",
]);

function dangerOf(prefix: Uint8Array, type: string | undefined): Danger | undefined {
  if (isDosExecutable(prefix) || (type !== undefined && EXECUTABLE_TYPES.has(type))) return "executable";
  // A second mark and white space before the text change nothing for who runs it.
  const text = decodeHead(Buffer.from(prefix).toString("latin1")).trimStart();
  if (/^#![ \t]*\//.test(text) || BATCH.test(text) || leads(text, SERVER_PAGE)) return "script";
  if (SCRIPT.test(text) && /^<[a-z!?/]/i.test(text)) return "script";
  return leads(text, PAGE) ? "markup" : undefined;
}

/**
 * file(1), magic/Magdir/msdos: `@echo off`, `@rem`, `@set` with white space as it likes. Of cmd's own: comments and
 * labels may come before, more than one @, and commas and the like are white space.
 */
const BATCH = /^(?:(?::|rem\b)[^\n]*\n\s*)*@[@ \t,;=]*(?:echo[ \t,;=]+off\b|rem\b|set[ \t,;=])/i;

/** PHP, with its short tags (file(1), magic/Magdir/commands), and what ASP and JSP are written in. */
const SERVER_PAGE = /<(?:\?(?:php\b|[=\s])|%)/gi;

/** HTML, 13.2.5.8: white space, a slash or > end a tag's name. XML has prefixes, of nearly any characters. */
const SCRIPT = /<(?:[^\s<>/:="']+:)?script[\s/>]/i;

/** What a page or a drawing begins with: MIME Sniffing Standard, 7.1, and SVG. */
const PAGE =
  /<(?:!doctype\s*(?:html|svg)|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|svg)[\s/>]/gi;

/**
 * Whether text begins with what a pattern finds, behind processing instructions and comments where there are some.
 *
 * Comments are looked for backwards from each find, which costs one pass however many there are.
 */
function leads(text: string, pattern: RegExp): boolean {
  const start = /^(?:<\?[^>]*>\s*)*/.exec(text)?.[0].length ?? 0;
  const commented = text.startsWith("<!--", start);
  return text.matchAll(pattern).some(({ index }) => {
    if (index === 0 || index === start) return true;
    const before = text.slice(start, index).trimEnd();
    // HTML: `--!>` ends a comment too, with a parse error that stops nobody.
    return commented && (before.endsWith("-->") || before.endsWith("--!>"));
  });
}

/** The header of a program is full of zeros, and text has none. */
function isDosExecutable(prefix: Uint8Array): boolean {
  return (
    prefix[0] === 0x4d && prefix[1] === 0x5a && prefix.length >= 64 && prefix.subarray(2, 64).includes(0)
  );
}
