/** ListParts and ListMultipartUploads. */
import { checksumElement } from "./checksum-headers.ts";
import { notHere } from "./errors.ts";
import { countParameter, listEncoding } from "./list-objects.ts";
import { findUpload } from "./multipart.ts";
import { OWNER } from "./owner.ts";
import { bucketArn, objectArn, type S3Request } from "./request.ts";
import { sendXml } from "./respond.ts";
import type { Segment } from "./schema.ts";
import type { S3 } from "./state.ts";

// S3 answers 1,000 parts or uploads at most, whatever is asked for.
const MAX_ENTRIES = 1000;

/** A part whose bytes are lost is as one that never came: its client sends it again. */
function isWhole(s3: S3, request: S3Request, part: Segment): boolean {
  try {
    s3.blobs.check(`${request.bucket}/${request.key}, part ${part.part}`, [part]);
    return true;
  } catch (error) {
    s3.report(error);
    return false;
  }
}

/** ListParts. */
export function listParts(s3: S3, request: S3Request): void {
  request.call.authorize("s3:ListMultipartUploadParts", objectArn(request));
  const upload = findUpload(s3, request);
  const marker = countParameter(request, "part-number-marker", 0);
  const max = Math.min(countParameter(request, "max-parts", MAX_ENTRIES), MAX_ENTRIES);
  const found = s3.store.parts(upload.id, marker, max + 1);
  const parts = found.slice(0, max);
  const { algorithm } = upload;
  sendXml(request, "ListPartsResult", {
    Bucket: request.bucket,
    Key: listEncoding(request)(request.key),
    UploadId: upload.id,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: "STANDARD",
    PartNumberMarker: marker,
    NextPartNumberMarker: parts.at(-1)?.part ?? 0,
    MaxParts: max,
    IsTruncated: found.length > max,
    ChecksumAlgorithm: algorithm ?? undefined,
    ChecksumType: upload.checksum_type ?? undefined,
    Part: parts
      .filter((part) => isWhole(s3, request, part))
      .map((part) => ({
        PartNumber: part.part,
        LastModified: new Date(part.modified).toISOString(),
        ETag: `"${part.md5}"`,
        Size: part.size,
        ...(algorithm === null ? {} : checksumElement(algorithm, part.checksum)),
      })),
  });
}

/** ListMultipartUploads. Keys are not rolled up: a delimiter is refused rather than ignored. */
export function listMultipartUploads(s3: S3, request: S3Request): void {
  request.call.authorize("s3:ListBucketMultipartUploads", bucketArn(request));
  if (request.query("delimiter")) throw notHere("Parameter", "delimiter");
  const encode = listEncoding(request);
  const prefix = request.query("prefix") ?? "";
  const keyMarker = request.query("key-marker") ?? "";
  const idMarker = request.query("upload-id-marker");
  const max = Math.min(countParameter(request, "max-uploads", MAX_ENTRIES), MAX_ENTRIES);
  // A key marker alone skips every upload of that key: "~" sorts after every upload id.
  const after = { key: keyMarker, id: idMarker || (keyMarker === "" ? "" : "~") };
  const found = s3.store
    .uploads(request.bucket, prefix, after, max + 1)
    .filter((upload) => upload.key.startsWith(prefix));
  const uploads = found.slice(0, max);
  const truncated = found.length > max;
  const last = uploads.at(-1);
  sendXml(request, "ListMultipartUploadsResult", {
    Bucket: request.bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker ?? "",
    NextKeyMarker: truncated && last ? encode(last.key) : undefined,
    NextUploadIdMarker: truncated && last ? last.id : undefined,
    Prefix: prefix === "" ? undefined : encode(prefix),
    EncodingType: request.query("encoding-type"),
    MaxUploads: max,
    IsTruncated: truncated,
    Upload: uploads.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: "STANDARD",
      Initiated: new Date(upload.initiated).toISOString(),
      ChecksumAlgorithm: upload.algorithm ?? undefined,
      ChecksumType: upload.checksum_type ?? undefined,
    })),
  });
}
