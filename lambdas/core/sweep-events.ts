import { type DueDeps, eachDueBatch } from "./each-due.ts";
import { type RelayDeps, relayEvents } from "./relay-events.ts";
import { eventRecord } from "./webhook-records.ts";

/** Takes out events that have stood in the outbox for two minutes: the relay has missed them. Returns how many. */
export function sweepEvents(deps: RelayDeps & DueDeps): Promise<number> {
  return eachDueBatch(deps, "event", async (items) => {
    const done = await relayEvents(
      deps,
      items.map((item) => eventRecord.parse(item)),
    );
    return done.size;
  });
}
