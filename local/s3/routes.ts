/** Which operation a request asks for: method, whether it names a key, and the query that selects a subresource. */
import { getBucketLocation, headBucket } from "./bucket-info.ts";
import { completeMultipartUpload } from "./complete-multipart.ts";
import { copyObject } from "./copy-object.ts";
import { getBucketCors, preflight } from "./cors.ts";
import { deleteObject, deleteObjects } from "./delete-object.ts";
import { s3Error } from "./errors.ts";
import { getObject, headObject } from "./get-object.ts";
import { listMultipartUploads, listParts } from "./list-multipart.ts";
import { listObjects, listObjectsV2 } from "./list-objects.ts";
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
  query: string | undefined;
  /** Header that selects it. */
  header: string | undefined;
}

/** `selector` is `?<query parameter>`, `<header>:`, or both. */
function route(
  method: string,
  on: Route["on"],
  selector: string,
  run: Operation["run"],
  name: string,
): Route {
  const query = /\?(\w+(?:-\w+)*)/.exec(selector)?.[1];
  const header = /(?:^| )([\w-]+):$/.exec(selector)?.[1];
  return { method, on, query, header, run, name };
}

// First match wins, so routes with a selector come before those without.
const ROUTES: Route[] = [
  route("GET", "object", "?tagging", getObjectTagging, "GetObjectTagging"),
  route("GET", "object", "?uploadId", listParts, "ListParts"),
  route("GET", "object", "", getObject, "GetObject"),
  route("HEAD", "object", "", headObject, "HeadObject"),
  route("PUT", "object", "?tagging", putObjectTagging, "PutObjectTagging"),
  route("PUT", "object", "?uploadId x-amz-copy-source:", uploadPartCopy, "UploadPartCopy"),
  route("PUT", "object", "?uploadId", uploadPart, "UploadPart"),
  route("PUT", "object", "x-amz-copy-source:", copyObject, "CopyObject"),
  route("PUT", "object", "", putObject, "PutObject"),
  route("POST", "object", "?uploads", createMultipartUpload, "CreateMultipartUpload"),
  route("POST", "object", "?uploadId", completeMultipartUpload, "CompleteMultipartUpload"),
  route("DELETE", "object", "?tagging", deleteObjectTagging, "DeleteObjectTagging"),
  route("DELETE", "object", "?uploadId", abortMultipartUpload, "AbortMultipartUpload"),
  route("DELETE", "object", "", deleteObject, "DeleteObject"),
  route("OPTIONS", "object", "", preflight, "OptionsRequest"),
  route("OPTIONS", "bucket", "", preflight, "OptionsRequest"),
  route("HEAD", "bucket", "", headBucket, "HeadBucket"),
  route("GET", "bucket", "?location", getBucketLocation, "GetBucketLocation"),
  route("GET", "bucket", "?cors", getBucketCors, "GetBucketCors"),
  route("GET", "bucket", "?uploads", listMultipartUploads, "ListMultipartUploads"),
  route("GET", "bucket", "?list-type", listObjectsV2, "ListObjectsV2"),
  route("GET", "bucket", "", listObjects, "ListObjects"),
  route("POST", "bucket", "?delete", deleteObjects, "DeleteObjects"),
  route("POST", "bucket", "", postObject, "PostObject"),
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
  const found = candidates.find(
    ({ query, header }) =>
      (query === undefined || url.searchParams.has(query)) &&
      (header === undefined || request.header(header) !== undefined),
  );
  if (found) return found;
  if (on === "bucket" && ["PUT", "DELETE"].includes(req.method ?? "")) {
    throw s3Error("NotImplemented", {
      message: `${req.method} of a bucket without a subresource is not here`,
    });
  }
  const details = { Method: req.method, ResourceType: on.toUpperCase() };
  throw s3Error("MethodNotAllowed", details);
}
