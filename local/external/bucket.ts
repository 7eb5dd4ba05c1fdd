import {
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type BucketOptions, bucketSchema } from "../s3/buckets.ts";

/** Creates the bucket, or brings one that is there to these settings. */
export async function createBucket(s3: S3Client, options: BucketOptions): Promise<void> {
  const { name: Bucket, corsRules, lifecycleRules, eventBridgeEnabled } = bucketSchema.parse(options);
  // S3, us-east-1: creating a bucket again that is one's own succeeds.
  await s3.send(new CreateBucketCommand({ Bucket }));
  if (corsRules.length > 0) {
    const CORSRules = corsRules.map((rule) => ({
      AllowedOrigins: rule.allowedOrigins,
      AllowedMethods: rule.allowedMethods,
      AllowedHeaders: rule.allowedHeaders,
      ExposeHeaders: rule.exposedHeaders,
      MaxAgeSeconds: rule.maxAgeSeconds,
    }));
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  }
  if (lifecycleRules.length > 0) {
    const Rules = lifecycleRules.map((rule, index) => ({
      ID: String(index),
      Status: rule.enabled ? ("Enabled" as const) : ("Disabled" as const),
      Filter: { Prefix: rule.prefix },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.abortIncompleteMultipartUploadDays },
    }));
    const LifecycleConfiguration = { Rules };
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  }
  if (eventBridgeEnabled) {
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  }
}
