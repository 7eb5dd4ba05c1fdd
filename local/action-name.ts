/** Names the API action of a request before it runs, for traces and faults. */
import type { IncomingMessage } from "node:http";

const BUCKET_SUBRESOURCES: Record<string, string> = {
  cors: "BucketCors",
  versioning: "BucketVersioning",
  policy: "BucketPolicy",
  notification: "BucketNotificationConfiguration",
  lifecycle: "BucketLifecycleConfiguration",
  encryption: "BucketEncryption",
  location: "BucketLocation",
  tagging: "BucketTagging",
};
const VERBS: Record<string, string> = { GET: "Get", PUT: "Put", DELETE: "Delete", HEAD: "Head" };

/** Answers the action's name (`PutItem`, `UploadPart` …). */
export function actionName(req: IncomingMessage, url: URL, path: string): string {
  const target = req.headers["x-amz-target"];
  if (typeof target === "string") return target.slice(target.lastIndexOf(".") + 1);
  const method = req.method ?? "GET";
  if (method === "OPTIONS") return "OptionsRequest";
  if (path === "/") return "ListBuckets";
  const key = path.slice(1).replace(/^[^/]*\/?/, "");
  return key === "" ? bucketAction(method, url.searchParams) : objectAction(req, method, url.searchParams);
}

function bucketAction(method: string, query: URLSearchParams): string {
  if (method === "POST") return query.has("delete") ? "DeleteObjects" : "PostObject";
  for (const [name, noun] of Object.entries(BUCKET_SUBRESOURCES)) {
    if (query.has(name)) return `${VERBS[method] ?? method}${noun}`;
  }
  if (method === "GET") {
    if (query.has("uploads")) return "ListMultipartUploads";
    if (query.has("versions")) return "ListObjectVersions";
    return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
  }
  return method === "PUT" ? "CreateBucket" : `${VERBS[method] ?? method}Bucket`;
}

function objectAction(req: IncomingMessage, method: string, query: URLSearchParams): string {
  if (query.has("tagging")) return `${VERBS[method] ?? method}ObjectTagging`;
  if (query.has("attributes")) return "GetObjectAttributes";
  if (query.has("uploads")) return "CreateMultipartUpload";
  const copies = req.headers["x-amz-copy-source"] !== undefined;
  if (query.has("uploadId")) {
    if (method === "PUT") return copies ? "UploadPartCopy" : "UploadPart";
    if (method === "POST") return "CompleteMultipartUpload";
    return method === "DELETE" ? "AbortMultipartUpload" : "ListParts";
  }
  if (method === "PUT" && copies) return "CopyObject";
  return `${VERBS[method] ?? method}Object`;
}
