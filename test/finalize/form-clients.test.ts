/** Forms as clients really send them, byte for byte; * marks those that were recorded from the client itself. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { page, problem } from "#contract/common.ts";
import { nameProblem } from "#contract/names.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
});
afterAll(() => world.close());

const B = "------------------------d276294364738a11";
const latin1 = (text: string) => Buffer.from(text, "latin1");
/** One file part with this in its Content-Disposition, as UTF-8 where it is text; `null`: no Content-Type. */
const form = (disposition: string | Buffer, type: string | null = "application/octet-stream", body = "x") =>
  Buffer.concat([
    Buffer.from(`--${B}\r\nContent-Disposition: form-data; name="file"; `),
    Buffer.from(disposition as string),
    Buffer.from(`${type === null ? "" : `\r\nContent-Type: ${type}`}\r\n\r\n${body}\r\n--${B}--\r\n`),
  ]);
const send = (body: Uint8Array, headers: Record<string, string> = {}, boundary = B) =>
  client.request("/v1/files/upload", {
    body,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, ...headers },
  });

describe("a file's name as it is sent by", () => {
  test.each<[client: string, disposition: string, name: string, userAgent?: string]>([
    ["curl 7.88 *", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    ["curl before 7.81, and with --form-escape *", 'filename="fü \\"q\\" a\\\\b.txt"', 'fü "q" a\\b.txt'],
    // mime/multipart's escapeQuotes: strings.NewReplacer("\\", "\\\\", `"`, "\\\"")
    ["Go", 'filename="a\\"b.txt"', 'a"b.txt'],
    ["Go", 'filename="a\\\\b.txt"', "a\\b.txt"],
    ["Go", 'filename="ends with \\""', 'ends with "'],
    // net/http/generic_request.rb, quote_string
    ["Ruby's Net::HTTP", 'filename="a\\"b\\\\c.txt"', 'a"b\\c.txt'],
    // The HTML standard, "multipart/form-data encoding algorithm"
    ["browsers", 'filename="fü %22q%22.txt"', 'fü "q".txt'],
    ["browsers", 'filename="C:\\new\\file.txt"', "C:\\new\\file.txt"],
    ["browsers", 'filename="50% off; 100%25.txt"', "50% off; 100%25.txt"],
    ["Python requests 2.34 *", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    // urllib3 before 1.25: format_header_param_rfc2231
    ["Python requests before 2.22", "filename*=utf-8''f%C3%BC%20%22q%22.txt", 'fü "q".txt'],
    ["Python httpx 0.28 *", 'filename="fü %22q%22 a\\\\b.txt"', 'fü "q" a\\b.txt'],
    [
      "Python aiohttp 3.14 *",
      'filename="f%C3%BC%20%22q%22%20a%5Cb%20100%2522.txt"',
      'fü "q" a\\b 100%22.txt',
      "Python/3.11 aiohttp/3.14.5",
    ],
    ["anybody else with percent signs", 'filename="my%20file.txt"', "my%20file.txt", "curl/8.5.0"],
    ["Node's fetch (undici) *", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    ["axios 1.21 with FormData *", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    ["form-data 4 *", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    // okhttp3 MultipartBody.appendQuotedString
    ["OkHttp", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    // httpmime: HttpMultipartMode.EXTENDED, and STRICT for names that are ASCII
    ["Apache HttpClient", 'filename="f_.txt"; filename*="UTF-8\'\'f%C3%BC.txt"', "fü.txt"],
    // guzzle/psr7#691
    ["PHP Guzzle", 'filename="fü %22q%22 a\\b.txt"', 'fü "q" a\\b.txt'],
    // ContentDispositionHeaderValue.EncodeAndQuoteMime and Encode5987; a token isn't quoted
    ["PowerShell", 'filename="=?utf-8?B?w7/Dv8O/LnR4dA==?="', "ÿÿÿ.txt"],
    [".NET's HttpClient", "filename=\"=?utf-8?B?ZsO8LnR4dA==?=\"; filename*=utf-8''f%C3%BC.txt", "fü.txt"],
    [".NET's HttpClient", "filename=plain.txt; filename*=utf-8''plain.txt", "plain.txt"],
    // Spring's ContentDisposition.encodeQuotedPrintableFilename
    [
      "Spring's WebClient",
      "filename=\"=?UTF-8?Q?f=C3=BC_x.txt?=\"; filename*=UTF-8''f%C3%BC%20x.txt",
      "fü x.txt",
    ],
    ["RFC 2047 in two words", 'filename="=?utf-8?B?w7w=?= =?iso-8859-1?Q?=FC.txt?="', "üü.txt"],
    ["RFC 8187 with a language", "filename*=UTF-8'en'f%C3%BC.txt", "fü.txt"],
    ["RFC 8187 in Latin-1", "filename*=ISO-8859-1''f%FC.txt", "fü.txt"],
    ["RFC 8187 after a fallback", "filename=\"f_.txt\"; filename*=UTF-8''it's%20f%C3%BC.txt", "it's fü.txt"],
    ["RFC 8187 that is none", 'filename="right.txt"; filename*=broken', "right.txt"],
    ["a token, and white space", " filename = plain.txt ", "plain.txt"],
    ["what isn't quite an encoded word", 'filename="=?utf-8?B?w7w=?=.txt"', "=?utf-8?B?w7w=?=.txt"],
  ])("%s: %s", async (_, disposition, name, userAgent) => {
    const answer = await read(finalizeAnswer, send(form(disposition), { "user-agent": userAgent ?? "x" }));
    expect(answer.name).toBe(name);
  });

  test("anybody as the HTML standard has it", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .map((text) => `p${text}q`.normalize("NFC"))
      .filter((text) => nameProblem(text) === undefined && !/[/\\\ufffd]|%(22|0[AD])/i.test(text));
    const fields = (text: string) => text.replaceAll('"', "%22");
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const sent = send(form(`filename="${fields(text)}"`));
        expect((await read(finalizeAnswer, sent)).name).toBe(text);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a form", () => {
  test.each([
    ['text/plain; charset="utf-8"', "text/plain; charset=utf-8"],
    ["text/plain; charset=UTF-8", "text/plain; charset=UTF-8"],
    ["text/plain", "text/plain"],
    ["Text/Plain", "Text/Plain"],
    ['multipart/Mixed; Boundary="AaB03x"', "multipart/Mixed; boundary=AaB03x"],
    ["text/csv;header=present", "text/csv; header=present"],
    ["application/pdf", "application/pdf"],
  ])("may name the type %s", async (type, expected) => {
    const answer = await read(finalizeAnswer, send(form(`filename="t-${type.length}.bin"`, type, "")));
    expect(answer.content_type).toBe(expected);
  });

  test.each([null, "application/octet-stream", "Application/Octet-Stream"])(
    "names none by the type %s, which fetch and curl send where they know no other: name and bytes tell",
    async (type) => {
      for (const [name, expected] of [
        [`untyped-${type?.length}.csv`, "text/csv"],
        [`untyped-${type?.length}`, "application/octet-stream"],
      ])
        expect(await read(finalizeAnswer, send(form(`filename="${name}"`, type, "a,b")))).toMatchObject({
          content_type: expected,
        });
    },
  );

  test("may quote its boundary, begin with a preamble, and end without a line break", async () => {
    const whole = form('filename="quoted.txt"').toString("latin1").replace(/\r\n$/, "");
    const body = latin1(`This is MIME.\r\n${whole}`);
    expect(await read(finalizeAnswer, send(body, {}, `"${B}"`))).toMatchObject({
      name: "quoted.txt",
      size: 1,
    });
  });

  test("may hold what looks like its own delimiter, and an empty file", async () => {
    const body = `\r\n--${B.slice(0, -1)}\r\n--\r\n`;
    const held = await read(finalizeAnswer, send(form('filename="held.txt"', "text/plain", body)));
    expect(held.size).toBe(body.length);
    expect(await read(finalizeAnswer, send(form('filename="none.txt"', "text/plain", "")))).toMatchObject({
      size: 0,
    });
  });

  test("may write text fields in the charset that they name", async () => {
    const field = (charset: string) =>
      `--${B}\r\nContent-Disposition: form-data; name="path"\r\nContent-Type: text/plain; charset=${charset}\r\n\r\ncaf\xe9\r\n`;
    const file = form('filename="in-cafe.txt"').toString("latin1");
    expect((await send(latin1(field('"ISO-8859-1"') + file))).status).toBe(200);
    const listed = client.request(`/v1/workspaces/${client.workspace_id}/files?path=caf%C3%A9`);
    const { items } = await read(page.of(z.object({ name: z.string() })), listed);
    expect(items).toMatchObject([{ name: "in-cafe.txt" }]);
    const refused = await read(problem, send(latin1(field("utf-8") + file)));
    expect(refused).toMatchObject({ status: 400, offset: field("utf-8").indexOf("\xe9") });
  });

  test.each([
    ["a name in Latin-1", latin1('filename="f\xfc.txt"')],
    ["a name that was Latin-1 once", 'filename="f\ufffd.txt"'],
    ["a name that breaks its line", 'filename="a%0D%0Ab.txt"'],
    ["an extended name that is no UTF-8", "filename*=UTF-8''f%FC.txt"],
    ["an extended name in a charset of nobody's", "filename*=klingon''f%FC.txt"],
    ["an encoded word that is no UTF-8", 'filename="=?utf-8?B?/A==?="'],
    ["an encoded word that is no base64", 'filename="=?utf-8?B?YS*50eHQ=?="'],
    ["two file names", 'filename="a.txt"; filename="b.txt"'],
    ["two extended names", "filename*=UTF-8''a.txt; FILENAME*=UTF-8''b.txt"],
    ["two names of its field", 'name="path"; filename="b.txt"'],
    ["a bare CR", 'filename="a.txt"\rX: y'],
    ["a bare LF", 'filename="a.txt"\nX: y'],
    ["a NUL", 'filename="a.txt"; x="\0"'],
    ["an encoded word that climbs", 'filename="=?utf-8?B?Li4veA==?="'],
  ])("is refused for %s", async (_, disposition) => {
    expect(await read(problem, send(form(disposition)))).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
  });

  test("may be in base64, which is taken only where it is some", async () => {
    const sent = (name: string, body: string) =>
      send(form(`filename="${name}"\r\nContent-Transfer-Encoding: base64`, "text/plain", body));
    expect(await read(finalizeAnswer, sent("b64.txt", "aGVs\r\nbG8=\r\n"))).toMatchObject({ size: 5 });
    for (const broken of ["aGV*s!!bG8=", "aGVsbG8=é", "aGVsbG8", "aGVsbG8=aGVsbG8=", "aGVsbG8==", "_-8="])
      expect(await read(problem, sent("broken.txt", broken))).toMatchObject({
        status: 400,
        detail: expect.stringContaining("base64"),
      });
  });

  test("is refused in this API's words, not its validator's", async () => {
    const asFile = form('filename="x.txt"').toString("latin1").replace('name="file"', 'name="path"');
    const asText = form('filename="x.txt"').toString("latin1").replace('; filename="x.txt"', "");
    const metadata = { "a b": "x" };
    const started = client.request("/v1/uploads", { method: "POST", json: { filename: "m.bin", metadata } });
    for (const [answer, words] of [
      [send(latin1(asFile)), /must be text, in a part without a file name/],
      [send(latin1(asText)), /must be a part with a file name and bytes/],
      [started, /1–64 characters of A-Za-z0-9_\.-/],
    ] as const) {
      const { detail } = await read(problem, answer);
      expect(detail).toMatch(words);
      expect(detail).not.toMatch(/Invalid |expected|received/);
    }
  });

  test("may not name two boundaries", async () => {
    const refused = await read(problem, send(form('filename="two.txt"'), {}, `${B}; boundary=other`));
    expect(refused).toMatchObject({ status: 400, detail: expect.stringContaining("twice") });
  });

  test.each<[string, (whole: string) => string]>([
    ["that is cut short", (whole) => whole.slice(0, -8)],
    ["of another boundary", (whole) => whole.replaceAll(B, "other")],
    ["whose part has no name", (whole) => whole.replace(' name="file";', "")],
    ["whose part has no Content-Disposition", (whole) => whole.replace("Content-Disposition", "X-Other")],
    ["whose part has two", (whole) => whole.replace("Content-Type:", "Content-Disposition:")],
    ["whose header has no colon", (whole) => whole.replace("Content-Type: ", "Content-Type ")],
    ["whose header has no end", (whole) => whole.replace("Content-Type:", `X: ${"x".repeat(20_000)}\r\nY:`)],
    [
      "in quoted-printable",
      (whole) =>
        whole.replace("Content-Type: ", "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: "),
    ],
    ["of a thousand parts", (whole) => whole.replace(/--\r\n$/, `\r\n\r\n\r\n\r\n--${B}`.repeat(1_000))],
  ])("%s is refused", async (_, broken) => {
    const body = latin1(broken(form('filename="x.txt"').toString("latin1")));
    expect(await read(problem, send(body))).toMatchObject({ status: 400, code: "invalid_request" });
  });
});
