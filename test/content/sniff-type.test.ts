import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Danger, disguise, sniff } from "#core/content/sniff-type.ts";

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
  );
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

const program = bytes("MZ", [0x90, 0, 3, 0, 0, 0, 4, 0], zeros(400));
const elf = bytes([0x7f], "ELF", [2, 1, 1, 0], zeros(200));
const machO = bytes([0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1], zeros(200));
const javaClass = bytes([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x41], zeros(100));
const shortcut = bytes([0x4c, 0, 0, 0, 1, 0x14, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46], zeros(100));
const shell = bytes("#!/bin/sh\nrm -rf ~\n");
const batch = bytes("\xef\xbb\xbf@echo off\r\ndel *.*\r\n");
const php = bytes("<?php system($_GET['c']);");
const page = bytes("<!DOCTYPE html><html><head><title>x</title></head>");
const scriptPage = bytes("<!-- hello --><html><body><script>alert(1)</script>");
const svg = bytes(
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
);
const pdf = bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
const png = bytes([0x89], "PNG\r\n", [0x1a, 0x0a, 0, 0, 0, 13], "IHDR", zeros(17));
const zip = bytes("PK", [3, 4, 20, 0, 0, 0, 8, 0], zeros(18), "word/document.xml");
const table = bytes("<html><body><table><tr><td>1</td></tr></table>");
const csv = bytes("MZ,name\n1,a\n2,b\n".repeat(20));
/** The same text in the encodings that `file` knows, with a mark and without. */
const inEachEncoding = (text: string): [string, Buffer][] => {
  const wide = (width: number, big: boolean) =>
    Buffer.from(
      [...text].flatMap((char) => {
        const unit = [char.charCodeAt(0), ...zeros(width - 1)];
        return big ? unit.reverse() : unit;
      }),
    );
  return [
    ["UTF-8 with a mark", bytes("\xef\xbb\xbf", text)],
    ["UTF-16LE", wide(2, false)],
    ["UTF-16BE", wide(2, true)],
    ["UTF-32LE", wide(4, false)],
    ["UTF-32BE", wide(4, true)],
    ["UTF-16LE with a mark", Buffer.concat([bytes("\xff\xfe"), wide(2, false)])],
    ["UTF-16BE with a mark", Buffer.concat([bytes("\xfe\xff"), wide(2, true)])],
    ["UTF-32LE with a mark", Buffer.concat([bytes("\xff\xfe\0\0"), wide(4, false)])],
    ["UTF-32BE with a mark", Buffer.concat([bytes("\0\0\xfe\xff"), wide(4, true)])],
  ];
};
const json = bytes('{"html":"<script>alert(1)</script>"}');
const markdown = bytes("# Title\n\nUse `<script>` like so.\n");
const xml = bytes('<?xml version="1.0"?><feed><entry>x</entry></feed>');

describe("content under a name and a declared type", () => {
  test.each<[Danger | "passes", string, string | undefined, Buffer]>([
    // A program passes where name and type say so, or say nothing.
    ["passes", "setup.exe", "application/octet-stream", program],
    ["passes", "setup.exe", "application/x-msdownload", program],
    ["passes", "setup.exe", undefined, program],
    ["passes", "invoice.pdf.exe", undefined, program],
    ["passes", "tool", "application/octet-stream", elf],
    ["passes", "libx.so", undefined, elf],
    ["passes", "firmware.weird", undefined, elf],
    ["passes", "tool", undefined, machO],
    ["passes", "Main.class", undefined, javaClass],
    ["passes", "open.lnk", undefined, shortcut],
    ["executable", "invoice.pdf", undefined, program],
    ["executable", "invoice.PDF", undefined, program],
    ["executable", "invoice.pdf. .", undefined, program],
    ["executable", "cat.jpg", undefined, elf],
    ["executable", "notes.txt", undefined, program],
    ["executable", "report.docx", undefined, machO],
    ["executable", "table.csv", undefined, javaClass],
    ["executable", "page.html", undefined, shortcut],
    ["executable", "archive.zip", undefined, program],
    ["executable", "setup.exe", "image/png", program],
    ["executable", "setup", "application/pdf", elf],
    ["executable", "setup", "text/plain; charset=utf-8", elf],
    ["executable", "setup", "Image/PNG", elf],
    // A script is seen for what it is in text, not behind a picture or a document.
    ["passes", "run.sh", "text/plain", shell],
    ["passes", "run", undefined, shell],
    ["passes", "README.md", undefined, shell],
    ["passes", "build.bat", undefined, batch],
    ["passes", "index.php", undefined, php],
    ["script", "invoice.pdf", undefined, shell],
    ["script", "cat.png", undefined, php],
    ["script", "letter.doc", undefined, batch],
    ["script", "table.csv", undefined, shell],
    ["script", "run.sh", "application/pdf", shell],
    ["script", "photo.jpeg", undefined, scriptPage],
    ["script", "letter.doc", undefined, scriptPage],
    // A page passes as a page and, without a script, as the table that Excel takes it for.
    ["passes", "index.html", "text/html", scriptPage],
    ["passes", "notes.txt", undefined, page],
    ["passes", "export.xls", "application/vnd.ms-excel", table],
    ["passes", "drawing.svg", "image/svg+xml", svg],
    ["markup", "photo.png", undefined, page],
    ["script", "photo.png", undefined, svg],
    ["script", "table.csv", undefined, svg],
    ["markup", "report.pdf", undefined, table],
    // Comments before a page, however many and however closed, hide nothing, and cost no more than one pass.
    ["passes", "report.pdf", undefined, bytes("<!---->".repeat(40), "x")],
    ["passes", "report.pdf", undefined, bytes("<!---->".repeat(580), "x")],
    ["passes", "report.pdf", undefined, bytes("<!--".repeat(1_000), "<htm")],
    ["passes", "report.pdf", undefined, bytes("<?xml ".repeat(600), "<html")],
    ["markup", "photo.png", undefined, bytes("<!---->".repeat(40), "<html>")],
    ["markup", "photo.png", undefined, bytes("<!-- a -->\n<!-- b --> <svg ")],
    ["markup", "photo.png", undefined, bytes("<!-- a --> b --> <svg ")],
    ["markup", "photo.png", undefined, bytes("<!--><html>")],
    ["markup", "photo.png", undefined, bytes("<!-- a --!><html>")],
    ["markup", "photo.png", undefined, bytes('<?xml version="1.0"?> <!-- a --> <svg>')],
    // What it says, and what nobody knows.
    ["passes", "report.pdf", "application/pdf", pdf],
    ["passes", "photo.jpg", "image/jpeg", png],
    ["passes", "letter.docx", undefined, zip],
    ["passes", "app.jar", undefined, zip],
    ["passes", "table.csv", "text/csv", csv],
    ["passes", "data.json", "application/json", json],
    ["passes", "README.md", "text/markdown", markdown],
    ["passes", "feed.xml", "application/xml", xml],
    ["passes", "report.pdf", undefined, bytes("MZ")],
    ["executable", "tool", "image/png ; q=1", elf],
    ["passes", "empty.pdf", "application/pdf", bytes("")],
  ])("%s: %s as %s", async (expected, name, declared, content) => {
    const found = disguise(await sniff(content), { name, declared });
    expect(found?.actual ?? "passes").toBe(expected);
  });

  test.each(
    [
      "#!/bin/sh\nrm -rf ~\n",
      "@echo off\r\ndel *.*\r\n",
      "<?php system($_GET['c']);",
      "<html><script>alert(1)</script>",
      // Leading white space and comments.
      "\r\n\t #! /bin/sh\n",
      "\r\n@echo off",
      ":: a comment\r\nREM another\r\n\r\n@echo off\r\n",
      "<!-- a --><?php echo 1;",
      "<!-- a -->\n<?= `id` ?>",
      '<?xml version="1.0"?>\n<!-- a -->\n<?php echo 1;',
      "  <!-- a --><script>alert(1)</script>",
      // Other spellings of the same.
      "@echo  off\n",
      "@ECHO\tOFF\n",
      "@ echo off\n",
      "@@echo,off\n",
      "@rem hello\nstart calc\n",
      "@set x=calc\n%x%\n",
      "<?= `id` ?>",
      "<?\nsystem('id');",
      "<?PHP\nsystem('id');",
      "<%@ page import=x %>",
      "<script/x>alert(1)</script>",
      "<p><SCRIPT\n>alert(1)</SCRIPT>",
      "</p><script\fsrc=x></script>",
      '<html xmlns:x="http://www.w3.org/1999/xhtml"><x:script>alert(1)</x:script></html>',
      '<svg xmlns:s="http://www.w3.org/2000/svg"><s:script>alert(1)</s:script></svg>',
      '<svg xmlns:s.1="http://www.w3.org/2000/svg"><s.1:script>alert(1)</s.1:script></svg>',
      "<html><script>alert(1)</script><svg></svg></html>",
    ].flatMap((text) => inEachEncoding(text).map(([encoding, content]) => ({ text, encoding, content }))),
  )("$text in $encoding is a script", async ({ content }) => {
    expect(disguise(await sniff(content), { name: "letter.doc" })?.actual).toBe("script");
    expect(disguise(await sniff(content), { name: "run.sh" })).toBeUndefined();
  });

  // MIME Sniffing Standard, "identifying a resource with an unknown MIME type"; and SVG, as file(1) knows it.
  test.each(
    [
      "!DOCTYPE HTML",
      "HTML",
      "Head",
      "iframe",
      "h1",
      "div",
      "font",
      "table",
      "a",
      "style",
      "title",
      "b",
      "body",
    ]
      .concat(["br", "p", "svg", "!DOCTYPE svg", "!doctype\n html"])
      .flatMap((tag) =>
        ["<", "  \n<", "<!-- a --><", "<?xml version='1.0'?><?xml-stylesheet href='x'?><"].map(
          (lead) => lead + tag,
        ),
      )
      .flatMap((start) => [`${start}>`, `${start} x>`, `${start}/x>`]),
  )("%j begins markup", async (text) => {
    for (const [encoding, content] of [["Latin-1", bytes(text)] as const, ...inEachEncoding(text)])
      expect(disguise(await sniff(content), { name: "photo.png" })?.actual, encoding).toBe("markup");
  });

  test.each([
    "@someone wrote: hello\n",
    "a,b\n@echo off\n",
    "remark,amount\n1,2\n",
    ":: a comment alone\n",
    "<?xml version='1.0'?><Workbook/>",
    "Dear reader, <script> is a tag.\n",
    "<<EOF\n",
    "<name@example.com> wrote\n",
  ])("%j is no script", async (text) => {
    for (const [, content] of inEachEncoding(text))
      expect(disguise(await sniff(content), { name: "letter.doc" })).toBeUndefined();
  });

  test("random bytes and random text never pose as anything", async () => {
    // What begins with a sign may well be what it is the sign of: `<%` needs no more to be a page of a server.
    const sign = /^[\s\0\xef\xbb\xbf\xfe\xff]*(?:[<#@:]|rem|MZ)/i;
    const anything = fc
      .oneof(
        fc.uint8Array({ maxLength: 4_100 }),
        fc.string({ maxLength: 500 }).map((text) => Buffer.from(text)),
      )
      .filter((content) => !sign.test(Buffer.from(content).toString("latin1")));
    await fc.assert(
      fc.asyncProperty(anything, async (content) => {
        expect(disguise(await sniff(content), { name: "x.pdf" })).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test("a prefix cut anywhere is no error", async () => {
    for (const whole of [zip, png, pdf, svg, program, machO]) {
      for (let length = 0; length < whole.length; length += 7) await sniff(whole.subarray(0, length));
    }
  });
});

test.each([
  [png, "image/png"],
  [pdf, "application/pdf"],
  [csv, undefined],
])("the bytes' own type", async (content, type) => {
  expect((await sniff(content)).type).toBe(type);
});
