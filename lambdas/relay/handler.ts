import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { beginLine, describe, endLine, note, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import { type EventRecord, eventRecord } from "#core/events/records.ts";
import { relayEvents } from "#core/events/relay-events.ts";
import { relayDeps } from "../deps/relay-deps.ts";

const deps = relayDeps();

/**
 * New events, from the table's stream. Lambda goes on from the first that failed.
 *
 * A record that can't be read never will be: it holds up its shard for nothing, so it is told of and left to the
 * sweep, which puts it aside.
 */
export async function handler(
  { Records }: DynamoDBStreamEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<DynamoDBBatchResponse> {
  const readable = Records.flatMap((record) => {
    const event = newEvent(record);
    return event === undefined ? [] : [{ record, event }];
  });
  const events = readable.map(({ event }) => event);
  beginLine(Date.now(), {
    function: "relay",
    lambda_request_id: context.awsRequestId,
    request_id: [...new Set(events.map(({ request_id }) => request_id))].join(" "),
  });
  let done = new Set<string>();
  try {
    // A sixth each: what hangs with its workspace's others, and then alone, leaves the rest of them their time.
    done = await relayEvents({ ...deps, itemMs: context.getRemainingTimeInMillis() / 6 }, events);
  } catch (error) {
    note({ error: describe(error) });
  }
  const failed = readable.filter(({ event }) => !done.has(event.event_id));
  endLine(Date.now(), { events: events.length, failed: failed.length });
  return {
    batchItemFailures: failed.map(({ record }) => ({ itemIdentifier: sequenceOf(record) })),
  };
}

/** @throws Error for a record without a number, by which Lambda takes the whole batch as failed. */
function sequenceOf({ dynamodb }: DynamoDBRecord): string {
  if (dynamodb?.SequenceNumber === undefined) throw new Error("a record of the stream has no number");
  return dynamodb.SequenceNumber;
}

function newEvent({ dynamodb }: DynamoDBRecord): EventRecord | undefined {
  // The stream's types and the SDK's say the same in different words.
  const image = dynamodb?.NewImage as Parameters<typeof unmarshall>[0] | undefined;
  const { data, error } = eventRecord.safeParse(image && unmarshall(image));
  if (data === undefined) {
    const pk = dynamodb?.Keys?.["pk"]?.S;
    say("error", "an event of the outbox can't be read", { pk, error: describe(error) });
    emitMetric(deps.table.name, "PutAside", 1, Date.now());
  }
  return data;
}
