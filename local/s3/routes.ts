/** Which operation a request asks for: method, whether it names a key, and the query that selects a subresource. */
import { getBucketLocation, headBucket } from "./bucket-info.ts";
import { completeMultipartUpload } from "./complete-multipart.ts";
import { copyObject } from "./copy-object.ts";
import { getBucketCors, preflight } from "./cors.ts";
import { deleteObject, deleteObjects } from "./delete-object.ts";
import { s3Error } from "./errors.ts";
import { getObject, headObject } from "./get-object.ts";
import { listMultipartUploads, listParts } from "./list-multipart.ts";
import { listObjectsV2 } from "./list-objects.ts";
import { abortMultipartUpload, createMultipartUpload } from "./multipart.ts";
import { postObject } from "./post-object.ts";
import { putObject } from "./put-object.ts";
import type { S3Request } from "./request.ts";
import type { S3 } from "./service.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./tagging.ts";
import { uploadPart, uploadPartCopy } from "./upload-part.ts";

export interface Operation {
  /** S3's name for it. */
  name: string;
  run(s3: S3, request: S3Request): Promise<void> | void;
}

interface Route extends Operation {
  method: string;
  on: "bucket" | "object";
  /** Query parameter that selects it. */
  query?: string;
  /** Header that selects it. */
  header?: string;
}

// First match wins, so that routes with a query or a header come before those without.
const ROUTES: Route[] = [
  { method: "GET", on: "object", query: "tagging", name: "GetObjectTagging", run: getObjectTagging },
  { method: "GET", on: "object", query: "uploadId", name: "ListParts", run: listParts },
  { method: "GET", on: "object", name: "GetObject", run: getObject },
  { method: "HEAD", on: "object", name: "HeadObject", run: headObject },
  { method: "PUT", on: "object", query: "tagging", name: "PutObjectTagging", run: putObjectTagging },
  {
    ...{ method: "PUT", on: "object", query: "uploadId", header: "x-amz-copy-source" },
    ...{ name: "UploadPartCopy", run: uploadPartCopy },
  },
  { method: "PUT", on: "object", query: "uploadId", name: "UploadPart", run: uploadPart },
  { method: "PUT", on: "object", header: "x-amz-copy-source", name: "CopyObject", run: copyObject },
  { method: "PUT", on: "object", name: "PutObject", run: putObject },
  {
    method: "POST",
    on: "object",
    query: "uploads",
    name: "CreateMultipartUpload",
    run: createMultipartUpload,
  },
  {
    ...{ method: "POST", on: "object", query: "uploadId" },
    ...{ name: "CompleteMultipartUpload", run: completeMultipartUpload },
  },
  { method: "DELETE", on: "object", query: "tagging", name: "DeleteObjectTagging", run: deleteObjectTagging },
  {
    method: "DELETE",
    on: "object",
    query: "uploadId",
    name: "AbortMultipartUpload",
    run: abortMultipartUpload,
  },
  { method: "DELETE", on: "object", name: "DeleteObject", run: deleteObject },
  { method: "OPTIONS", on: "object", name: "PreflightObject", run: preflight },
  { method: "OPTIONS", on: "bucket", name: "PreflightBucket", run: preflight },
  { method: "HEAD", on: "bucket", name: "HeadBucket", run: headBucket },
  { method: "GET", on: "bucket", query: "location", name: "GetBucketLocation", run: getBucketLocation },
  { method: "GET", on: "bucket", query: "cors", name: "GetBucketCors", run: getBucketCors },
  { method: "GET", on: "bucket", query: "uploads", name: "ListMultipartUploads", run: listMultipartUploads },
  { method: "GET", on: "bucket", query: "list-type", name: "ListObjectsV2", run: listObjectsV2 },
  { method: "POST", on: "bucket", query: "delete", name: "DeleteObjects", run: deleteObjects },
  { method: "POST", on: "bucket", name: "PostObject", run: postObject },
];

// Subresources of S3 that this one doesn't have; without this list they would read or write the object itself.
const NOT_HERE = [
  ...["acl", "accelerate", "analytics", "attributes", "encryption", "intelligent-tiering", "inventory"],
  ...["legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls"],
  ...["policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore", "retention"],
  ...["select", "torrent", "versioning", "versions", "versionId", "website", "append", "renameObject"],
];

/**
 * The operation of a request.
 * @throws AwsError `NotImplemented`, `MethodNotAllowed`
 */
export function selectOperation(request: S3Request): Operation {
  const { req, url } = request.call;
  const on = request.key === "" ? "bucket" : "object";
  const foreign = NOT_HERE.find((name) => url.searchParams.has(name));
  if (foreign !== undefined && req.method !== "OPTIONS") throw s3Error("NotImplemented", { Header: foreign });
  const candidates = ROUTES.filter((route) => route.on === on && route.method === req.method);
  const route = candidates.find(
    ({ query, header }) =>
      (query === undefined || url.searchParams.has(query)) &&
      (header === undefined || request.header(header) !== undefined),
  );
  if (route) return route;
  if (on === "bucket" && ["GET", "PUT", "DELETE"].includes(req.method ?? "")) {
    throw s3Error("NotImplemented", {
      message: `${req.method} of a bucket without a subresource is not here`,
    });
  }
  const details = { Method: req.method, ResourceType: on.toUpperCase() };
  throw s3Error("MethodNotAllowed", details);
}
