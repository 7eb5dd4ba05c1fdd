/**
 * Compressed requests, which API Gateway decompresses by default, whatever an API's own compression is.
 *
 * Source: API Gateway Developer Guide, "Payload compression for REST APIs" and "Call an API method with a compressed
 * payload": gzip, deflate and identity; 415 for another coding, and for what isn't compressed as it says.
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Refusal } from "./refusal.ts";
import type { ApiRequest } from "./request.ts";

const CODINGS: Readonly<
  Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  deflate: inflateWhole,
};

/** @throws Refusal for a `Content-Encoding` that isn't served. */
export function refuseCoding(request: ApiRequest): void {
  const coding = codingOf(request);
  if (coding !== "identity" && !Object.hasOwn(CODINGS, coding)) throw new Refusal("UNSUPPORTED_MEDIA_TYPE");
}

/**
 * A request's body as an integration gets it.
 *
 * @param max bytes of it; more is refused as a body of that size would be.
 * @throws Refusal
 */
export async function decompressed(request: ApiRequest, body: Buffer, max: number): Promise<Buffer> {
  const coding = codingOf(request);
  const decode = Object.hasOwn(CODINGS, coding) ? CODINGS[coding] : undefined;
  if (decode === undefined || body.length === 0) return body;
  try {
    return await decode(body, { maxOutputLength: max });
  } catch (error) {
    const tooMuch = error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw new Refusal(tooMuch ? "REQUEST_TOO_LARGE" : "UNSUPPORTED_MEDIA_TYPE");
  }
}

/** Inflates all of it: what follows the stream is no part of it, and zlib's inflate passes it over, gunzip doesn't. */
function inflateWhole(body: Buffer, options: { maxOutputLength: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflate(body, { ...options, info: true }, (error: Error | null, result: unknown) => {
      if (error !== null) reject(error);
      else if (isWhole(result, body.length)) resolve(result.buffer);
      else reject(new Error("bytes follow the compressed stream"));
    });
  });
}

/** What `info: true` gives: the engine's `bytesWritten` are the bytes that it took (Node, zlib). */
function isWhole(result: unknown, length: number): result is { buffer: Buffer } {
  if (typeof result !== "object" || result === null || !("buffer" in result) || !("engine" in result))
    return false;
  const { buffer, engine } = result;
  if (typeof engine !== "object" || engine === null || !("bytesWritten" in engine)) return false;
  return Buffer.isBuffer(buffer) && engine.bytesWritten === length;
}

/** Several lines of the header are one list (RFC 9110, 5.3). */
function codingOf(request: ApiRequest): string {
  const named = [...request.headers].find(([name]) => name.toLowerCase() === "content-encoding");
  return named?.[1].join(",").trim().toLowerCase() || "identity";
}
