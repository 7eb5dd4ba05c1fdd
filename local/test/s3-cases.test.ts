import { afterAll, beforeAll, describe, test } from "vitest";
import { checksumCases } from "./conformance/s3/checksums.ts";
import { corsCases } from "./conformance/s3/cors.ts";
import { listingCases } from "./conformance/s3/listing.ts";
import { multipartCases } from "./conformance/s3/multipart.ts";
import { objectCases } from "./conformance/s3/objects.ts";
import { presignedCases } from "./conformance/s3/presigned.ts";
import { CORS_RULES, type S3Target } from "./conformance/s3/target.ts";
import { BUCKET, type Harness, startS3 } from "./s3-harness.ts";

let h: Harness;
let target: S3Target;
beforeAll(async () => {
  const corsRules = CORS_RULES.map((rule) => ({
    allowedOrigins: rule.AllowedOrigins,
    allowedMethods: rule.AllowedMethods,
    allowedHeaders: rule.AllowedHeaders ?? [],
    exposedHeaders: rule.ExposeHeaders ?? [],
    ...(rule.MaxAgeSeconds && { maxAgeSeconds: rule.MaxAgeSeconds }),
  }));
  h = await startS3({ bucket: { corsRules } });
  target = { ...h, bucket: BUCKET };
});
afterAll(() => h[Symbol.asyncDispose]());

describe("an upload by parts", () => {
  for (const { name, behaviours, check } of multipartCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});

describe("a checksum", () => {
  for (const { name, behaviours, check } of checksumCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});

describe("an object", () => {
  for (const { name, behaviours, check } of objectCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});

describe("a presigned URL", () => {
  for (const { name, behaviours, check } of presignedCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});

describe("CORS", () => {
  for (const { name, behaviours, check } of corsCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});

describe("a list of objects", () => {
  for (const { name, behaviours, check } of listingCases)
    test(name, { tags: [...behaviours] }, () => check(target));
});
