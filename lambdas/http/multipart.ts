/** `multipart/form-data` as RFC 7578 and 2046 have it, over bytes that are all here: at most 4 MiB and a little. */
import { WharfError } from "#core/kernel/error.ts";
import { parametersOf } from "./disposition.ts";

/** One part as it came: nothing is decoded. */
export interface FormPart {
  /** Bytes of each header's value by lower-case name. */
  headers: ReadonlyMap<string, { value: Buffer; offset: number }>;
  body: Buffer;
  /** Offset of the body's first byte in the whole. */
  offset: number;
}

/** A form has a handful of fields; more than this is no form. */
const MAX_PARTS = 64;
/** A name of 1,024 characters in both forms fits. */
const MAX_HEADER_BYTES = 16_384;

const CRLF = "\r\n";
/** RFC 9110, 5.5: dangerous in a header, since readers differ in what they make of them. */
const CONTROLS: ReadonlySet<number> = new Set([0x00, 0x0a, 0x0d]);

/** The boundary that a Content-Type names, quoted or bare; `undefined` where it names none. */
export function boundaryOf(contentType: string): string | undefined {
  // RFC 2046, 5.1.1: 1 to 70 characters; more are taken, up to what a header may hold.
  return parametersOf(contentType).get("boundary") || undefined;
}

/**
 * Splits a form into its parts, in time that grows with its length alone.
 *
 * Where no library does better: of busboy, @fastify/busboy, @remix-run/multipart-parser and undici none tells all the
 * names of test/finalize/form-clients.test.ts right, since they decode before one can look; what is left is this.
 *
 * @throws WharfError invalid_request where it isn't one, with the offset.
 */
export function splitMultipart(bytes: Buffer, boundary: string): FormPart[] {
  const delimiter = `--${boundary}`;
  const parts: FormPart[] = [];
  let at = startOf(bytes, delimiter);
  for (;;) {
    // RFC 2046, 5.1.1: the last delimiter has two hyphens more; white space may follow each.
    if (bytes.toString("latin1", at, at + 2) === "--") return parts;
    const line = bytes.indexOf(CRLF, at);
    if (line < 0 || bytes.toString("latin1", at, line).trim() !== "")
      throw malformed(at, "a delimiter that ends neither its line nor the form");
    if (parts.length === MAX_PARTS)
      throw new WharfError("invalid_request", `The form has more than ${MAX_PARTS} parts.`);
    const begin = line + CRLF.length;
    // A part may have no headers at all; its blank line then follows the delimiter.
    const blank = bytes.indexOf(CRLF + CRLF, line);
    if (blank < 0) throw malformed(begin, "a part without a blank line after its headers");
    const offset = blank + 2 * CRLF.length;
    // The delimiter may follow at once where the body is empty.
    const end = bytes.indexOf(CRLF + delimiter, offset - CRLF.length);
    if (end < 0) throw malformed(offset, `a part without a delimiter after it: the form is cut short`);
    const body = bytes.subarray(offset, Math.max(offset, end));
    parts.push({ headers: partHeaders(bytes, begin, blank), body, offset });
    at = end + CRLF.length + delimiter.length;
  }
}

/** Where the first delimiter ends; what stands before it is nobody's (RFC 2046's preamble). */
function startOf(bytes: Buffer, delimiter: string): number {
  if (bytes.indexOf(delimiter) === 0) return delimiter.length;
  const found = bytes.indexOf(CRLF + delimiter);
  if (found < 0) throw malformed(0, "no part that begins with the boundary of the Content-Type");
  return found + CRLF.length + delimiter.length;
}

function partHeaders(bytes: Buffer, begin: number, end: number): FormPart["headers"] {
  if (end - begin > MAX_HEADER_BYTES)
    throw malformed(begin, `headers of a part of more than ${MAX_HEADER_BYTES} bytes`);
  const headers = new Map<string, { value: Buffer; offset: number }>();
  let at = begin;
  while (at < end) {
    const next = bytes.indexOf(CRLF, at);
    const stop = next < 0 || next > end ? end : next;
    const control = bytes.subarray(at, stop).findIndex((byte) => CONTROLS.has(byte));
    if (control >= 0)
      throw malformed(at + control, "a carriage return, line feed or NUL inside a header of a part");
    const colon = bytes.indexOf(":", at);
    if (colon < 0 || colon >= stop) throw malformed(at, "a header of a part without a colon");
    const name = bytes.toString("latin1", at, colon).trim().toLowerCase();
    if (headers.has(name))
      throw malformed(at, `two headers ${JSON.stringify(name.slice(0, 40))} in one part`);
    headers.set(name, { value: bytes.subarray(colon + 1, stop), offset: colon + 1 });
    at = stop + CRLF.length;
  }
  return headers;
}

/** The refusal of a form that has `what` at `offset`. */
export function malformed(offset: number, what: string): WharfError {
  return new WharfError(
    "invalid_request",
    `The body is not valid multipart/form-data: it has ${what}, at offset ${offset}.`,
    { offset },
  );
}
