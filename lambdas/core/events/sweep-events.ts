import type { Item } from "#aws/table.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDueBatch } from "#core/kernel/each-due.ts";
import type { RelayDeps } from "./deps.ts";
import { type EventRecord, eventRecord } from "./records.ts";
import { relayEvents } from "./relay-events.ts";

/** Takes out events that have stood in the outbox for two minutes: the relay has missed them. Returns how many. */
export function sweepEvents(deps: RelayDeps & DueDeps): Promise<number> {
  return eachDueBatch(deps, "event", async (items, failed) => {
    const events: { item: Item; event: EventRecord }[] = [];
    for (const item of items) {
      const { data, error } = eventRecord.safeParse(item);
      if (data === undefined) await failed(item, error);
      else events.push({ item, event: data });
    }
    const done = await relayEvents(
      deps,
      events.map(({ event }) => event),
    );
    for (const { item, event } of events) {
      if (!done.has(event.event_id)) await failed(item, new Error(`${event.event_id} was not taken`));
    }
    return done.size;
  });
}
