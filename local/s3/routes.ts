/** Which operation a request asks for: method, whether it names a key, and the query that selects a subresource. */
import { getBucketLocation, getBucketTagging, headBucket } from "./bucket-info.ts";
import { completeMultipartUpload } from "./complete-multipart.ts";
import { copyObject } from "./copy-object.ts";
import { getBucketCors, preflight } from "./cors.ts";
import { deleteObject, deleteObjects } from "./delete-object.ts";
import { notHere, s3Error } from "./errors.ts";
import { getObject, headObject } from "./get-object.ts";
import { listMultipartUploads, listParts } from "./list-multipart.ts";
import { listObjects, listObjectsV2 } from "./list-objects.ts";
import { abortMultipartUpload, createMultipartUpload } from "./multipart.ts";
import { postObject } from "./post-object.ts";
import { putObject } from "./put-object.ts";
import { foreignParameter, type S3Request, type Unrouted } from "./request.ts";
import type { S3 } from "./state.ts";
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
export const ROUTES: readonly Route[] = [
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
  route("GET", "bucket", "?tagging", getBucketTagging, "GetBucketTagging"),
  route("GET", "bucket", "?uploads", listMultipartUploads, "ListMultipartUploads"),
  route("GET", "bucket", "?list-type", listObjectsV2, "ListObjectsV2"),
  route("GET", "bucket", "", listObjects, "ListObjects"),
  route("POST", "bucket", "?delete", deleteObjects, "DeleteObjects"),
  route("POST", "bucket", "", postObject, "PostObject"),
];

// Subresources of S3 that this one doesn't have; without this list they would read or write the object itself. What S3
// doesn't know of an object it ignores, so that URLs may carry parameters of others (gaul/s3proxy#189).
const NOT_HERE = [
  ...["acl", "accelerate", "analytics", "attributes", "encryption", "intelligent-tiering", "inventory"],
  ...["legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls"],
  ...["policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore", "retention"],
  ...["select", "torrent", "versioning", "versions", "versionId", "website", "append", "renameObject"],
];

const LISTING = ["prefix", "delimiter", "encoding-type"];
/** Query parameters of bucket operations, besides the one that selects each. */
const FURTHER: Record<string, readonly string[]> = {
  ListObjects: [...LISTING, "max-keys", "marker"],
  ListObjectsV2: [...LISTING, "max-keys", "continuation-token", "start-after", "fetch-owner"],
  ListMultipartUploads: [...LISTING, "max-uploads", "key-marker", "upload-id-marker"],
};

/** Of a bucket nothing unknown is let through: a listing isn't what `?abac` or `?list-type=3` asks for. */
function refuseOfBucket(request: Unrouted, found: Route | undefined): void {
  const known = [found?.query ?? "", ...(FURTHER[found?.name ?? ""] ?? [])];
  const foreign =
    foreignParameter(request, known) ??
    (found?.query === "list-type" && request.query("list-type") !== "2" ? "list-type" : undefined);
  if (foreign !== undefined) throw notHere("Parameter", foreign);
  const { method } = request.call.req;
  if (found || (method !== "PUT" && method !== "DELETE")) return;
  const name = method === "PUT" ? "CreateBucket" : "DeleteBucket";
  const message = `${name} is not here: the template says which buckets there are`;
  throw s3Error("NotImplemented", { message });
}

/**
 * The operation of a request.
 * @throws AwsError `NotImplemented`, `MethodNotAllowed`
 */
export function selectOperation(request: Unrouted): Operation {
  const { req, url } = request.call;
  const on = request.key === "" ? "bucket" : "object";
  const found = ROUTES.find(
    ({ method, query, header, ...route }) =>
      route.on === on &&
      method === req.method &&
      (query === undefined || url.searchParams.has(query)) &&
      (header === undefined || request.header(header) !== undefined),
  );
  if (req.method !== "OPTIONS") {
    if (on === "bucket") refuseOfBucket(request, found);
    const foreign = on === "object" && NOT_HERE.find((name) => url.searchParams.has(name));
    if (foreign) throw notHere("Parameter", foreign);
  }
  if (found) return found;
  throw s3Error("MethodNotAllowed", { Method: req.method, ResourceType: on.toUpperCase() });
}
