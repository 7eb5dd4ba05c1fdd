import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import * as z from "zod";
import { beginLine, describe, endLine, note } from "#aws/log.ts";
import { objectCreated } from "#core/finalize/object-created.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { runParts } from "#core/kernel/sweep.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { fileDeps } from "../deps/file-deps.ts";

/** A sweep begins nothing more when this share of the function's 60 s is left: one item may take 10 s. */
const RESERVE = 1 / 4;

const deps = fileDeps();

const message = z.discriminatedUnion("detail-type", [
  /** What EventBridge says of an object that S3 has completed. */
  z.object({
    "detail-type": z.literal("Object Created"),
    detail: z.object({ object: z.object({ key: z.string() }) }),
  }),
  /** The minute's tick. */
  z.object({ "detail-type": z.literal("Scheduled Event") }),
]);

/** Objects that S3 has made whole, or forms have brought, and each minute what uploads left behind; messages that fail come again. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  const reserveMs = RESERVE * context.getRemainingTimeInMillis();
  for (const record of Records) {
    beginLine(Date.now(), { function: "ingest", lambda_request_id: context.awsRequestId });
    try {
      await ingest(record, () => context.getRemainingTimeInMillis() > reserveMs);
    } catch (error) {
      note({ error: describe(error) });
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    endLine(Date.now());
  }
  return { batchItemFailures };
}

async function ingest({ body }: SQSRecord, timeLeft: () => boolean): Promise<void> {
  const given = message.parse(JSON.parse(body));
  if (given["detail-type"] === "Scheduled Event") {
    const { counts, failed } = await runParts(deps, {
      uploads: () => sweepUploads({ ...deps, timeLeft }),
      versions: () => sweepVersions({ ...deps, timeLeft }),
    });
    // A tick that failed in part is not tried again: the next one is a minute away.
    note({ ...counts, ...(failed.length > 0 ? { error: failed } : {}) });
    return;
  }
  const { key } = given.detail.object;
  note({ key });
  note({ result: await objectCreated(deps, key) });
}
