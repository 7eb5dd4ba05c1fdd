/**
 * Names in the headers of a form's parts, as clients really write them.
 *
 * There are five ways, and one rule for each; who writes what is the table of test/finalize/form-clients.test.ts, and
 * docs/uploads.md tells it.
 */
import { WharfError } from "#core/kernel/error.ts";
import { decodeBase64 } from "./base64.ts";
import { decodePercent, decodeUtf8, type Refusing } from "./utf8.ts";

/**
 * Parameters of a header such as Content-Disposition, by lower-case name.
 *
 * @throws WharfError invalid_request for one that came twice: readers differ in which they take (RFC 6266, 4.1: none may).
 */
export function parametersOf(value: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let at = value.indexOf(";");
  while (at >= 0 && at < value.length) {
    const equals = value.indexOf("=", at + 1);
    if (equals < 0) break;
    // What has no value is no parameter.
    const name = value
      .slice(Math.max(at, value.lastIndexOf(";", equals)) + 1, equals)
      .trim()
      .toLowerCase();
    const start = skipSpace(value, equals + 1);
    const { text, end } = value[start] === '"' ? quoted(value, start + 1) : bare(value, start);
    if (parameters.has(name)) throw twice(name);
    parameters.set(name, text);
    at = value.indexOf(";", end);
  }
  return parameters;
}

function twice(name: string): WharfError {
  const shown = JSON.stringify(name.slice(0, 40));
  return new WharfError("invalid_request", `The parameter ${shown} came twice in one header; send it once.`);
}

function skipSpace(value: string, at: number): number {
  let next = at;
  while (value[next] === " " || value[next] === "\t") next++;
  return next;
}

function bare(value: string, start: number): { text: string; end: number } {
  const found = value.indexOf(";", start);
  const end = found < 0 ? value.length : found;
  return { text: value.slice(start, end).trim(), end };
}

/**
 * A quoted string. A backslash stands for itself but before a quote or another one: Go and curl before 7.81 escape just
 * these two, browsers neither (the HTML standard's "multipart/form-data encoding algorithm").
 */
function quoted(value: string, start: number): { text: string; end: number } {
  let text = "";
  let at = start;
  for (; at < value.length && value[at] !== '"'; at++) {
    const next = value[at + 1];
    if (value[at] === "\\" && (next === "\\" || next === '"')) at++;
    text += value[at];
  }
  return { text, end: at + 1 };
}

/**
 * The file name of a Content-Disposition, or `undefined` where the part is none.
 *
 * @param userAgent of the request: aiohttp's way can't be told from a name with percent signs otherwise.
 * @throws WharfError invalid_request for one that is no text in the charset that it names.
 */
export function filenameOf(
  parameters: ReadonlyMap<string, string>,
  userAgent: string,
  refusing: Refusing,
): string | undefined {
  const extended = parameters.get("filename*");
  // RFC 6266, 4.3: where both are there the extended one counts. RFC 7578 forbids it in forms; .NET and others send it.
  const named = extended === undefined ? undefined : decodeExtended(extended, refusing);
  if (named !== undefined) return named;
  const plain = parameters.get("filename");
  if (plain === undefined) return undefined;
  const words = decodeWords(plain, refusing);
  if (words !== undefined) return words;
  // aiohttp's FormData percent-encodes the whole name unless it is told `quote_fields=False` (aiohttp/helpers.py).
  if (/\baiohttp\//.test(userAgent)) return decodePercent(plain, refusing);
  // The HTML standard's form data escapes quotes and line breaks, and no percent sign; curl since 7.81 (curl/curl#7789).
  return plain.replace(/%(22|0D|0A)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** RFC 8187, 3.2.1: `charset'language'percent-encoded`; `undefined` where it isn't, as `filename` then counts. */
function decodeExtended(value: string, refusing: Refusing): string | undefined {
  const [charset = "", , encoded] = value.split("'", 3);
  if (encoded === undefined || charset === "") return undefined;
  // A quote in the name itself is no separator.
  const rest = value.slice(value.indexOf("'", value.indexOf("'") + 1) + 1);
  if (/^utf-?8$/i.test(charset)) return decodePercent(rest, refusing);
  const bytes = rest.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeCharset(Buffer.from(bytes, "latin1"), charset, refusing);
}

const WORD = /^=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bq])\?([^?\s]*)\?=$/i;

/**
 * RFC 2047's encoded words, as .NET and PowerShell write a name that isn't ASCII (`EncodeMime` in
 * ContentDispositionHeaderValue.cs); `undefined` where the name isn't made of them alone.
 */
function decodeWords(name: string, refusing: Refusing): string | undefined {
  if (!name.startsWith("=?")) return undefined;
  const words = name.trim().split(/[ \t]/).filter(Boolean);
  const found = words.map((word) => WORD.exec(word));
  let text = "";
  for (const match of found) {
    if (match === null) return undefined;
    const [, charset = "", encoding = "", data = ""] = match;
    const bytes = /b/i.test(encoding) ? decodeBase64(data) : fromQ(data);
    if (bytes === undefined)
      throw new WharfError("invalid_request", `${refusing.what} has an encoded word that is no base64.`);
    text += decodeCharset(bytes, charset, refusing);
  }
  return text;
}

/** RFC 2047, 4.2: a space is an underscore, other bytes are `=` and two hex digits. */
function fromQ(data: string): Buffer {
  const bytes = data
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}

/** Text in a charset that its sender names. @throws WharfError where the bytes are none, or nobody knows the charset. */
export function decodeCharset(bytes: Uint8Array, charset: string, refusing: Refusing): string {
  if (/^(utf-?8|us-ascii)$/i.test(charset)) return decodeUtf8(bytes, refusing);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WharfError(
      "invalid_request",
      `${refusing.what} is no text in ${JSON.stringify(charset.slice(0, 40))}. Send it in UTF-8.`,
      {},
      { cause },
    );
  }
}
