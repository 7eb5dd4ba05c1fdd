/** Who owns buckets, objects and uploads: the one account. */
import { hash } from "node:crypto";
import { ACCOUNT } from "../types.ts";
import { s3Error } from "./errors.ts";
import type { Unrouted } from "./request.ts";

/** A canonical user id, as S3 shows one: 64 hex digits. S3 has stopped telling a DisplayName. */
export const OWNER = { ID: hash("sha256", ACCOUNT) };

/**
 * Refuses a request that expects the bucket to be somebody else's.
 * Sources: Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition";
 * localstack/localstack, `InvalidBucketOwnerAWSAccountID` (words and pattern).
 * @throws AwsError `AccessDenied`, `InvalidBucketOwnerAWSAccountID`
 */
export function checkExpectedOwner(
  request: Unrouted,
  header: "x-amz-expected-bucket-owner" | "x-amz-source-expected-bucket-owner",
): void {
  const expected = request.header(header);
  if (expected === undefined || expected === ACCOUNT) return;
  if (!/^\w{12}$/.test(expected)) {
    throw s3Error("InvalidBucketOwnerAWSAccountID", {
      message: `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected}]`,
    });
  }
  throw s3Error("AccessDenied");
}
