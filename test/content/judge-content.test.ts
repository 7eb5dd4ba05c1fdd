import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatsOf } from "#core/content/formats.ts";
import { judgeContent, sniffContent } from "#core/content/judge-content.ts";
import { typeOf } from "#core/content/type-of.ts";
import type { MismatchPolicy } from "#core/kernel/deps.ts";

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.alloc(part))),
  );

const CONTENT = {
  text: bytes("Dear reader,\r\nhello.\n"),
  utf16: bytes("h\0e\0l\0l\0o\0!\0"),
  bomText: bytes("\xef\xbb\xbfa;b\n"),
  json: bytes('\xef\xbb\xbf{"a": 1}'),
  xml: bytes('\xef\xbb\xbf<?xml version="1.0"?><Workbook/>'),
  html: bytes("<html><body><table><tr><td>1</td></tr></table>"),
  csv: bytes("name,amount\n1,2\n"),
  pdf: bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 20),
  latePdf: bytes("@PJL ENTER LANGUAGE=PDF\r\n", "x".repeat(900), "\n%PDF-1.4\n\0"),
  tooLatePdf: bytes("x".repeat(1_100), "%PDF-1.4\n\0"),
  psPdf: bytes("%!PS-Adobe-3.0 PDF-1.2\n"),
  png: bytes("\x89PNG\r\n\x1a\n", "\0\0\0\x0dIHDR", 17),
  jpeg: bytes("\xff\xd8\xff\xe0\0\x10JFIF\0", 20),
  gif: bytes("GIF89a", 10),
  heic: bytes("\0\0\0\x18ftypheic\0\0\0\0mif1heic", 20),
  bmp: bytes("BM", 12, "\x28\0\0\0", 40),
  bmText: bytes("BM is short for benchmark, and this is text.\0"),
  svg: bytes('<?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg"/>'),
  id3: bytes("ID3\x04\0\0\0\0\0\x21", 40),
  mp3: bytes(20, "\xff\xfb\x90\x64", 40),
  flac: bytes("fLaC\0\0\0\x22", 40),
  wav: bytes("RIFF\x24\0\0\0WAVEfmt ", 40),
  mp4: bytes("\0\0\0\x18ftypisom\0\0\x02\0isomiso2", 20),
  oldMov: bytes("\0\0\0\x08wide\0\0\x10\0mdat", 20),
  mkv: bytes("\x1a\x45\xdf\xa3\x9f", 40),
  ogg: bytes("OggS\0\x02", 40),
  zip: bytes("PK\x03\x04\x14\0\0\0\x08\0", 18, "word/document.xml"),
  sfx: bytes("#self-extracting, in a way\n", 2_000, "PK\x03\x04\x14\0", 20),
  emptyZip: bytes("PK\x05\x06", 18),
  sevenZip: bytes("7z\xbc\xaf\x27\x1c\0\x04", 20),
  gzip: bytes("\x1f\x8b\x08\0", 20),
  tar: bytes("a.txt", 252, "ustar\x0000", 300),
  ole: bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 500),
  rtf: bytes("{\\rtf1\\ansi hello}"),
  biff: bytes("\x09\x04\x06\0\0\0\x10\0", 20),
  woff: bytes("wOF2\0\x01\0\0", 20),
  noise: bytes("\x01\x93\x02\xfa\x00\x7f\x05"),
  empty: bytes(),
} as const;
type Content = keyof typeof CONTENT;

async function judged(name: string, content: Content, declared?: string, policy: MismatchPolicy = "refuse") {
  const { refused, flagged } = judgeContent(
    { name, declared },
    (await sniffContent(CONTENT[content])).kept,
    policy,
  );
  return refused !== undefined ? "refused" : flagged !== undefined ? "flagged" : "passes";
}

describe("content of a format under a name and a declared type", () => {
  test.each<[how: "passes" | "flagged" | "refused", name: string, contents: Content[], declared?: string]>([
    ["passes", "a.pdf", ["pdf", "latePdf", "psPdf", "empty"]],
    ["refused", "a.pdf", ["text", "html", "png", "zip", "ole", "mp4", "noise", "tooLatePdf", "csv"]],
    ["refused", "a", ["text", "png"], "application/pdf"],
    ["passes", "a", ["pdf", "empty"], "application/pdf"],
    // Pictures.
    ["passes", "a.jpg", ["jpeg", "empty"]],
    ["flagged", "a.jpg", ["heic", "png", "gif", "bmp"]],
    ["refused", "a.jpg", ["text", "bmText", "pdf", "mp4", "zip", "noise", "json"]],
    ["flagged", "a.png", ["jpeg"], "image/png"],
    ["flagged", "a.jpg", ["jpeg"], "image/png"],
    ["passes", "a.heic", ["heic"], "image/heic"],
    ["passes", "a.svg", ["svg", "xml"], "image/svg+xml"],
    ["flagged", "a.svg", ["png"]],
    ["refused", "a.svg", ["text", "zip"]],
    ["refused", "a.xyz", ["text"], "image/png"],
    // Sound and film share containers.
    ["passes", "a.mp3", ["id3", "mp3"]],
    ["passes", "a.flac", ["flac", "id3"]],
    ["flagged", "a.mp3", ["wav", "flac", "mp4", "ogg"]],
    ["refused", "a.mp3", ["text", "png", "zip"]],
    ["passes", "a.m4a", ["mp4"]],
    ["passes", "a.mp4", ["mp4", "oldMov"]],
    ["passes", "a.mov", ["mp4", "oldMov"]],
    ["flagged", "a.mp4", ["mkv"]],
    ["refused", "a.mp4", ["heic", "text", "pdf", "noise"]],
    ["passes", "a.ogv", ["ogg"]],
    // Archives; what is a ZIP is one, whatever else it is.
    ["passes", "a.zip", ["zip", "sfx", "emptyZip"]],
    ["flagged", "a.zip", ["sevenZip", "gzip", "tar"]],
    ["refused", "a.zip", ["text", "pdf", "png", "ole", "noise"]],
    ["passes", "a.tar.gz", ["gzip"]],
    ["passes", "a.epub", ["zip"]],
    // Office, its encrypted and its legacy forms.
    ["passes", "a.docx", ["zip"], "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ["flagged", "a.docx", ["ole", "rtf"]],
    ["refused", "a.docx", ["text", "pdf", "sevenZip", "png", "html", "noise"]],
    ["passes", "a.doc", ["ole"]],
    ["flagged", "a.doc", ["rtf", "zip", "html", "text"]],
    ["flagged", "a.xls", ["html", "csv", "xml", "zip", "bomText"]],
    ["passes", "a.xls", ["ole", "biff"]],
    ["flagged", "a.csv", ["csv"], "application/vnd.ms-excel"],
    ["refused", "a.xls", ["png", "pdf", "mp4"]],
    ["passes", "a.odt", ["zip"]],
    ["passes", "a.rtf", ["rtf"]],
    // Text has no signature: what is known to be something else isn't text.
    ["passes", "a.txt", ["text", "utf16", "bomText", "noise", "json", "html", "empty", "bmText"]],
    ["passes", "a.json", ["json", "text"], "application/json"],
    ["passes", "a.csv", ["csv", "bomText"], "text/csv"],
    ["refused", "a.txt", ["png", "zip", "ole", "mp4"]],
    ["refused", "a.csv", ["zip", "ole"]],
    ["refused", "a", ["png"], "text/plain; charset=utf-8"],
    // Nothing is promised.
    ["passes", "a.xyz", ["text", "png", "noise", "zip"]],
    ["passes", "README", ["text", "noise"]],
    ["passes", "a.bin", ["png", "noise"], "application/octet-stream"],
    ["passes", "a.ttf.woff2", ["woff"]],
  ])("%s: %s", async (how, name, contents, declared) => {
    for (const content of contents)
      expect([content, await judged(name, content, declared)]).toEqual([content, how]);
  });

  test("is flagged and not refused where a stage wants it so, but for what runs", async () => {
    expect(await judged("a.pdf", "text", undefined, "flag")).toBe("flagged");
    const { kept } = await sniffContent(bytes("#!/bin/sh\n"));
    for (const name of ["a.pdf", "a.pdf\u200e", "a.pd\u200cf", "a.pdf. ", "a。pdf", "a.pdf。", "aꓸpdf"]) {
      expect(judgeContent({ name }, kept, "flag")).toMatchObject({ refused: { actual: "script" } });
    }
  });

  test.each([
    "#!/bin/sh\n",
    "#! /bin/sh\n",
    "#!  /bin/sh\n",
    "#!\t/bin/sh\n",
    "\xef\xbb\xbf#! \t /usr/bin/env python\n",
  ])("%j is a script", async (text) => {
    expect((await sniffContent(bytes(text))).kept.danger).toBe("script");
  });

  test("never passes as what it has no signature of", async () => {
    const named = fc.constantFrom("a.pdf", "a.png", "a.jpg", "a.docx", "a.gif", "a.mp4", "a.7z", "a.woff");
    await fc.assert(
      fc.asyncProperty(named, fc.string({ minLength: 1, maxLength: 300 }), async (name, text) => {
        const { kept } = await sniffContent(Buffer.from(text));
        fc.pre(!text.includes("PK") && !text.includes("%PDF"));
        expect(judgeContent({ name }, kept, "refuse").refused).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  test("passes with its signature whatever follows, cut anywhere behind it", async () => {
    const signed = fc.constantFrom<[string, Content]>(
      ...(
        [
          ["a.pdf", "pdf"],
          ["a.png", "png"],
          ["a.jpg", "jpeg"],
          ["a.zip", "zip"],
          ["a.mp4", "mp4"],
          ["a.doc", "ole"],
        ] as const
      ).map(([name, content]): [string, Content] => [name, content]),
    );
    await fc.assert(
      fc.asyncProperty(signed, fc.uint8Array({ maxLength: 200 }), async ([name, content], more) => {
        const { kept } = await sniffContent(Buffer.concat([CONTENT[content].subarray(0, 20), more]));
        if (kept.danger === undefined) expect(judgeContent({ name }, kept, "refuse")).toEqual({});
      }),
      { numRuns: 200 },
    );
  });
});

test("what is kept of a file's first bytes is short", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (content) => {
      expect(formatsOf(content).length).toBeLessThan(8);
    }),
  );
});

test.each<[name: string, declared: string | undefined, content: Content, type: string]>([
  ["t.txt", undefined, "text", "text/plain"],
  ["t.md", undefined, "text", "text/markdown"],
  ["t.json", undefined, "json", "application/json"],
  ["t.csv", undefined, "csv", "text/csv"],
  ["t.html", undefined, "html", "text/html"],
  ["T.PDF", undefined, "pdf", "application/pdf"],
  ["t.docx", undefined, "zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["t.jpg", undefined, "png", "image/png"],
  // TypeScript, and not MPEG.
  ["t.ts", undefined, "text", "application/octet-stream"],
  ["t.xyz", undefined, "png", "image/png"],
  ["t.xyz", undefined, "noise", "application/octet-stream"],
  ["t.txt", "application/x-mine", "text", "application/x-mine"],
  ["empty.txt", undefined, "empty", "text/plain"],
  // What every object has is no type.
  ["k.constructor", undefined, "text", "application/octet-stream"],
  ["K.__PROTO__", undefined, "empty", "application/octet-stream"],
  ["k.hasOwnProperty", undefined, "text", "application/octet-stream"],
])("%s declared %s with %s is %s", async (name, declared, content, type) => {
  expect(typeOf(name, declared, await sniffContent(CONTENT[content]))).toBe(type);
});
