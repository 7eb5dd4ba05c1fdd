/** ListObjects, in both versions. */
import { invalidArgument } from "./errors.ts";
import { OWNER } from "./owner.ts";
import { bucketArn, type S3Request } from "./request.ts";
import { sendXml } from "./respond.ts";
import type { StoredObject } from "./schema.ts";
import type { S3 } from "./state.ts";

// S3 answers 1,000 entries at most, whatever is asked for.
const MAX_ENTRIES = 1000;
const MAX_ASKED = 2_147_483_647;
// With a delimiter, a row is often the last before a jump over its siblings.
const ROLL_UP_BATCH = 32;

/** A whole-number parameter, or `fallback`. */
export function countParameter(request: S3Request, name: string, fallback: number): number {
  const text = request.query(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > MAX_ASKED) {
    const message = `Argument ${name} must be an integer between 0 and ${MAX_ASKED}`;
    throw invalidArgument(message, name, text);
  }
  return value;
}

/** Percent-encodes as `encoding-type=url` does: `/` stays. */
export function listEncoding(request: S3Request): (text: string) => string {
  const type = request.query("encoding-type");
  if (type === undefined) return (text) => text;
  if (type !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", type);
  }
  return (text) =>
    encodeURIComponent(text)
      .replaceAll("%2F", "/")
      .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The least string after every string that begins with `prefix`, in UTF-8 order. */
function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`; // no key holds this noncharacter right after a delimiter
}

/** What a key is rolled up into; `undefined` for one that stays. `key` begins with `prefix`. */
function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

interface Page {
  objects: StoredObject[];
  prefixes: string[];
  /** Where the next page begins (exclusive); `undefined` at the end. */
  next: string | undefined;
}

/** One page of keys under `prefix`, those with `delimiter` further on rolled up into one entry. */
function listPage(
  s3: S3,
  bucket: string,
  prefix: string,
  delimiter: string,
  after: string,
  max: number,
): Page {
  const page: Page = { objects: [], prefixes: [], next: undefined };
  const batch = delimiter === "" ? max + 1 : ROLL_UP_BATCH;
  let cursor = after;
  for (;;) {
    const rows = s3.store.objects(bucket, prefix, cursor, batch);
    let jumped = false;
    for (const object of rows) {
      if (!object.key.startsWith(prefix)) return { ...page, next: undefined };
      if (page.objects.length + page.prefixes.length === max) return { ...page, next: cursor };
      const common = commonPrefix(object.key, prefix, delimiter);
      if (common === undefined) {
        page.objects.push(object);
        cursor = object.key;
        continue;
      }
      page.prefixes.push(common);
      cursor = afterPrefix(common);
      jumped = true;
      break;
    }
    if (!jumped && rows.length < batch) return { ...page, next: undefined };
  }
}

const encodeToken = (after: string) => Buffer.from(after).toString("base64url");

function decodeToken(token: string): string {
  const after = Buffer.from(token, "base64url").toString("utf8");
  if (after === "" || encodeToken(after) !== token) {
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
  }
  return after;
}

/** What both versions of the listing ask for. */
function readList(request: S3Request) {
  const prefix = request.query("prefix") ?? "";
  const delimiter = request.query("delimiter") ?? "";
  const asked = countParameter(request, "max-keys", MAX_ENTRIES);
  request.call.authorize("s3:ListBucket", bucketArn(request), {
    "s3:prefix": prefix,
    "s3:delimiter": delimiter,
    "s3:max-keys": String(asked),
  });
  return { prefix, delimiter, asked, encode: listEncoding(request) };
}

type List = ReturnType<typeof readList>;

function readPage(s3: S3, request: S3Request, { prefix, delimiter, asked }: List, after: string): Page {
  const max = Math.min(asked, MAX_ENTRIES);
  if (max === 0) return { objects: [], prefixes: [], next: undefined };
  return listPage(s3, request.bucket, prefix, delimiter, after, max);
}

/** What both versions answer. */
function listed(
  request: S3Request,
  { prefix, delimiter, asked, encode }: List,
  page: Page,
  { owner }: { owner: boolean },
) {
  return {
    Name: request.bucket,
    Prefix: encode(prefix),
    MaxKeys: asked,
    Delimiter: delimiter === "" ? undefined : encode(delimiter),
    EncodingType: request.query("encoding-type"),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map((object) => ({
      Key: encode(object.key),
      LastModified: new Date(object.modified).toISOString(),
      ETag: `"${object.etag}"`,
      ChecksumAlgorithm: object.checksum.algorithm,
      ChecksumType: object.checksum.type,
      Size: object.size,
      Owner: owner ? OWNER : undefined,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  };
}

/** ListObjectsV2. */
export function listObjectsV2(s3: S3, request: S3Request): void {
  const list = readList(request);
  const token = request.query("continuation-token");
  const startAfter = request.query("start-after");
  const page = readPage(s3, request, list, token === undefined ? (startAfter ?? "") : decodeToken(token));
  sendXml(request, "ListBucketResult", {
    ...listed(request, list, page, { owner: request.query("fetch-owner") === "true" }),
    StartAfter: startAfter === undefined ? undefined : list.encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : encodeToken(page.next),
    KeyCount: page.objects.length + page.prefixes.length,
  });
}

/** ListObjects, version 1: pages go on after the last entry, which may be a common prefix. */
export function listObjects(s3: S3, request: S3Request): void {
  const list = readList(request);
  const marker = request.query("marker") ?? "";
  const { prefix, delimiter } = list;
  const common = marker.startsWith(prefix) ? commonPrefix(marker, prefix, delimiter) : undefined;
  const page = readPage(s3, request, list, common === marker ? afterPrefix(marker) : marker);
  const last = [page.objects.at(-1)?.key ?? "", page.prefixes.at(-1) ?? ""].sort(byBytes).at(-1) ?? "";
  sendXml(request, "ListBucketResult", {
    ...listed(request, list, page, { owner: true }),
    Marker: list.encode(marker),
    // S3 tells it only with a delimiter; without one it is the last key.
    NextMarker: page.next !== undefined && delimiter !== "" ? list.encode(last) : undefined,
  });
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
