/**
 * The `aws-chunked` framing of request bodies: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>\r\n`.
 * Source: "Signature calculations for the authorization header, chunked upload", Amazon S3 API Reference.
 */
import { createHash } from "node:crypto";
import type { ChunkVerifier } from "../types.ts";
import { s3Error } from "./errors.ts";

const MAX_LINE = 4096;
const MAX_TRAILERS = 16;
const LF = 0x0a;

export interface ChunkedOptions {
  signed: boolean;
  /** Checks signatures of chunks and trailers, if they are signed. */
  verify: ChunkVerifier | undefined;
  /** Filled with the trailing headers, lower-case, when the body has ended. */
  trailers: Map<string, string>;
}

/**
 * The payload inside the framing.
 * @throws AwsError `IncompleteBody`, `SignatureDoesNotMatch`, `MalformedTrailerError`, `InvalidRequest`
 */
export async function* decodeChunked(
  source: AsyncIterable<Buffer>,
  { signed, verify, trailers }: ChunkedOptions,
): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const next = await iterator.next();
    if (next.done) return false;
    pending = pending.length > 0 ? Buffer.concat([pending, next.value]) : next.value;
    return true;
  }

  async function line(): Promise<string> {
    let end = pending.indexOf(LF);
    while (end < 0) {
      if (pending.length > MAX_LINE) throw s3Error("IncompleteBody");
      if (!(await more())) throw s3Error("IncompleteBody");
      end = pending.indexOf(LF);
    }
    const text = pending.toString("latin1", 0, end);
    pending = pending.subarray(end + 1);
    return text.trimEnd();
  }

  for (;;) {
    const match = /^([0-9a-f]{1,16})\s*(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(await line());
    if (!match?.[1]) throw s3Error("IncompleteBody");
    const size = Number.parseInt(match[1], 16);
    const hash = signed && verify ? createHash("sha256") : undefined;
    let left = size;
    while (left > 0) {
      if (pending.length === 0 && !(await more())) throw s3Error("IncompleteBody");
      const piece = pending.subarray(0, left);
      pending = pending.subarray(piece.length);
      left -= piece.length;
      hash?.update(piece);
      yield piece;
    }
    if (hash && !verify?.("chunk", hash.digest("hex"), match[2] ?? ""))
      throw s3Error("SignatureDoesNotMatch");
    if (size === 0) break;
    if ((await line()) !== "") throw s3Error("IncompleteBody");
  }

  let canonical = "";
  for (let count = 0; ; count++) {
    if (count > MAX_TRAILERS) throw s3Error("MalformedTrailerError");
    const text = await line();
    if (text === "") break;
    const colon = text.indexOf(":");
    if (colon < 1) throw s3Error("MalformedTrailerError");
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    trailers.set(name, value);
    if (name !== "x-amz-trailer-signature") canonical += `${name}:${value}\n`;
  }
  const signature = trailers.get("x-amz-trailer-signature");
  if (signed && verify && canonical !== "" && !verify("trailer", canonical, signature ?? "")) {
    throw s3Error("SignatureDoesNotMatch");
  }
  while (await more()) pending = Buffer.alloc(0); // nothing may follow; an epilogue is dropped
}
