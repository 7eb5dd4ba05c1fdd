/** The local cloud in memory, on free ports: the same checks without an account. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { REGION } from "@wharf/local-cloud";
import { startWharf } from "#start/start-wharf.ts";
import { type Target, withClient } from "./target.ts";

/** Starts it, lets `use` work with it and stops it, whatever becomes of `use`. */
export async function withLocalTarget(use: (target: Target) => Promise<void>): Promise<void> {
  const cloud = await startWharf();
  const aws = { endpoint: cloud.awsUrl, region: REGION, credentials: cloud.rootCredentials };
  const s3 = new S3Client({ ...aws, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" });
  const dynamodb = new DynamoDBClient(aws);
  const { BucketName: bucket, TableName: tableName } = cloud.outputs;
  try {
    if (bucket === undefined || tableName === undefined)
      throw new Error(`BucketName or TableName is missing in ${Object.keys(cloud.outputs)}`);
    await use(await withClient({ kind: "local", origin: cloud.apiUrl, bucket, tableName, s3, dynamodb }));
  } finally {
    s3.destroy();
    dynamodb.destroy();
    await cloud.stop();
  }
}
