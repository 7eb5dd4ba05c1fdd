import { mimes } from "mrmime";
import { judgeContent, type SniffedContent } from "./judge-content.ts";
import { extensionOf } from "./sniff-type.ts";

/** What mrmime leaves out with all vendors' types, though everybody has such files. */
const TYPES = new Map(
  Object.entries({
    docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    odt: "application/vnd.oasis.opendocument.text",
    ods: "application/vnd.oasis.opendocument.spreadsheet",
    odp: "application/vnd.oasis.opendocument.presentation",
  }),
);

/**
 * A file's media type: the declared one; else what its extension says, where the bytes don't contradict it (`.ts` is
 * MPEG as well as TypeScript); else what the bytes say.
 */
export function typeOf(name: string, declared: string | undefined, { kept, type }: SniffedContent): string {
  if (declared !== undefined) return declared;
  const extension = extensionOf(name);
  const guess = extension === undefined ? undefined : typeOfExtension(extension);
  const fits =
    guess !== undefined && Object.keys(judgeContent({ name, declared: guess }, kept, "refuse")).length === 0;
  return (fits ? guess : type) ?? "application/octet-stream";
}

/** What a file is as far as its name says, and who sends it: `undefined` where neither does, since its bytes may. */
export function typeByName(name: string, declared: string | undefined): string | undefined {
  const extension = extensionOf(name);
  return declared ?? (extension === undefined ? undefined : typeOfExtension(extension));
}

/** Not by mrmime's `lookup`, which finds what every object has: `constructor` and `__proto__` are extensions too. */
const typeOfExtension = (extension: string) =>
  TYPES.get(extension) ?? (Object.hasOwn(mimes, extension) ? mimes[extension] : undefined);
