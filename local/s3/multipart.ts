/** Starting and ending multipart uploads: CreateMultipartUpload, AbortMultipartUpload, and finding one. */
import { type Algorithm, algorithmSchema, type ChecksumType, checksumTypeSchema } from "./checksum.ts";
import { invalidArgument, invalidRequest, s3Error } from "./errors.ts";
import { describeObject } from "./object-headers.ts";
import { objectArn, type S3Request, writeContext } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { Upload } from "./schema.ts";
import type { S3 } from "./state.ts";

interface UploadChecksum {
  algorithm: Algorithm | null;
  checksumType: ChecksumType | null;
}

/** The checksum that CreateMultipartUpload asks for; SHA can't be of the whole object, CRC64NVME only that. */
function requestedChecksum(request: S3Request): UploadChecksum {
  const name = request.header("x-amz-checksum-algorithm");
  const type = request.header("x-amz-checksum-type");
  if (name === undefined) {
    if (type === undefined) return { algorithm: null, checksumType: null };
    throw invalidRequest(
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    );
  }
  const algorithm = algorithmSchema.safeParse(name.toUpperCase());
  if (!algorithm.success) {
    throw invalidRequest(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  }
  const fallback = algorithm.data === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const checksumType = checksumTypeSchema.safeParse(type?.toUpperCase() ?? fallback);
  if (!checksumType.success) throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
  const onlyType = {
    CRC64NVME: "FULL_OBJECT",
    SHA1: "COMPOSITE",
    SHA256: "COMPOSITE",
    CRC32: null,
    CRC32C: null,
  };
  const only = onlyType[algorithm.data];
  if (only !== null && only !== checksumType.data) {
    throw invalidRequest(
      `The ${checksumType.data} checksum type cannot be used with the ${algorithm.data.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm: algorithm.data, checksumType: checksumType.data };
}

/** CreateMultipartUpload. */
export function createMultipartUpload(s3: S3, request: S3Request): void {
  const { call, bucket, key } = request;
  call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: false }));
  const description = describeObject(request);
  if (Object.keys(description.tags).length > 0) call.authorize("s3:PutObjectTagging", objectArn(request));
  const checksum = requestedChecksum(request);
  const initiated = s3.clock.now();
  const id = s3.store.createUpload({ bucket, key, initiated, ...description, ...checksum });
  call.res.setHeader("x-amz-server-side-encryption", request.settings.encryption);
  if (checksum.algorithm !== null) {
    call.res.setHeader("x-amz-checksum-algorithm", checksum.algorithm);
    call.res.setHeader("x-amz-checksum-type", checksum.checksumType ?? "");
  }
  sendXml(request, "InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId: id });
}

/** The upload that `uploadId` names, if it is this key's. */
export function findUpload(s3: S3, request: S3Request): Upload {
  const id = request.query("uploadId") ?? "";
  const upload = s3.store.upload(id);
  if (!upload || upload.bucket !== request.bucket || upload.key !== request.key) {
    throw s3Error("NoSuchUpload", { UploadId: id });
  }
  return upload;
}

/** `partNumber`, from 1 to 10,000. */
export function partNumber(request: S3Request): number {
  const text = request.query("partNumber") ?? "";
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 10_000) return number;
  const message = "Part number must be an integer between 1 and 10000, inclusive";
  throw invalidArgument(message, "partNumber", text);
}

/** AbortMultipartUpload. */
export function abortMultipartUpload(s3: S3, request: S3Request): void {
  request.call.authorize("s3:AbortMultipartUpload", objectArn(request));
  s3.store.abortUpload(findUpload(s3, request).id);
  sendEmpty(request, 204);
}
