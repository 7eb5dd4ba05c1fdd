/** Objects in the bucket, as verbs use them. Checksums are lower-case hex here and base64 only on S3's wire. */
import type {
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  PutObjectCommandInput,
  S3Client,
  Part as S3Part,
  UploadPartCopyCommandInput,
} from "@aws-sdk/client-s3";
import { attachment, downloadType } from "./content-disposition.ts";
import { isPassing } from "./passing.ts";
import type * as S3 from "./s3.ts";
import { createSigner, type Identity, type SignedUrl } from "./signer.ts";

type Sdk = typeof S3;

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
  /** Quoted. */
  etag?: string;
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
const inert = { ContentType: "application/octet-stream", ContentDisposition: "attachment" } as const;
/** How long a call may take with all its tries, in ms: API Gateway waits for 29 s, and a verb makes several calls. */
const PATIENCE_MS = 20_000;

interface Download {
  filename: string;
  contentType: string;
  /** Seconds. */
  expiresIn: number;
  /** @default "GET" */
  method?: "GET" | "HEAD";
  /** Headers that the user of the URL must send so, by lower-case name. @default none */
  headers?: Readonly<Record<string, string>>;
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
  let connected: Promise<{ sdk: Sdk; client: S3Client }> | undefined;

  /** Loads S3's client at the first call. */
  async function connect(): Promise<{ sdk: Sdk; client: S3Client }> {
    const sdk = await import("./s3.ts");
    return { sdk, client: sdk.createS3(identity, endpoint) };
  }

  /**
   * Makes a call and all its tries within `patience` ms.
   *
   * @throws S3ServiceException, or a TimeoutError, once no try helps.
   */
  async function call<T>(
    make: (sdk: Sdk, send: S3Client["send"], options: { abortSignal: AbortSignal }) => Promise<T>,
    patience = PATIENCE_MS,
  ): Promise<T> {
    connected ??= connect();
    const { sdk, client } = await connected;
    const abortSignal = AbortSignal.timeout(patience);
    try {
      return await make(sdk, client.send.bind(client), { abortSignal });
    } catch (error) {
      // The SDK says that it was aborted, and not why.
      if (abortSignal.aborted) throw abortSignal.reason;
      throw error;
    }
  }

  /** Begins a multipart upload and returns S3's id of it. Parts need carry no checksums, except for SHA256. */
  async function createMultipart(key: string, algorithm: Algorithm): Promise<string> {
    const input: CreateMultipartUploadCommandInput = {
      ...{ Bucket: bucket, Key: key, ...inert },
      ChecksumAlgorithm: algorithm,
      // S3 combines CRCs of parts to that of the whole; of SHA-256 it can't.
      ChecksumType: algorithm === "SHA256" ? "COMPOSITE" : "FULL_OBJECT",
    };
    const { UploadId } = await call((sdk, send, options) =>
      send(new sdk.CreateMultipartUploadCommand(input), options),
    );
    if (UploadId === undefined) throw new Error("CreateMultipartUpload answered without an UploadId.");
    return UploadId;
  }

  /**
   * The parts that S3 holds, by number; `undefined` where it has no such upload (any more).
   *
   * With `expected` parts the pages are read at once instead of one after another.
   */
  async function listParts(key: string, uploadId: string, expected = 1): Promise<Part[] | undefined> {
    const page = async (marker: number) => {
      const input = { Bucket: bucket, Key: key, UploadId: uploadId, MaxParts: PAGE };
      const answer = await call((sdk, send, options) =>
        send(new sdk.ListPartsCommand({ ...input, PartNumberMarker: String(marker) }), options),
      );
      const next = answer.IsTruncated === true ? Number(answer.NextPartNumberMarker) : undefined;
      return { parts: (answer.Parts ?? []).map(partOf), marker, next };
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
   * Makes a part of another object's bytes, or of a range of them (both ends included). Repeating it is safe.
   *
   * @param etag quoted, of the bytes that are meant.
   * @returns false where there are others by now, or none.
   */
  async function copyPart(
    to: { key: string; uploadId: string; part: number },
    from: { key: string; etag: string; range?: readonly [first: number, last: number] | undefined },
  ): Promise<boolean> {
    const input: UploadPartCopyCommandInput = {
      ...{ Bucket: bucket, Key: to.key, UploadId: to.uploadId, PartNumber: to.part },
      // Keys here are letters, digits, slashes and underscores, which need no encoding.
      ...{ CopySource: `${bucket}/${from.key}`, CopySourceIfMatch: from.etag },
      ...(from.range && { CopySourceRange: `bytes=${from.range[0]}-${from.range[1]}` }),
    };
    try {
      await call((sdk, send, options) => send(new sdk.UploadPartCopyCommand(input), options));
      return true;
    } catch (error) {
      if (isS3(error, "PreconditionFailed") || isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * Makes the object of its parts. Safe to repeat: an object that is there already is this upload's, since keys are
   * never shared. S3 may work on it for minutes; waits for `patience` ms at most.
   *
   * @param instead ETag of the object that it replaces. @default none: there must be no object
   * @returns `gone` where S3 has no such upload (any more): completed before, being completed, or aborted; `head` tells
   * which. `taken` where another object stands there. `changed` where the parts aren't those of the list (any more), or
   * do not have that size together; `unknown` where S3 didn't say in time or in whole: it may be doing it still.
   */
  async function complete(
    key: string,
    uploadId: string,
    {
      parts,
      size,
      patience,
      instead,
    }: { parts: readonly Part[]; size: number; patience: number; instead?: string | undefined },
  ): Promise<"completed" | "gone" | "taken" | "changed" | "unknown"> {
    const input: CompleteMultipartUploadCommandInput = {
      ...{ Bucket: bucket, Key: key, UploadId: uploadId },
      ...(instead === undefined ? { IfNoneMatch: "*" } : { IfMatch: instead }),
      MpuObjectSize: size,
      MultipartUpload: {
        Parts: parts.map(({ part_number, etag, checksum }) => ({
          ...{ PartNumber: part_number, ETag: `"${etag}"` },
          ...checksum,
        })),
      },
    };
    try {
      await call(
        (sdk, send, options) =>
          send(new sdk.CompleteMultipartUploadCommand(input), { ...options, requestTimeout: patience }),
        patience,
      );
      return "completed";
    } catch (error) {
      if (isS3(error, "NoSuchUpload")) return "gone";
      if (isS3(error, "PreconditionFailed")) return "taken";
      if (isS3(error, "InvalidPart", "InvalidPartOrder", "EntityTooSmall")) return "changed";
      if (isPassing(error) || isS3(error, "ConditionalRequestConflict")) return "unknown";
      throw error;
    }
  }

  /** Forgets an upload and its parts. Idempotent. */
  async function abort(key: string, uploadId: string): Promise<void> {
    const input = { Bucket: bucket, Key: key, UploadId: uploadId };
    try {
      await call((sdk, send, options) => send(new sdk.AbortMultipartUploadCommand(input), options));
    } catch (error) {
      if (!isS3(error, "NoSuchUpload")) throw error;
    }
  }

  /** Size and checksums of an object; `undefined` where there is none. */
  async function head(key: string): Promise<ObjectFacts | undefined> {
    const input = { Bucket: bucket, Key: key, ChecksumMode: "ENABLED" } as const;
    try {
      const answer = await call((sdk, send, options) => send(new sdk.HeadObjectCommand(input), options));
      const { ContentLength, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA256 } = answer;
      if (ContentLength === undefined) throw new Error("HeadObject answered without a Content-Length.");
      return {
        size: ContentLength,
        ...(ETag !== undefined && { etag: ETag }),
        ...(ChecksumCRC32 !== undefined && { crc32: toHex(ChecksumCRC32) }),
        ...(ChecksumCRC32C !== undefined && { crc32c: toHex(ChecksumCRC32C) }),
        ...sha256Of(ChecksumSHA256),
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The object's first bytes, at most `bytes`; `undefined` where there is none. */
  async function readPrefix(key: string, bytes: number): Promise<Uint8Array | undefined> {
    const input = { Bucket: bucket, Key: key, Range: `bytes=0-${bytes - 1}` };
    const read = () =>
      call(async (sdk, send, options) => {
        const { Body } = await send(new sdk.GetObjectCommand(input), options);
        if (Body === undefined) throw new Error(`S3 gave ${key} without its bytes`);
        return Body.transformToByteArray();
      });
    try {
      // The SDK's tries end with the answer's head: a body that breaks off is asked for again here.
      return await read().catch((error: unknown) => (isPassing(error) ? read() : Promise.reject(error)));
    } catch (error) {
      // RFC 9110, 14.1.2: no range of an empty object can be satisfied.
      if (isS3(error, "InvalidRange")) return new Uint8Array();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Stores a whole object. Repeating it is harmless: the first stays. `sha256` in hex is checked by S3.
   *
   * @returns false where there is one already, perhaps by a first try of this very call.
   */
  async function put(key: string, body: Uint8Array, { sha256 }: { sha256: string }): Promise<boolean> {
    const input: PutObjectCommandInput = {
      ...{ Bucket: bucket, Key: key, Body: body, ...inert },
      IfNoneMatch: "*",
      ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64"),
    };
    try {
      await call((sdk, send, options) => send(new sdk.PutObjectCommand(input), options));
      return true;
    } catch (error) {
      if (!isS3(error, "PreconditionFailed")) throw error;
      return false;
    }
  }

  /** Deletes an object. Idempotent. */
  async function remove(key: string): Promise<void> {
    await call((sdk, send, options) =>
      send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), options),
    );
  }

  /** A presigned URL that downloads an object as `filename`; never rendered inline. */
  async function signGet(
    key: string,
    { filename, contentType, expiresIn, method = "GET", headers = {} }: Download,
  ): Promise<SignedUrl> {
    return signer.sign({
      method,
      key,
      query: {
        "response-content-disposition": attachment(filename),
        "response-content-type": downloadType(contentType),
      },
      headers,
      expiresIn,
    });
  }

  return {
    createMultipart,
    listParts,
    copyPart,
    complete,
    abort,
    head,
    readPrefix,
    put,
    remove,
    signGet,
    signParts: signer.signParts,
    signForm: signer.signForm,
  };
}

function partOf({ PartNumber, ETag, Size, ...rest }: S3Part): Part {
  if (PartNumber === undefined || ETag === undefined || Size === undefined)
    throw new Error("ListParts answered with a part that lacks its number, ETag or size.");
  const checksum: Part["checksum"] = {};
  for (const name of checksumNames) {
    const value = rest[name];
    // biome-ignore lint/plugin: checksums of our own list
    if (value !== undefined) checksum[name] = value;
  }
  return { part_number: PartNumber, etag: ETag.replaceAll('"', ""), size: Size, checksum };
}

function isS3(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes(error.name);
}

/**
 * Nothing stands at the key. A role that may list the bucket is told 404; 403 says no more than that something doesn't
 * let it look (S3 API Reference, HeadObject). HEAD's 404 has no code, and nothing else has that status: a bucket that
 * is missing fails the calls beside it by its own code.
 */
function isMissing(error: unknown): boolean {
  return isS3(error, "NotFound", "NoSuchKey");
}

function sha256Of(checksum: string | undefined): Pick<ObjectFacts, "sha256" | "sha256Composite"> {
  if (checksum === undefined) return {};
  // A composite says how many parts it is of: `<base64>-1`.
  const [digest = "", count] = checksum.split("-");
  return count === undefined ? { sha256: toHex(digest) } : { sha256Composite: toHex(digest) };
}

function toHex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}
