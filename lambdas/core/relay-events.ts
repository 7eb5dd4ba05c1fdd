import type { Bus } from "#aws/events.ts";
import { appendToFeed } from "./append-to-feed.ts";
import type { Deps } from "./deps.ts";
import type { EventRecord } from "./webhook-records.ts";

export type RelayDeps = Pick<Deps, "table" | "now"> & { bus: Bus };

/**
 * Takes events of the outbox out to the bus and into their workspaces' logs, and returns the ids of those done.
 *
 * The bus comes first: an event leaves the index `due` in the transaction that gives it its place in the log, so a
 * crash in between sends it once more and never not at all.
 */
export async function relayEvents(deps: RelayDeps, events: readonly EventRecord[]): Promise<Set<string>> {
  const taken = await deps.bus.publish(events);
  const byWorkspace = Map.groupBy(
    events.filter(({ event_id }) => taken.has(event_id)),
    ({ workspace_id }) => workspace_id,
  );
  const done = new Set<string>();
  const errors: unknown[] = [];
  for (const [workspace, group] of byWorkspace) {
    try {
      await appendToFeed(deps, workspace, group);
      for (const { event_id } of group) done.add(event_id);
    } catch (error) {
      errors.push(error);
    }
  }
  // Nothing at all went well: the cause is worth more than a list of failures.
  if (done.size === 0 && errors.length > 0) throw errors[0];
  return done;
}
