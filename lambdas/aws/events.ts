import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { EVENT_SOURCE } from "#contract/events.ts";
import { clientLimits, counted } from "./clients.ts";
import { describe, say } from "./log.ts";
import { isPassing } from "./passing.ts";

/** An event as it goes on the bus; `body` is the exact text that receivers get. */
export interface BusEvent {
  event_id: string;
  type: string;
  body: string;
}

// EventBridge: 10 entries, and 256 KB together, per PutEvents at most.
const MAX_ENTRIES = 10;
const MAX_BYTES = 240_000;

export type Bus = ReturnType<typeof createBus>;

/** The bus that a function's environment names. */
export function eventBus(env: { BUS_NAME: string }): Bus {
  return createBus(counted(new EventBridgeClient(clientLimits), "events"), env.BUS_NAME);
}

/** Binds publishing to a client and a bus's name. Only the relay and the sweep, which stands in for it, publish. */
export function createBus(client: EventBridgeClient, name: string) {
  /**
   * Puts events on the bus and returns the ids of those that it took.
   *
   * PutEvents succeeds in part: a request that is answered 200 may hold entries that failed. One that is refused as a
   * whole, as too large or malformed, is sent again entry by entry, so that one event keeps no other.
   */
  async function publish(events: readonly BusEvent[]): Promise<Set<string>> {
    const taken = new Set<string>();
    for (const batch of batches(events)) await put(batch, taken);
    return taken;
  }

  async function put(batch: readonly BusEvent[], taken: Set<string>): Promise<void> {
    try {
      const answer = await client.send(
        new PutEventsCommand({
          Entries: batch.map((event) => ({
            EventBusName: name,
            Source: EVENT_SOURCE,
            DetailType: event.type,
            Detail: event.body,
          })),
        }),
      );
      for (const [index, event] of batch.entries()) {
        const entry = answer.Entries?.[index];
        if (entry?.EventId !== undefined && entry.ErrorCode === undefined) taken.add(event.event_id);
      }
    } catch (error) {
      if (isPassing(error)) throw error;
      if (batch.length === 1)
        say("error", "the bus refuses an event", { event_id: batch[0]?.event_id, error: describe(error) });
      else for (const event of batch) await put([event], taken);
    }
  }

  return { publish };
}

function* batches(events: readonly BusEvent[]): Generator<BusEvent[]> {
  let batch: BusEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.body) + 1024;
    if (batch.length === MAX_ENTRIES || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
