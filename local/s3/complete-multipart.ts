/** CompleteMultipartUpload. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { readDocument } from "./body.ts";
import {
  ALGORITHMS,
  type Checksum,
  type ChecksumType,
  checksumOfParts,
  DEFAULT_ALGORITHM,
} from "./checksum.ts";
import { checksumElement, checksumHeader, checksumMismatch } from "./checksum-headers.ts";
import { invalidArgument, invalidRequest, s3Error } from "./errors.ts";
import { findUpload } from "./multipart.ts";
import { objectArn, type S3Request, writeContext } from "./request.ts";
import { sendDocument, sendLate } from "./respond.ts";
import type { Segment, Upload } from "./schema.ts";
import type { S3 } from "./state.ts";
import { readXml, writeXml } from "./xml.ts";

// S3: every part but the last has 5 MiB at least, and an object has 10,000 parts at most.
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;

const partSchema = z.strictObject({
  PartNumber: z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number),
  ETag: z.string().transform((etag) => etag.trim().replaceAll('"', "")),
  ChecksumCRC32: z.string().optional(),
  ChecksumCRC32C: z.string().optional(),
  ChecksumCRC64NVME: z.string().optional(),
  ChecksumSHA1: z.string().optional(),
  ChecksumSHA256: z.string().optional(),
});
// S3 has learnt further checksums since.
const NOT_HERE = /^Checksum/;
const completeSchema = z.strictObject({
  CompleteMultipartUpload: z.strictObject({ Part: z.array(partSchema).min(1).max(MAX_PARTS) }),
});
type ListedPart = z.infer<typeof partSchema>;

/** The list's order is wrong before anything else about it is. */
function checkOrder(upload: Upload, list: readonly ListedPart[]): void {
  let before = 0;
  for (const { PartNumber } of list) {
    if (PartNumber < 1 || PartNumber > MAX_PARTS) {
      const message = `PartNumber must be between 1 and ${MAX_PARTS}`;
      throw invalidArgument(message, "partNumber", String(PartNumber));
    }
    if (PartNumber <= before) throw s3Error("InvalidPartOrder", { UploadId: upload.id });
    before = PartNumber;
  }
}

/** The stored parts that the list names, in its order. */
function resolveParts(s3: S3, upload: Upload, list: readonly ListedPart[]): Segment[] {
  const stored = new Map(s3.store.parts(upload.id, 0, -1).map((segment) => [segment.part, segment]));
  return list.map((listed, index) => {
    const { PartNumber, ETag } = listed;
    const segment = stored.get(PartNumber);
    const missing = { UploadId: upload.id, PartNumber, ETag };
    if (!segment || segment.md5 !== ETag) throw s3Error("InvalidPart", missing);
    checkListedChecksum(upload, listed, segment);
    if (index < list.length - 1 && segment.size < MIN_PART_BYTES) {
      const sizes = { ProposedSize: segment.size, MinSizeAllowed: MIN_PART_BYTES };
      throw s3Error("EntityTooSmall", { ...sizes, PartNumber, ETag });
    }
    return segment;
  });
}

/** A composite upload's list names each part's checksum; one that is named must be the part's. */
function checkListedChecksum(upload: Upload, listed: ListedPart, segment: Segment): void {
  const { algorithm } = upload;
  if (algorithm === null) return;
  const checksum = listed[`Checksum${algorithm}`];
  if (upload.checksum_type === "COMPOSITE" && checksum === undefined) {
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${listed.PartNumber} in the request.`,
    );
  }
  if (checksum !== undefined && checksum !== segment.checksum) {
    throw s3Error("InvalidPart", { UploadId: upload.id, PartNumber: listed.PartNumber, ETag: listed.ETag });
  }
}

function checkChecksumType(request: S3Request, expected: ChecksumType): void {
  const type = request.header("x-amz-checksum-type");
  if (type === undefined || type === expected) return;
  throw invalidRequest(
    `The upload was created using the ${expected} checksum mode. The complete request must use the same checksum mode.`,
  );
}

/** Compares the checksum that the request promises for the object with the computed one. */
function checkPromisedChecksum(request: S3Request, upload: Upload, computed: Checksum): void {
  for (const algorithm of ALGORITHMS) {
    const promised = request.header(checksumHeader(algorithm));
    if (promised === undefined) continue;
    if (algorithm !== computed.algorithm) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm?.toLowerCase() ?? "null"}, actual checksum Type: ${algorithm.toLowerCase()}`,
      );
    }
    if (promised.replace(/-\d+$/, "") !== computed.value.replace(/-\d+$/, "")) {
      throw checksumMismatch(algorithm);
    }
  }
}

function checkObjectSize(request: S3Request, size: number): void {
  const promised = request.header("x-amz-mp-object-size");
  if (promised !== undefined && !/^\d+$/.test(promised)) {
    throw invalidRequest(`Value for x-amz-mp-object-size header is invalid: '${promised}'`);
  }
  if (promised !== undefined && Number(promised) !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${promised} does not match what was computed: ${size}`,
    );
  }
  if (size > MAX_OBJECT_BYTES) throw s3Error("EntityTooLarge", { ProposedSize: size });
}

const totalSize = (parts: readonly Segment[]) => parts.reduce((total, part) => total + part.size, 0);

/** ETag of a multipart object: MD5 over the parts' MD5s, and their number. */
function multipartEtag(parts: readonly Segment[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part.md5, "hex");
  return `${hash.digest("hex")}-${parts.length}`;
}

function completionAnswer(request: S3Request, etag: string, checksum: Checksum): string {
  const { bucket, key } = request;
  const path = key.split("/").map(encodeURIComponent).join("/");
  return writeXml("CompleteMultipartUploadResult", {
    Location: `http://${request.call.req.headers.host ?? "localhost"}/${bucket}/${path}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${etag}"`,
    ...checksumElement(checksum.algorithm, checksum.value),
    ChecksumType: checksum.type,
  });
}

/**
 * CompleteMultipartUpload. The parts become the object as they are. A repeated call with the same list gets the
 * first one's answer, even under `If-None-Match: *`, as S3 answers it.
 */
export async function completeMultipartUpload(s3: S3, request: S3Request): Promise<void> {
  const { call, bucket, key, settings } = request;
  call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: true }));
  await s3.writes.run(request, async (condition) => {
    // The request's checksum headers speak of the object, not of this document.
    const body = await readDocument(request, MAX_DOCUMENT_BYTES, undefined);
    if (body.length === 0) throw invalidRequest("You must specify at least one part");
    const document = readXml(body, completeSchema, NOT_HERE);
    const list = document.CompleteMultipartUpload.Part;
    const fingerprint = list.map(({ PartNumber, ETag }) => `${PartNumber}:${ETag}`).join(" ");

    const done = s3.store.completion(request.query("uploadId") ?? "", bucket, key);
    if (done?.parts === fingerprint) {
      call.res.setHeader("x-amz-server-side-encryption", settings.encryption);
      sendDocument(request, done.answer);
      return;
    }

    // In this order. Source: localstack/localstack, `complete_multipart_upload`, whose answers were compared with AWS's.
    const upload = findUpload(s3, request);
    condition?.check(s3.store.object(bucket, key));
    checkOrder(upload, list);
    const type = upload.checksum_type ?? "FULL_OBJECT";
    checkChecksumType(request, type);
    const parts = resolveParts(s3, upload, list);
    s3.blobs.check(`${bucket}/${key}`, parts);
    checkObjectSize(request, totalSize(parts));
    const algorithm = upload.algorithm ?? DEFAULT_ALGORITHM;
    const checksum = checksumOfParts(algorithm, type, parts);
    checkPromisedChecksum(request, upload, checksum);

    call.res.setHeader("x-amz-server-side-encryption", settings.encryption);
    const { slow } = call;
    if (!slow) {
      sendDocument(request, assemble(s3, request, { upload, parts, checksum, fingerprint }));
      return;
    }
    const reveal = s3.store.assemble(upload.id);
    await sendLate(request, async () => {
      await slow;
      condition?.check(s3.store.object(bucket, key));
      return assemble(s3, request, { upload, parts, checksum, fingerprint });
    }).finally(reveal);
  });
}

interface Assembly {
  upload: Upload;
  parts: readonly Segment[];
  checksum: Checksum;
  /** Of the list that was asked for. */
  fingerprint: string;
}

/** Makes the object; returns the answer. */
function assemble(s3: S3, request: S3Request, { upload, parts, checksum, fingerprint }: Assembly): string {
  const { call, bucket, key, settings } = request;
  const etag = multipartEtag(parts);
  const answer = completionAnswer(request, etag, checksum);
  const { headers, tags } = upload;
  const modified = s3.clock.now();
  s3.store.completeUpload(
    upload,
    parts,
    { bucket, key, etag, modified, parts: parts.length, headers, tags, checksum },
    { parts: fingerprint, answer },
    () => {
      const object = { key, size: totalSize(parts), etag };
      s3.events.record({ call, settings, reason: "CompleteMultipartUpload", object });
    },
  );
  return answer;
}
