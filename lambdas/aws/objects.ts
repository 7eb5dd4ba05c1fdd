/** Objects in the bucket, as verbs use them. Checksums are lower-case hex here and base64 only on S3's wire. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { counted } from "./clients.ts";
import { attachment, downloadType } from "./content-disposition.ts";
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

const PAGE = 1_000; // S3: ListParts answers 1,000 parts at most
const MAX_PARTS = 10_000; // S3: an upload has 10,000 parts at most
/** The bytes themselves never say what they are: type and name live in the table, a download's URL carries them. */
const inert = { ContentType: "application/octet-stream", ContentDisposition: "attachment" } as const;

interface Download {
  filename: string;
  contentType: string;
  /** Seconds. */
  expiresIn: number;
  /** @default "GET" */
  method?: "GET" | "HEAD";
}

/** The bucket of a function, from its environment. */
export function bucketObjects(env: { BUCKET_NAME: string; AWS_ENDPOINT_URL?: string | undefined }): Objects {
  const endpoint = env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    // Checksums that the SDK would add by itself cost time and tell nothing that S3 isn't asked for already.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    forcePathStyle: endpoint !== undefined,
  });
  return createObjects(counted(client, "s3"), env.BUCKET_NAME, { endpoint });
}

/** Binds the operations to a client and a bucket. `endpoint` as in `createSigner`. */
export function createObjects(
  client: S3Client,
  Bucket: string,
  { endpoint }: { endpoint?: string | undefined } = {},
) {
  const signer = createSigner({
    bucket: Bucket,
    region: () => client.config.region(),
    credentials: () => client.config.credentials(),
    endpoint,
  });

  /** Begins a multipart upload and returns S3's id of it. Parts need carry no checksums, except for SHA256. */
  async function createMultipart(Key: string, algorithm: Algorithm): Promise<string> {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key,
        ...inert,
        ChecksumAlgorithm: algorithm,
        // S3 combines CRCs of parts to that of the whole; of SHA-256 it can't.
        ChecksumType: algorithm === "SHA256" ? "COMPOSITE" : "FULL_OBJECT",
      }),
    );
    if (UploadId === undefined) throw new Error("CreateMultipartUpload answered without an UploadId.");
    return UploadId;
  }

  /**
   * The parts that S3 holds, by number; `undefined` where it has no such upload (any more).
   *
   * With `expected` parts the pages are read at once instead of one after another.
   */
  async function listParts(Key: string, UploadId: string, expected = 1): Promise<Part[] | undefined> {
    const page = (marker: number) =>
      client.send(
        new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: PAGE, PartNumberMarker: String(marker) }),
      );
    const markers = Array.from(
      { length: Math.ceil(Math.min(expected, MAX_PARTS) / PAGE) || 1 },
      (_, n) => n * PAGE,
    );
    try {
      const pages = await Promise.all(markers.map(page));
      const parts = new Map(pages.flatMap(partsOf).map((part) => [part.part_number, part]));
      let last = pages.at(-1);
      while (last?.IsTruncated === true) {
        const marker = Number(last.NextPartNumberMarker);
        if (!(marker > Number(last.PartNumberMarker ?? 0)))
          throw new Error(`ListParts repeats its marker ${marker}.`);
        last = await page(marker);
        for (const part of partsOf(last)) parts.set(part.part_number, part);
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
    Key: string,
    UploadId: string,
    { parts, size }: { parts: readonly Part[]; size: number },
  ): Promise<"completed" | "gone" | "changed" | "busy"> {
    try {
      // S3 may answer 200 with an error inside; the SDK makes an error of it and tries again.
      await client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          IfNoneMatch: "*",
          MpuObjectSize: size,
          MultipartUpload: {
            Parts: parts.map((part) => ({
              PartNumber: part.part_number,
              ETag: part.etag,
              ...part.checksum,
            })),
          },
        }),
      );
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
  async function abort(Key: string, UploadId: string): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    } catch (error) {
      if (!isS3(error, "NoSuchUpload")) throw error;
    }
  }

  /** Size and checksums of an object; `undefined` where there is none. */
  async function head(Key: string): Promise<ObjectFacts | undefined> {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      return {
        size: answer.ContentLength ?? 0,
        ...(answer.ChecksumCRC32 && { crc32: toHex(answer.ChecksumCRC32) }),
        ...(answer.ChecksumCRC32C && { crc32c: toHex(answer.ChecksumCRC32C) }),
        ...sha256Of(answer.ChecksumSHA256),
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The object's first bytes, at most `bytes`; `undefined` where there is none. */
  async function readPrefix(Key: string, bytes: number): Promise<Uint8Array | undefined> {
    try {
      const range = `bytes=0-${bytes - 1}`;
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range: range }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      // RFC 9110, 14.1.2: no range of an empty object can be satisfied.
      if (isS3(error, "InvalidRange")) return new Uint8Array();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Stores a whole object. Repeating it is harmless: the first stays. `sha256` in hex is checked by S3. */
  async function put(Key: string, Body: Uint8Array, { sha256 }: { sha256: string }): Promise<void> {
    const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
    try {
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body, ...inert, IfNoneMatch: "*", ChecksumSHA256 }),
      );
    } catch (error) {
      if (!isS3(error, "PreconditionFailed")) throw error;
    }
  }

  /** Deletes an object. Idempotent. */
  async function remove(Key: string): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
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

function partsOf(page: ListPartsCommandOutput): Part[] {
  return (page.Parts ?? []).map(
    ({ PartNumber, ETag, Size, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA256 }) => ({
      part_number: PartNumber ?? 0,
      etag: (ETag ?? "").replaceAll('"', ""),
      size: Size ?? 0,
      checksum: {
        ...(ChecksumCRC32 && { ChecksumCRC32 }),
        ...(ChecksumCRC32C && { ChecksumCRC32C }),
        ...(ChecksumSHA256 && { ChecksumSHA256 }),
      },
    }),
  );
}

function isS3(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof S3ServiceException && codes.includes(error.name);
}

/** S3 answers 403 instead of 404 to a role that may not list the bucket, as none of ours may. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.$metadata.httpStatusCode === 404 || error.$metadata.httpStatusCode === 403;
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
