import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";

/** A run makes some hundred objects; more passes than this mean that somebody else is at work. */
const MAX_PASSES = 100;

/**
 * Removes every object and every upload of a bucket, which CloudFormation deletes only when it is empty.
 *
 * @throws Error where S3 refuses to delete one, or objects keep appearing.
 */
export async function emptyBucket(s3: S3Client, Bucket: string): Promise<void> {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    if (Contents.length === 0 && Uploads.length === 0) return;
    for (const { Key, UploadId } of Uploads)
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    if (Contents.length > 0) {
      const Objects = Contents.map(({ Key }) => ({ Key }));
      const { Errors = [] } = await s3.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors;
      if (first !== undefined)
        throw new Error(`${Bucket}: ${first.Key} stays: ${first.Code} ${first.Message}`);
    }
  }
  throw new Error(`${Bucket} keeps filling up`);
}
