/** GetObject and HeadObject. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { finished, type Readable } from "node:stream";
import type { Slice } from "./blobs.ts";
import { setChecksumHeaders } from "./checksum-headers.ts";
import { isNotModified } from "./conditions.ts";
import { invalidArgument, invalidRequest, s3Error } from "./errors.ts";
import { answeredHeader } from "./object-headers.ts";
import { type ByteRange, parseRange } from "./range.ts";
import { bucketArn, objectArn, type S3Request } from "./request.ts";
import { sendEmpty } from "./respond.ts";
import type { StoredObject } from "./schema.ts";
import type { S3 } from "./state.ts";

const OVERRIDES = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];

/** `response-*` parameters, which S3 takes only from signed requests. */
function overrides(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = request.query(`response-${name}`);
    if (value === undefined) continue;
    if (request.call.principal === null) {
      throw invalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
    }
    if (/[^\t\x20-\x7e\xa0-\xff]/.test(value)) {
      const message = "Header value cannot be represented using ISO-8859-1.";
      throw invalidArgument(message, `response-${name}`, value);
    }
    headers[name] = value;
  }
  return headers;
}

/**
 * The object, or the error that says no more than the caller may know:
 * without s3:ListBucket S3 answers AccessDenied for a key that doesn't exist.
 */
export function findObject(s3: S3, request: S3Request): StoredObject {
  const object = s3.store.object(request.bucket, request.key);
  if (object) return object;
  request.call.authorize("s3:ListBucket", bucketArn(request));
  throw s3Error("NoSuchKey", { Key: request.key });
}

/** The range that a `partNumber` stands for, with the headers that go with it. */
function partRange(s3: S3, request: S3Request, object: StoredObject, part: string): ByteRange {
  const { res } = request.call;
  if (request.header("range") !== undefined) {
    throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  }
  if (!/^\d+$/.test(part) || Number(part) < 1 || Number(part) > 10_000) {
    const message = "Part number must be an integer between 1 and 10000, inclusive";
    throw invalidArgument(message, "partNumber", part);
  }
  const segment = s3.store.nthSegment(object.id, Number(part));
  if (!segment) {
    const counts = { PartNumberRequested: Number(part), ActualPartCount: object.parts ?? 1 };
    throw s3Error("InvalidPartNumber", counts);
  }
  if (object.parts !== null) res.setHeader("x-amz-mp-parts-count", object.parts);
  return { from: segment.start, to: segment.start + segment.size };
}

function setObjectHeaders(request: S3Request, object: StoredObject, headers: Record<string, string>): void {
  const { res } = request.call;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, answeredHeader(name, value));
  res.setHeader("Accept-Ranges", "bytes");
  res.setHeader("ETag", `"${object.etag}"`);
  res.setHeader("Last-Modified", new Date(object.modified).toUTCString());
  res.setHeader("x-amz-server-side-encryption", request.settings.encryption);
  const tags = Object.keys(object.tags).length;
  if (tags > 0) res.setHeader("x-amz-tagging-count", tags);
}

function slicesOf(s3: S3, object: StoredObject, { from, to }: ByteRange): Slice[] {
  const { algorithm } = object.checksum;
  return s3.store.slices(object.id, from, to).map(({ blob, start, size, checksum }) => ({
    ...{ blob, size, checksum, algorithm },
    from: Math.max(from - start, 0),
    to: Math.min(to - start, size),
  }));
}

const nameOf = ({ bucket, key }: StoredObject) => `${bucket}/${key}`;

/**
 * Bytes of an object, across its segments.
 * @throws Error `DamagedBlob`, at once or while reading
 */
export function readObject(s3: S3, object: StoredObject, range: ByteRange): Readable {
  return s3.blobs.read(nameOf(object), slicesOf(s3, object, range));
}

/** Reads as far as the first bytes. */
async function openBytes(s3: S3, object: StoredObject, range: ByteRange): Promise<Readable> {
  const source = readObject(s3, object, range);
  source.on("error", () => {}); // whoever waits for the bytes is told
  await once(source, "readable");
  return source;
}

/** Sends the bytes; where they fail, what was sent so far must not look whole, so the caller ends the connection. */
async function sendBytes(source: Readable, res: ServerResponse): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    finished(source, (error) => error && reject(error));
    finished(res, () => resolve()); // the client may leave whenever it likes
    source.pipe(res);
  });
  source.destroy();
}

async function answerObject(s3: S3, request: S3Request, withBody: boolean): Promise<void> {
  const { call } = request;
  const { res } = call;
  call.authorize("s3:GetObject", objectArn(request));
  const object = findObject(s3, request);

  if (isNotModified(request, object)) {
    res.setHeader("ETag", `"${object.etag}"`);
    res.setHeader("Last-Modified", new Date(object.modified).toUTCString());
    sendEmpty(request, 304);
    return;
  }

  const ifRange = request.header("if-range");
  const current = ifRange === undefined || ifRange === `"${object.etag}"`;
  const part = request.query("partNumber");
  const range =
    part === undefined
      ? parseRange(current ? request.header("range") : undefined, object.size)
      : partRange(s3, request, object, part);
  const headers = { ...object.headers, ...overrides(request) };
  const { from, to } = range ?? { from: 0, to: object.size };
  // Damage that shows by now is a 500; later it is a connection that ends.
  if (!withBody) s3.blobs.check(nameOf(object), slicesOf(s3, object, { from, to }));
  const source = withBody && to > from ? await openBytes(s3, object, { from, to }) : undefined;

  setObjectHeaders(request, object, headers);
  if (request.header("x-amz-checksum-mode")?.toUpperCase() === "ENABLED" && !range) {
    setChecksumHeaders(res, object.checksum);
  }

  // A range of an empty object (its only part) can't be written as one.
  const partial = range !== undefined && object.size > 0;
  if (partial) res.setHeader("Content-Range", `bytes ${from}-${to - 1}/${object.size}`);
  res.setHeader("Content-Length", to - from);
  call.trace.status = partial ? 206 : 200;
  res.writeHead(call.trace.status);
  if (source) await sendBytes(source, res);
  else res.end();
}

export const getObject = (s3: S3, request: S3Request) => answerObject(s3, request, true);
export const headObject = (s3: S3, request: S3Request) => answerObject(s3, request, false);
