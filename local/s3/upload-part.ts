/** UploadPart and UploadPartCopy. */
import { type Received, receiveBody, receiveBytes } from "./body.ts";
import { DEFAULT_ALGORITHM } from "./checksum.ts";
import {
  checksumElement,
  checksumHeader,
  type DeclaredChecksum,
  declaredChecksum,
} from "./checksum-headers.ts";
import { copySource } from "./copy-object.ts";
import { invalidArgument, invalidRequest, s3Error } from "./errors.ts";
import { readObject } from "./get-object.ts";
import { findUpload, partNumber } from "./multipart.ts";
import { MAX_PUT_BYTES } from "./put-object.ts";
import { refuseHeadersOfPart } from "./refuse-headers.ts";
import { objectArn, type S3Request, writeContext } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { Upload } from "./schema.ts";
import type { S3 } from "./state.ts";

/** If the upload has an algorithm, a part's checksum must be of it; of a composite one, each part must have one. */
function checkAlgorithm(upload: Upload, declared: DeclaredChecksum | undefined): void {
  const { algorithm } = upload;
  if (algorithm === null) return;
  const optional = upload.checksum_type !== "COMPOSITE";
  if (declared === undefined ? optional : declared.algorithm === algorithm) return;
  const actual = declared?.algorithm.toLowerCase() ?? "null";
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

/** Commits the part, unless the upload was completed or aborted while the bytes came in. */
function commitPart(s3: S3, upload: Upload, part: number, received: Received): number {
  const { blob, size, md5, checksum } = received;
  const modified = s3.clock.now();
  try {
    if (s3.store.putPart(upload.id, { part, blob, size, md5, checksum, modified })) return modified;
    throw s3Error("NoSuchUpload", { UploadId: upload.id });
  } catch (error) {
    s3.blobs.remove([blob]);
    throw error;
  }
}

/** UploadPart. */
export async function uploadPart(s3: S3, request: S3Request): Promise<void> {
  const { call } = request;
  call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: false }));
  refuseHeadersOfPart(request);
  const part = partNumber(request);
  const upload = findUpload(s3, request);
  const declared = declaredChecksum(request);
  checkAlgorithm(upload, declared);
  const algorithm = upload.algorithm ?? DEFAULT_ALGORITHM;
  const received = await receiveBody(request, s3.blobs, { declared, algorithm, limit: MAX_PUT_BYTES });
  commitPart(s3, upload, part, received);
  call.res.setHeader("ETag", `"${received.md5}"`);
  call.res.setHeader("x-amz-server-side-encryption", request.settings.encryption);
  if (upload.algorithm !== null) call.res.setHeader(checksumHeader(upload.algorithm), received.checksum);
  sendEmpty(request, 200);
}

function copyRange(request: S3Request, size: number): { from: number; to: number } {
  const header = request.header("x-amz-copy-source-range");
  if (header === undefined) return { from: 0, to: size };
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  if (!match || Number(match[1]) > Number(match[2])) {
    const message =
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
    throw invalidArgument(message, "x-amz-copy-source-range", header);
  }
  if (Number(match[2]) >= size) {
    const message = `Range specified is not valid for source object of size: ${size}`;
    throw invalidArgument(message, "x-amz-copy-source-range", header);
  }
  return { from: Number(match[1]), to: Number(match[2]) + 1 };
}

/** UploadPartCopy. */
export async function uploadPartCopy(s3: S3, request: S3Request): Promise<void> {
  request.call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: false }));
  const part = partNumber(request);
  const upload = findUpload(s3, request);
  const source = copySource(s3, request);
  const range = copyRange(request, source.size);
  if (range.to - range.from > MAX_PUT_BYTES) throw s3Error("EntityTooLarge");
  const algorithm = upload.algorithm ?? DEFAULT_ALGORITHM;
  const received = await receiveBytes(readObject(s3, source, range), s3.blobs, algorithm);
  const modified = commitPart(s3, upload, part, received);
  sendXml(request, "CopyPartResult", {
    LastModified: new Date(modified).toISOString(),
    ETag: `"${received.md5}"`,
    ...(upload.algorithm === null ? {} : checksumElement(upload.algorithm, received.checksum)),
  });
}
