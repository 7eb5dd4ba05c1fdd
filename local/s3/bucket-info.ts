/** HeadBucket, GetBucketLocation and GetBucketTagging. */
import { REGION } from "../types.ts";
import { s3Error } from "./errors.ts";
import { bucketArn, type S3Request } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { S3 } from "./state.ts";

/** HeadBucket. */
export function headBucket(_s3: S3, request: S3Request): void {
  request.call.authorize("s3:ListBucket", bucketArn(request));
  request.call.res.setHeader("x-amz-bucket-region", REGION);
  sendEmpty(request, 200);
}

/** GetBucketLocation; us-east-1 is the empty location. */
export function getBucketLocation(_s3: S3, request: S3Request): void {
  request.call.authorize("s3:GetBucketLocation", bucketArn(request));
  sendXml(request, "LocationConstraint", {});
}

/** GetBucketTagging. */
export function getBucketTagging(_s3: S3, request: S3Request): void {
  request.call.authorize("s3:GetBucketTagging", bucketArn(request));
  const tags = Object.entries(request.settings.tags);
  if (tags.length === 0) throw s3Error("NoSuchTagSet", { BucketName: request.bucket });
  sendXml(request, "Tagging", { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } });
}
