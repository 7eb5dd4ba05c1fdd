import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import * as z from "zod";
import { beginLine, describe, endLine, note } from "#aws/log.ts";
import { finishUpload } from "#core/finish-upload.ts";
import { uploadOfKey } from "#core/upload-record.ts";
import { fileDeps } from "../file-deps.ts";

const deps = fileDeps();

/** What EventBridge says of an object that S3 has completed. */
const objectCreated = z.object({ detail: z.object({ object: z.object({ key: z.string() }) }) });

/** Objects that S3 has made whole, one after another; those that fail come again. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const record of Records) {
    beginLine(Date.now(), { function: "ingest", lambda_request_id: context.awsRequestId });
    try {
      await finish(record);
    } catch (error) {
      note({ error: describe(error) });
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    endLine(Date.now());
  }
  return { batchItemFailures };
}

/** Finishes the upload whose finalize began and perhaps did not live to end. */
async function finish({ body }: SQSRecord): Promise<void> {
  const { key } = objectCreated.parse(JSON.parse(body)).detail.object;
  const uploadId = uploadOfKey(key);
  note({ key });
  if (uploadId !== undefined) note({ result: await finishUpload(deps, uploadId) });
}
