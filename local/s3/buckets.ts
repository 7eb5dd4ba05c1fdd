/** Buckets and what CloudFormation says of them. */
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Room } from "../data/room.ts";

const corsRuleSchema = z.object({
  allowedOrigins: z.array(z.string()),
  allowedMethods: z.array(z.string()),
  allowedHeaders: z.array(z.string()).default([]),
  exposedHeaders: z.array(z.string()).default([]),
  maxAgeSeconds: z.number().optional(),
});
export type CorsRule = z.infer<typeof corsRuleSchema>;

const lifecycleRuleSchema = z.object({
  prefix: z.string().default(""),
  enabled: z.boolean().default(true),
  /** Days after which an unfinished multipart upload is aborted. */
  abortIncompleteMultipartUploadDays: z.number().optional(),
  /** Days after which an object is deleted. */
  expirationDays: z.number().optional(),
});

export const bucketSchema = z.object({
  name: z.string(),
  corsRules: z.array(corsRuleSchema).default([]),
  lifecycleRules: z.array(lifecycleRuleSchema).default([]),
  eventBridgeEnabled: z.boolean().default(false),
  /** The bucket policy document; the local cloud's IAM reads it, S3 only keeps it. */
  policy: z.unknown().optional(),
  publicAccessBlock: z.record(z.string(), z.boolean()).optional(),
  encryption: z.literal("AES256").default("AES256"),
  ownership: z
    .enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
    .default("BucketOwnerEnforced"),
  tags: z.record(z.string(), z.string()).default({}),
});

/** A bucket as the template describes it; what is left out has S3's default. */
export type BucketOptions = z.input<typeof bucketSchema>;
const keptSchema = bucketSchema.extend({
  /** Epoch ms; buckets of earlier versions have none until they are put again. */
  created: z.number().default(0),
});
export type Bucket = z.output<typeof keptSchema>;

export interface Buckets {
  /** Creates the bucket or replaces its settings; objects stay. */
  put(options: BucketOptions): Bucket;
  get(name: string): Bucket | undefined;
  /** In the order of their names. */
  all(): Bucket[];
}

/** Keeps buckets in `database`, and in memory for reading. */
export function createBuckets(
  database: DatabaseSync,
  { commit }: Pick<Room, "commit">,
  now: () => number,
): Buckets {
  const save = database.prepare("INSERT OR REPLACE INTO buckets (name, config) VALUES (?, ?)");
  const known = new Map<string, Bucket>();
  for (const row of database.prepare("SELECT config FROM buckets").all()) {
    const bucket = keptSchema.parse(JSON.parse(String(row["config"])));
    known.set(bucket.name, bucket);
  }
  return {
    put(options) {
      const created = known.get(options.name)?.created || now();
      const bucket = { ...bucketSchema.parse(options), created };
      commit(() => save.run(bucket.name, JSON.stringify(bucket)));
      known.set(bucket.name, bucket);
      return bucket;
    },
    get: (name) => known.get(name),
    all: () => [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
