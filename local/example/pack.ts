import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const s3 = new S3Client();
const dynamodb = new DynamoDBClient();

/** Packs the orders that the queue names. */
export async function handler({ Records }: { Records: { messageId: string; body: string }[] }) {
  const packed = await Promise.allSettled(Records.map(({ body }) => pack(body)));
  const failed = Records.filter((_, index) => packed[index]?.status === "rejected");
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function pack(id: string): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: process.env["BUCKET"], Key: id }));
  const order = (await Body?.transformToString()) ?? "";
  const Item = { id: { S: id }, order: { S: order }, packed: { BOOL: true } };
  await dynamodb.send(new PutItemCommand({ TableName: process.env["TABLE"], Item }));
}
