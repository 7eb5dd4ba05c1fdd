import { z } from "zod";
import type { Iam } from "../../iam/iam.ts";
import type { Services } from "../../services.ts";
import { documentSchema, inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";

const bucketSchema = z.strictObject({
  BucketName: z.string().optional(),
  BucketEncryption: z
    .strictObject({
      ServerSideEncryptionConfiguration: z.tuple([
        z.strictObject({
          ServerSideEncryptionByDefault: z.strictObject({ SSEAlgorithm: z.enum(["AES256"]) }),
          BucketKeyEnabled: inert,
        }),
      ]),
    })
    .optional(),
  CorsConfiguration: z
    .strictObject({
      CorsRules: z.array(
        z.strictObject({
          Id: inert,
          AllowedOrigins: z.array(z.string()),
          AllowedMethods: z.array(z.string()),
          AllowedHeaders: z.array(z.string()).default([]),
          ExposedHeaders: z.array(z.string()).default([]),
          MaxAge: z.number().optional(),
        }),
      ),
    })
    .default({ CorsRules: [] }),
  LifecycleConfiguration: z
    .strictObject({
      TransitionDefaultMinimumObjectSize: inert,
      Rules: z.array(
        z
          .strictObject({
            Id: inert,
            Status: z.enum(["Enabled", "Disabled"]),
            Prefix: z.string().default(""),
            AbortIncompleteMultipartUpload: z
              .strictObject({ DaysAfterInitiation: z.int().positive() })
              .optional(),
            ExpirationInDays: z.int().positive().optional(),
          })
          // CloudFormation, AWS::S3::Bucket Rule: "You must specify at least one of" these and others.
          .refine((rule) => (rule.AbortIncompleteMultipartUpload ?? rule.ExpirationInDays) !== undefined, {
            message: "has neither AbortIncompleteMultipartUpload nor ExpirationInDays",
          }),
      ),
    })
    .default({ Rules: [] }),
  NotificationConfiguration: z
    .strictObject({ EventBridgeConfiguration: z.strictObject({ EventBridgeEnabled: z.boolean() }) })
    .optional(),
  OwnershipControls: z
    .strictObject({
      Rules: z.tuple([
        z.strictObject({
          ObjectOwnership: z.enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
        }),
      ]),
    })
    .optional(),
  PublicAccessBlockConfiguration: z.record(z.string(), z.boolean()).optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).default([]),
});

const policySchema = z.strictObject({
  Bucket: z.string(),
  PolicyDocument: documentSchema,
});

/** Buckets and their policies. `putPolicy` enforces a policy document on a resource's ARN. */
export function s3Resources(s3: Services["s3"], putPolicy: Iam["putResourcePolicy"]): Provisioners {
  return {
    "AWS::S3::Bucket": async (resource) => {
      const properties = parseProperties(bucketSchema, resource);
      const name = properties.BucketName ?? physicalName(resource, 63).toLowerCase();
      const ownership = properties.OwnershipControls?.Rules[0].ObjectOwnership;
      const access = properties.PublicAccessBlockConfiguration;
      await s3.createBucket({
        name,
        corsRules: properties.CorsConfiguration.CorsRules.map((rule) => ({
          allowedOrigins: rule.AllowedOrigins,
          allowedMethods: rule.AllowedMethods,
          allowedHeaders: rule.AllowedHeaders,
          exposedHeaders: rule.ExposedHeaders,
          ...(rule.MaxAge === undefined ? {} : { maxAgeSeconds: rule.MaxAge }),
        })),
        lifecycleRules: properties.LifecycleConfiguration.Rules.map((rule) => ({
          prefix: rule.Prefix,
          enabled: rule.Status === "Enabled",
          ...(rule.AbortIncompleteMultipartUpload && {
            abortIncompleteMultipartUploadDays: rule.AbortIncompleteMultipartUpload.DaysAfterInitiation,
          }),
          ...(rule.ExpirationInDays && { expirationDays: rule.ExpirationInDays }),
        })),
        eventBridgeEnabled:
          properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled ?? false,
        tags: Object.fromEntries(properties.Tags.map(({ Key, Value }) => [Key, Value])),
        ...(access && { publicAccessBlock: access }),
        ...(ownership && { ownership }),
      });
      return {
        ref: name,
        attributes: {
          Arn: `arn:aws:s3:::${name}`,
          DomainName: `${name}.s3.amazonaws.com`,
          RegionalDomainName: `${name}.s3.us-east-1.amazonaws.com`,
        },
      };
    },
    "AWS::S3::BucketPolicy": (resource) => {
      const { Bucket, PolicyDocument } = parseProperties(policySchema, resource);
      putPolicy(`arn:aws:s3:::${Bucket}`, PolicyDocument);
      return { ref: resource.logicalId };
    },
  };
}
