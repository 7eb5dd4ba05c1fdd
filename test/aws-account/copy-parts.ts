import { DeleteObjectCommand, PutObjectCommand, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { bytesOf, MIB } from "./send-part.ts";
import type { Target } from "./target.ts";

/** S3: every part but the last has 5 MiB at least. */
const PART_SIZE = 5 * MIB;
const AT_ONCE = 20;

/** Starts an upload and lets S3 copy all its parts from one object of 5 MiB. Returns the upload's id. */
export async function copyParts(
  { api, s3, bucket: Bucket }: Target,
  filename: string,
  count: number,
): Promise<string> {
  const { upload_id, parts } = await api.start(filename, count * PART_SIZE, { part_size: PART_SIZE });
  const url = new URL(parts[0]?.url ?? "");
  const UploadId = url.searchParams.get("uploadId") ?? "";
  // Path style where the host names no bucket.
  const Key = decodeURIComponent(url.pathname).slice(1).replace(`${Bucket}/`, "");
  const source = { Bucket, Key: "test-aws/source-of-parts" };
  await s3.send(new PutObjectCommand({ ...source, Body: bytesOf(PART_SIZE) }));
  try {
    const CopySource = `${Bucket}/${source.Key}`;
    for (let first = 1; first <= count; first += AT_ONCE) {
      const numbers = Array.from(
        { length: Math.min(AT_ONCE, count + 1 - first) },
        (_, index) => first + index,
      );
      await Promise.all(
        numbers.map((PartNumber) =>
          s3.send(new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource })),
        ),
      );
    }
  } finally {
    await s3.send(new DeleteObjectCommand(source));
  }
  return upload_id;
}
