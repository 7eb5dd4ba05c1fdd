/** Text from outside is UTF-8 or refused: with bytes replaced, two different names would become one file. */
import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "#contract/errors.ts";
import { REPLACEMENT } from "#contract/names.ts";
import { WharfError } from "#core/kernel/error.ts";

/** How text that isn't UTF-8 is refused. */
export interface Refusing {
  /** What it is, as the answer names it: `The body`, `The field file`. */
  what: string;
  /** Bytes before the given ones. @default 0 */
  from?: number;
  /** @default invalid_request */
  code?: ErrorCode;
}

/** Decodes strictly. @throws WharfError with the offset of the first byte that is no UTF-8. */
export function decodeUtf8(bytes: Uint8Array, refusing: Refusing): string {
  if (!isUtf8(bytes)) throw notUtf8(firstInvalid(bytes), refusing);
  return new TextDecoder().decode(bytes);
}

/**
 * The text of a body that API Gateway has decoded.
 *
 * A U+FFFD in it can't be told from bytes that were none, so it is refused as they are. @throws WharfError
 */
export function decodeHandedOn(bytes: Uint8Array, refusing: Refusing & { instead: string }): string {
  const text = decodeUtf8(bytes, refusing);
  // API Gateway decodes bodies and queries before a function sees them.
  const at = text.indexOf(REPLACEMENT);
  if (at < 0) return text;
  throw notUtf8(Buffer.byteLength(text.slice(0, at)), refusing, ` ${refusing.instead}`);
}

/** Percent-decodes strictly, as `decodeURIComponent` does; a percent sign that begins nothing stands for itself. */
export function decodePercent(text: string, refusing: Refusing): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.from(text);
  const decoded = Buffer.alloc(bytes.length);
  /** Where in `text` each decoded byte began. */
  const origin: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === PERCENT ? bytes.toString("latin1", at + 1, at + 3) : "";
    const escaped = /^[0-9a-f]{2}$/i.test(hex);
    decoded.writeUInt8(escaped ? Number.parseInt(hex, 16) : bytes.readUInt8(at), origin.length);
    origin.push(at);
    if (escaped) at += 2;
  }
  const whole = decoded.subarray(0, origin.length);
  if (isUtf8(whole)) return whole.toString();
  throw notUtf8(origin[firstInvalid(whole)] ?? bytes.length, refusing);
}

const PERCENT = 0x25;

/** The refusal of text with a byte at `offset` that is no UTF-8. */
export function notUtf8(
  offset: number,
  { what, from = 0, code = "invalid_request" }: Refusing,
  more = "",
): WharfError {
  const at = from + offset;
  return new WharfError(
    code,
    `${what} is not UTF-8: the byte at offset ${at} begins no character. Send text in UTF-8.${more}`,
    { offset: at },
  );
}

/** Offset of the first byte that begins no character; the bytes are known to be no UTF-8. */
function firstInvalid(bytes: Uint8Array): number {
  for (let at = 0; ; ) {
    const first = bytes[at];
    const length = first === undefined ? 0 : lengthOf(first);
    if (length === 0 || !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
}

/** Bytes of the character that begins with this one (RFC 3629, 4); 0 where none does. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}
