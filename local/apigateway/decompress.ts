/**
 * Compressed requests, which API Gateway decompresses by default, whatever an API's own compression is.
 *
 * Source: API Gateway Developer Guide, "Payload compression for REST APIs" and "Call an API method with a compressed
 * payload": gzip, deflate and identity; 415 for another coding, and for what isn't compressed as it says.
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Refusal } from "./refusal.ts";
import { type ApiRequest, header } from "./request.ts";

const CODINGS: Readonly<
  Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
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

const codingOf = (request: ApiRequest) =>
  header(request, "content-encoding")?.trim().toLowerCase() || "identity";
