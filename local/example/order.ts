import { randomUUID } from "node:crypto";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const s3 = new S3Client();
const sqs = new SQSClient();

/** `POST /orders`: keeps the order, and has it packed. */
export async function handler({ body }: { body: string }) {
  const id = randomUUID();
  await s3.send(new PutObjectCommand({ Bucket: process.env["BUCKET"], Key: id, Body: body }));
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env["QUEUE"], MessageBody: id }));
  return { statusCode: 202, body: JSON.stringify({ id }) };
}
