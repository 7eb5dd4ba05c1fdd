import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { dynamoDb } from "#aws/clients.ts";
import { eventBus } from "#aws/events.ts";
import { beginLine, describe, endLine, note } from "#aws/log.ts";
import { createTable } from "#aws/table.ts";
import { relayEvents } from "#core/relay-events.ts";
import { eventRecord } from "#core/webhook-records.ts";
import { readEnv } from "../env.ts";

const env = readEnv(["TABLE_NAME", "BUS_NAME"]);
const deps = {
  table: createTable(dynamoDb(), env.TABLE_NAME),
  bus: eventBus(env),
  now: () => Date.now(),
};

/** New events, from the table's stream. Lambda goes on from the first that failed. */
export async function handler(
  { Records }: DynamoDBStreamEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<DynamoDBBatchResponse> {
  const events = Records.map(newEvent);
  beginLine(Date.now(), {
    function: "relay",
    lambda_request_id: context.awsRequestId,
    request_id: [...new Set(events.map(({ request_id }) => request_id))].join(" "),
  });
  let done = new Set<string>();
  try {
    done = await relayEvents(deps, events);
  } catch (error) {
    note({ error: describe(error) });
  }
  const failed = Records.filter((_, index) => !done.has(events[index]?.event_id ?? ""));
  endLine(Date.now(), { events: events.length, failed: failed.length });
  return {
    batchItemFailures: failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber ?? "" })),
  };
}

function newEvent({ dynamodb }: DynamoDBRecord) {
  // The stream's types and the SDK's say the same in different words.
  const image = dynamodb?.NewImage as Parameters<typeof unmarshall>[0] | undefined;
  return eventRecord.parse(unmarshall(image ?? {}));
}
