/** ListBuckets. */
import { REGION } from "../types.ts";
import { invalidArgument, notHere, s3Error } from "./errors.ts";
import { OWNER } from "./owner.ts";
import { foreignParameter, type Unrouted } from "./request.ts";
import { sendXml } from "./respond.ts";
import type { S3 } from "./state.ts";

// Amazon S3 API Reference, ListBuckets: 10,000 at most, and no pages where none are asked for.
const MAX_ENTRIES = 10_000;
const PARAMETERS = ["max-buckets", "continuation-token", "prefix", "bucket-region"];

function pageSize(request: Unrouted): number {
  const text = request.query("max-buckets") ?? String(MAX_ENTRIES);
  const size = Number(text);
  if (/^\d+$/.test(text) && size >= 1 && size <= MAX_ENTRIES) return size;
  const message = `Argument max-buckets must be an integer between 1 and ${MAX_ENTRIES}`;
  throw invalidArgument(message, "max-buckets", text);
}

/**
 * ListBuckets, the one call that has no bucket.
 * @throws AwsError `MethodNotAllowed` for any other
 */
export function listBuckets(s3: S3, request: Unrouted): void {
  const { method } = request.call.req;
  if (method !== "GET") throw s3Error("MethodNotAllowed", { Method: method, ResourceType: "SERVICE" });
  request.call.trace.action = "ListBuckets";
  const foreign = foreignParameter(request, PARAMETERS);
  if (foreign !== undefined) throw notHere("Parameter", foreign);
  request.call.authorize("s3:ListAllMyBuckets", "arn:aws:s3:::*");
  const size = pageSize(request);
  const prefix = request.query("prefix");
  const after = Buffer.from(request.query("continuation-token") ?? "", "base64url").toString();
  const isHere = (request.query("bucket-region") ?? REGION) === REGION;
  const found = s3.buckets
    .all()
    .filter(({ name }) => isHere && name > after && name.startsWith(prefix ?? ""));
  const page = found.slice(0, size);
  sendXml(request, "ListAllMyBucketsResult", {
    Owner: OWNER,
    Buckets: {
      Bucket: page.map(({ name, created }) => ({
        Name: name,
        CreationDate: new Date(created).toISOString(),
        BucketRegion: REGION,
      })),
    },
    ContinuationToken:
      found.length > size ? Buffer.from(page.at(-1)?.name ?? "").toString("base64url") : undefined,
    Prefix: prefix,
  });
}
