import { describe, say } from "#aws/log.ts";
import { isPassing } from "#aws/passing.ts";
import { within } from "#core/kernel/within.ts";
import { appendToFeed } from "./append-to-feed.ts";
import type { RelayDeps } from "./deps.ts";
import type { EventRecord } from "./records.ts";

/** As the relay's, which is a sixth of its time. */
const ITEM_MS = 5_000;

/**
 * Takes events of the outbox out to the bus and into their workspaces' logs, and returns the ids of those done.
 *
 * The bus comes first: an event leaves the index `due` in the transaction that gives it its place in the log, so a
 * crash in between sends it once more and never not at all. One that is refused keeps no other.
 *
 * @throws where nothing went well, and not for the events' own sake
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
    await append(workspace, group);
  }
  // Nothing at all went well: the cause is worth more than a list of failures.
  if (done.size === 0 && errors.some(isPassing)) throw errors.find(isPassing);
  return done;

  async function append(workspace: string, group: readonly EventRecord[]): Promise<void> {
    try {
      await within(deps.itemMs ?? ITEM_MS, appendToFeed(deps, workspace, group));
      for (const { event_id } of group) done.add(event_id);
    } catch (error) {
      if (group.length > 1 && !isPassing(error)) {
        for (const event of group) await append(workspace, [event]);
        return;
      }
      errors.push(error);
      const facts = { events: group.map(({ event_id }) => event_id), error: describe(error) };
      say("error", "events could not be given their places", facts);
    }
  }
}
