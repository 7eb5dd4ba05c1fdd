import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { BUCKET as Bucket, startS3 } from "@wharf/local-cloud/test/s3-harness.ts";
import { expect, test } from "vitest";
import { emptyBucket } from "./empty-bucket.ts";

test("a bucket is emptied of objects past the first page, and of uploads", async () => {
  await using harness = await startS3();
  const { client } = harness;
  // S3: a listing has 1,000 keys at most.
  for (let first = 0; first < 1_001; first += 77)
    await Promise.all(
      Array.from({ length: 77 }, (_, index) =>
        client.send(new PutObjectCommand({ Bucket, Key: `o/${first + index}`, Body: "x" })),
      ),
    );
  await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "o/begun" }));
  await emptyBucket(client, Bucket);
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  expect({ Contents, Uploads }).toEqual({});
});

test("what may not be deleted is named", async () => {
  await using harness = await startS3();
  await harness.client.send(new PutObjectCommand({ Bucket, Key: "o/kept", Body: "x" }));
  harness.denied.add("s3:DeleteObject");
  await expect(emptyBucket(harness.client, Bucket)).rejects.toThrow(/o\/kept stays: AccessDenied/);
});
