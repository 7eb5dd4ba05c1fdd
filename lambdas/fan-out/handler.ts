import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import * as z from "zod";
import { beginLine, describe, endLine, note, say } from "#aws/log.ts";
import { type Event, event } from "#contract/events.ts";
import { fanOut } from "#core/delivery/fan-out.ts";
import { parseJson } from "#core/kernel/parse-json.ts";
import { within } from "#core/kernel/within.ts";
import { queueDeps } from "../deps/queue-deps.ts";

const deps = queueDeps();

/** EventBridge's envelope; `detail` is the event as it was stored. */
const envelope = z.object({ detail: event });

/** Events from the bus, as one batch; where that fails, one by one, so that one that can't be done keeps no other. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  // The batch as a whole has a third of the function's time, and so has each event alone: one that hangs ends before it.
  const shareMs = context.getRemainingTimeInMillis() / 3;
  beginLine(Date.now(), { function: "fan-out", lambda_request_id: context.awsRequestId });
  const given = Records.map(({ messageId, body }) => ({ messageId, event: eventOf(body) }));
  const events = given.flatMap(({ event }) => event ?? []);
  const request_id = [...new Set(events.map((event) => event.request_id))].join(" ");
  let failed = given.filter(({ event }) => event === undefined);
  note({ request_id, events: events.length, malformed: failed.length });
  try {
    note({ deliveries: (await within(shareMs, fanOut(deps, events))).deliveries });
  } catch (error) {
    note({ error: describe(error) });
    const done = await Promise.all(given.map(({ event }) => event !== undefined && alone(event, shareMs)));
    failed = given.filter((_, index) => !done[index]);
  }
  endLine(Date.now(), { failed: failed.length });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function alone(event: Event, shareMs: number): Promise<boolean> {
  try {
    await within(shareMs, fanOut(deps, [event]));
    return true;
  } catch (error) {
    say("error", "an event could not be fanned out", { event_id: event.id, error: describe(error) });
    return false;
  }
}

function eventOf(body: string): Event | undefined {
  return envelope.safeParse(parseJson(body)).data?.detail;
}
