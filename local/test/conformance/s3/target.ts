/** What the cases need of an S3: a bucket with these rules, and ways to call it. */
import assert from "node:assert/strict";
import type { S3Client } from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";

export interface S3Target {
  /** Path-style, with a key that may do everything. */
  readonly client: S3Client;
  /** e.g. `http://127.0.0.1:49152` */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

export const MIB = 1024 * 1024;

/** The bucket's CORS rules, as S3's API has them. */
export const CORS_RULES = [
  {
    AllowedOrigins: ["https://*.example.com", "http://localhost:5173"],
    AllowedMethods: ["GET", "PUT"],
    AllowedHeaders: ["content-*", "x-amz-checksum-crc32"],
    ExposeHeaders: ["ETag", "x-amz-request-id"],
    MaxAgeSeconds: 300,
  },
  { AllowedOrigins: ["*"], AllowedMethods: ["HEAD"] },
];

const RUN = Date.now().toString(36);
let count = 0;

/** A key that nothing is under. */
export const freshKey = (name = "case") => `${name}-${RUN}-${++count}`;

/** A request of just these headers, signed; the payload isn't. */
export async function call(
  target: S3Target,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Response> {
  const { accessKeyId, secretAccessKey, endpoint, bucket } = target;
  const aws = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1", retries: 0 });
  const body = typeof init.body === "object" ? new Uint8Array(init.body) : init.body;
  return fetch(
    await aws.sign(`${endpoint}/${bucket}/${path}`, {
      ...init,
      ...(body !== undefined && { body }),
      aws: { allHeaders: true },
    }),
  );
}

/** Status, and S3's code where it names one: `412 PreconditionFailed`. */
export async function outcome(response: Response): Promise<string> {
  const code = /<Code>([^<]*)<\/Code>/.exec(await response.text())?.[1];
  return code === undefined ? String(response.status) : `${response.status} ${code}`;
}

/** Asserts that the call is refused by an error of that name. */
export async function isRefused(call: Promise<unknown>, name: string): Promise<void> {
  const error = await call.then(
    () => assert.fail(`it is not refused; AWS: ${name}`),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof Error);
  assert.equal(error.name, name, error.message);
}
