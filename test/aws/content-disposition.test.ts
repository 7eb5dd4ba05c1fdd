import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attachment, downloadType } from "#aws/content-disposition.ts";

/** Reads the header as RFC 6266 and RFC 8187 say. */
function read(header: string): { plain: string; extended: string } {
  const match = /^attachment; filename="([\x20-\x7e]*)"; filename\*=UTF-8''([\w!#$&+.^`|~%-]*)$/.exec(header);
  if (match === null) throw new Error(`not well-formed: ${header}`);
  return { plain: match[1] ?? "", extended: decodeURIComponent(match[2] ?? "") };
}

describe("attachment", () => {
  test.each([
    ["q3.pdf", "q3.pdf"],
    ["Übersicht 漢字.pdf", "_bersicht __.pdf"],
    ['a"b\\c%22.txt', "a_b_c_22.txt"],
    ["x\r\nSet-Cookie: a=b", "x__Set-Cookie: a=b"],
    ["😀", "_"],
    ["", ""],
  ])("%j", (name, plain) => {
    expect(read(attachment(name))).toEqual({ plain, extended: name });
  });

  test("no name leaves its place, and all come back exactly", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (name) => {
        const { plain, extended } = read(attachment(name));
        expect(plain).not.toMatch(/["\\]/);
        expect(extended).toBe(name.toWellFormed());
      }),
    );
  });
});

test.each([
  ["application/pdf", "application/pdf"],
  ["image/png", "image/png"],
  ["text/plain", "text/plain"],
  ["text/plain; charset=utf-8", "text/plain; charset=utf-8"],
  ["Text/Plain;Charset=UTF-8", "Text/Plain; Charset=UTF-8"],
  ["text/csv; header=present; charset=iso-8859-1; charset=utf-8", "text/csv; charset=iso-8859-1"],
  ["application/json; profile=a", "application/json"],
  ["text/html; charset=utf-8", "application/octet-stream"],
  ["text/xsl;text/plain", "application/octet-stream"],
  ["text/plain; charset=utf-8, text/html", "text/plain"],
  ["text/html", "application/octet-stream"],
  ["TEXT/HTML", "application/octet-stream"],
  ["application/xhtml+xml", "application/octet-stream"],
  ["image/svg+xml", "application/octet-stream"],
  ["text/javascript", "application/octet-stream"],
  ...[
    // XML, which browsers render with style sheets, and what they take for it.
    ...["text/xsl", "text/xml", "application/atom+xml", "application/vnd.mozilla.xul+xml", "image/x-svg"],
    // Mail and archives of pages; streams that replace each other.
    ...["message/rfc822", "multipart/related", "multipart/x-mixed-replace", "application/x-mimearchive"],
    // What changes how a site's other addresses are served, or runs in plug-ins.
    ...["text/cache-manifest", "text/css", "text/x-component", "text/vnd.wap.wml", "application/hta"],
    ...[
      "application/x-shockwave-flash",
      "application/java-archive",
      "application/wasm",
      "application/ecmascript",
    ],
    // And what nobody has thought of.
    ...["application/x-whatever", "text/whatever", "chemical/x-pdb", "x-world/x-vrml"],
  ].map((type): [string, string] => [type, "application/octet-stream"]),
  ...[
    ...["image/jpeg", "image/vnd.microsoft.icon", "audio/mpeg", "video/mp4", "font/woff2"],
    ...["text/csv", "text/markdown", "text/calendar", "application/json", "application/geo+json"],
    ...[
      "application/zip",
      "application/gzip",
      "application/x-tar",
      "application/epub+zip",
      "application/msword",
    ],
    ...[
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.ms-excel",
    ],
    ...["application/vnd.apache.parquet", "application/octet-stream"],
  ].map((type): [string, string] => [type, type]),
  ["a/b\r\nx: y", "application/octet-stream"],
  ["", "application/octet-stream"],
])("%j is served as %s", (stored, served) => {
  expect(downloadType(stored)).toBe(served);
});
