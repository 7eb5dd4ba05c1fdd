import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import * as z from "zod";
import { dynamoDb } from "#aws/clients.ts";
import { beginLine, describe, endLine } from "#aws/log.ts";
import { deliveryQueues } from "#aws/queues.ts";
import { createTable } from "#aws/table.ts";
import { event } from "#contract/events.ts";
import { fanOut } from "#core/fan-out.ts";
import { readEnv } from "../env.ts";

const env = readEnv(["TABLE_NAME", "DELIVER_FIRST_QUEUE_URL", "DELIVER_RETRY_QUEUE_URL"]);
const deps = {
  table: createTable(dynamoDb(), env.TABLE_NAME),
  queues: deliveryQueues(env),
  now: () => Date.now(),
};

/** EventBridge's envelope; `detail` is the event as it was stored. */
const envelope = z.object({ detail: event });

/** Events from the bus. A batch is done as a whole: doing it again costs little and changes nothing. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<SQSBatchResponse> {
  beginLine(Date.now(), { function: "fan-out", lambda_request_id: context.awsRequestId });
  const parsed = Records.map(({ messageId, body }) => ({
    messageId,
    envelope: envelope.safeParse(JSON.parse(body)),
  }));
  const events = parsed.flatMap(({ envelope }) => (envelope.success ? [envelope.data.detail] : []));
  const request_id = [...new Set(events.map((event) => event.request_id))].join(" ");
  const bad = parsed.filter(({ envelope }) => !envelope.success);
  try {
    const { deliveries } = await fanOut(deps, events);
    endLine(Date.now(), { request_id, events: events.length, deliveries, malformed: bad.length });
    return { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  } catch (error) {
    endLine(Date.now(), { request_id, events: events.length, error: describe(error) });
    return { batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  }
}
