/** Objects in the bucket, as verbs use them. Checksums are lower-case hex here and base64 only on S3's wire. */
import { attachment, downloadType } from "./content-disposition.ts";
import { createS3, type Identity, S3Error, xmlEscape, xmlText } from "./s3.ts";
import { createSigner } from "./signer.ts";

/** What S3 computes over an upload; `SHA256` can only be of one part. */
export type Algorithm = "CRC32" | "CRC32C" | "SHA256";

export interface Part {
  part_number: number;
  /** Without quotes. */
  etag: string;
  size: number;
  /** Base64, where S3 computed one. */
  checksum: { ChecksumCRC32?: string; ChecksumCRC32C?: string; ChecksumSHA256?: string };
}

export interface ObjectFacts {
  size: number;
  crc32?: string;
  crc32c?: string;
  sha256?: string;
  /** SHA-256 of the only part's SHA-256, which is all that S3 says of a multipart upload with that algorithm. */
  sha256Composite?: string;
}

export type Objects = ReturnType<typeof createObjects>;

const checksumNames = ["ChecksumCRC32", "ChecksumCRC32C", "ChecksumSHA256"] as const;
const PAGE = 1_000; // S3: ListParts answers 1,000 parts at most
const MAX_PARTS = 10_000; // S3: an upload has 10,000 parts at most
/** The bytes themselves never say what they are: type and name live in the table, a download's URL carries them. */
const inert = { "content-type": "application/octet-stream", "content-disposition": "attachment" } as const;

interface Download {
  filename: string;
  contentType: string;
  /** Seconds. */
  expiresIn: number;
  /** @default "GET" */
  method?: "GET" | "HEAD";
}

/** The bucket of a function, from its environment; `client` is any SDK client of it, for region and credentials. */
export function bucketObjects(
  client: { config: Identity },
  env: { BUCKET_NAME: string; AWS_ENDPOINT_URL?: string | undefined },
): Objects {
  return createObjects(client, env.BUCKET_NAME, { endpoint: env.AWS_ENDPOINT_URL });
}

/** Binds the operations to whoever calls and a bucket. `endpoint` as in `createSigner`. */
export function createObjects(
  { config }: { config: Identity },
  bucket: string,
  { endpoint }: { endpoint?: string | undefined } = {},
) {
  const identity: Identity = { region: () => config.region(), credentials: () => config.credentials() };
  const signer = createSigner({ bucket, ...identity, endpoint });
  const send = createS3(identity, bucket, endpoint);

  /** Begins a multipart upload and returns S3's id of it. Parts need carry no checksums, except for SHA256. */
  async function createMultipart(key: string, algorithm: Algorithm): Promise<string> {
    const { body } = await send({
      operation: "CreateMultipartUpload",
      method: "POST",
      key,
      query: { uploads: "" },
      headers: {
        ...inert,
        "x-amz-checksum-algorithm": algorithm,
        // S3 combines CRCs of parts to that of the whole; of SHA-256 it can't.
        "x-amz-checksum-type": algorithm === "SHA256" ? "COMPOSITE" : "FULL_OBJECT",
      },
    });
    const uploadId = xmlText(text(body), "UploadId");
    if (uploadId === undefined) throw new Error("CreateMultipartUpload answered without an UploadId.");
    return uploadId;
  }

  /**
   * The parts that S3 holds, by number; `undefined` where it has no such upload (any more).
   *
   * With `expected` parts the pages are read at once instead of one after another.
   */
  async function listParts(key: string, uploadId: string, expected = 1): Promise<Part[] | undefined> {
    const page = async (marker: number) => {
      const query = { uploadId, "max-parts": String(PAGE), "part-number-marker": String(marker) };
      const xml = text((await send({ operation: "ListParts", method: "GET", key, query })).body);
      return { parts: partsOf(xml), marker, next: nextMarker(xml) };
    };
    const markers = Array.from(
      { length: Math.ceil(Math.min(expected, MAX_PARTS) / PAGE) || 1 },
      (_, n) => n * PAGE,
    );
    try {
      const pages = await Promise.all(markers.map(page));
      const parts = new Map(pages.flatMap((one) => one.parts).map((part) => [part.part_number, part]));
      let last = pages.at(-1);
      while (last?.next !== undefined) {
        if (!(last.next > last.marker)) throw new Error(`ListParts repeats its marker ${last.next}.`);
        last = await page(last.next);
        for (const part of last.parts) parts.set(part.part_number, part);
      }
      return [...parts.values()].sort((a, b) => a.part_number - b.part_number);
    } catch (error) {
      if (isS3(error, "NoSuchUpload")) return undefined;
      throw error;
    }
  }

  /**
   * Makes the object of its parts. Safe to repeat: an object that is there already is this upload's, since keys are
   * never shared.
   *
   * @returns `gone` where S3 has no such upload (any more): completed before, or aborted; `head` tells which.
   * `changed` where the parts aren't those of the list (any more), or do not have that size together; `busy` where
   * another call is completing the very same upload.
   */
  async function complete(
    key: string,
    uploadId: string,
    { parts, size }: { parts: readonly Part[]; size: number },
  ): Promise<"completed" | "gone" | "changed" | "busy"> {
    try {
      await send({
        operation: "CompleteMultipartUpload",
        method: "POST",
        key,
        query: { uploadId },
        headers: {
          "content-type": "application/xml",
          "if-none-match": "*",
          "x-amz-mp-object-size": String(size),
        },
        body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.map(partXml).join("")}</CompleteMultipartUpload>`,
      });
      return "completed";
    } catch (error) {
      if (isS3(error, "NoSuchUpload", "PreconditionFailed")) return "gone";
      if (isS3(error, "ConditionalRequestConflict")) return "busy";
      if (isS3(error, "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidRequest"))
        return "changed";
      throw error;
    }
  }

  /** Forgets an upload and its parts. Idempotent. */
  async function abort(key: string, uploadId: string): Promise<void> {
    try {
      await send({ operation: "AbortMultipartUpload", method: "DELETE", key, query: { uploadId } });
    } catch (error) {
      if (!isS3(error, "NoSuchUpload")) throw error;
    }
  }

  /** Size and checksums of an object; `undefined` where there is none. */
  async function head(key: string): Promise<ObjectFacts | undefined> {
    try {
      const { headers } = await send({
        operation: "HeadObject",
        method: "HEAD",
        key,
        headers: { "x-amz-checksum-mode": "ENABLED" },
      });
      const crc32 = headers.get("x-amz-checksum-crc32");
      const crc32c = headers.get("x-amz-checksum-crc32c");
      return {
        size: Number(headers.get("content-length")),
        ...(crc32 !== null && { crc32: toHex(crc32) }),
        ...(crc32c !== null && { crc32c: toHex(crc32c) }),
        ...sha256Of(headers.get("x-amz-checksum-sha256")),
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The object's first bytes, at most `bytes`; `undefined` where there is none. */
  async function readPrefix(key: string, bytes: number): Promise<Uint8Array | undefined> {
    try {
      const headers = { range: `bytes=0-${bytes - 1}` };
      return (await send({ operation: "GetObject", method: "GET", key, headers })).body;
    } catch (error) {
      // RFC 9110, 14.1.2: no range of an empty object can be satisfied.
      if (isS3(error, "InvalidRange")) return new Uint8Array();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Stores a whole object. Repeating it is harmless: the first stays. `sha256` in hex is checked by S3. */
  async function put(key: string, body: Uint8Array, { sha256 }: { sha256: string }): Promise<void> {
    const checksum = Buffer.from(sha256, "hex").toString("base64");
    try {
      await send({
        operation: "PutObject",
        method: "PUT",
        key,
        headers: { ...inert, "if-none-match": "*", "x-amz-checksum-sha256": checksum },
        body,
      });
    } catch (error) {
      if (!isS3(error, "PreconditionFailed")) throw error;
    }
  }

  /** Deletes an object. Idempotent. */
  async function remove(key: string): Promise<void> {
    await send({ operation: "DeleteObject", method: "DELETE", key });
  }

  /** A presigned URL that downloads an object as `filename`; never rendered inline. */
  async function signGet(
    key: string,
    { filename, contentType, expiresIn, method = "GET" }: Download,
  ): Promise<string> {
    const { url } = await signer.sign({
      method,
      key,
      query: {
        "response-content-disposition": attachment(filename),
        "response-content-type": downloadType(contentType),
      },
      expiresIn,
    });
    return url;
  }

  const { sign, signParts } = signer;
  return {
    createMultipart,
    listParts,
    complete,
    abort,
    head,
    readPrefix,
    put,
    remove,
    signGet,
    sign,
    signParts,
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function partsOf(xml: string): Part[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => {
    const checksum: Part["checksum"] = {};
    for (const name of checksumNames) {
      const value = xmlText(part, name);
      if (value !== undefined) checksum[name] = value;
    }
    return {
      part_number: Number(xmlText(part, "PartNumber")),
      etag: (xmlText(part, "ETag") ?? "").replaceAll('"', ""),
      size: Number(xmlText(part, "Size")),
      checksum,
    };
  });
}

function partXml({ part_number, etag, checksum }: Part): string {
  const fields = { PartNumber: String(part_number), ETag: `"${etag}"`, ...checksum };
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${xmlEscape(value)}</${name}>`);
  return `<Part>${inner.join("")}</Part>`;
}

function nextMarker(xml: string): number | undefined {
  return xmlText(xml, "IsTruncated") === "true" ? Number(xmlText(xml, "NextPartNumberMarker")) : undefined;
}

function isS3(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof S3Error && codes.includes(error.code);
}

/** S3 answers 403 instead of 404 to a role that may not list the bucket, as none of ours may. */
function isMissing(error: unknown): boolean {
  return error instanceof S3Error && (error.status === 404 || error.status === 403);
}

function sha256Of(checksum: string | null): Pick<ObjectFacts, "sha256" | "sha256Composite"> {
  if (checksum === null) return {};
  // A composite says how many parts it is of: `<base64>-1`.
  const [digest = "", count] = checksum.split("-");
  return count === undefined ? { sha256: toHex(digest) } : { sha256Composite: toHex(digest) };
}

function toHex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}
