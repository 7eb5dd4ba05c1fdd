import { keys } from "#aws/keys.ts";
import { event } from "#contract/events.ts";
import { actingAs, makerKeys } from "#core/accounts/authenticate.ts";
import type { DeliveryRecord, HookRecord } from "#core/attempts/records.ts";
import { endpointHearer, hearerBy } from "#core/events/may-hear.ts";
import { eventRecord } from "#core/events/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/** Whether an endpoint's maker may hear now of what a delivery tells; of a ping or a test always. */
export async function stillHears(
  deps: TableDeps,
  hook: HookRecord,
  { event_id, body }: DeliveryRecord,
): Promise<boolean> {
  if (body !== undefined) return true;
  const eventKey = keys.event(event_id);
  const items = await deps.table.batchGet([...makerKeys(hook), eventKey]);
  const maker = actingAs(deps, hook, items);
  const stored = items.find(({ pk }) => pk === eventKey.pk);
  // One that has expired is sent to nobody.
  if (maker === undefined || stored === undefined) return stored === undefined;
  const told = event.parse(JSON.parse(eventRecord.parse(stored).body));
  return hearerBy(endpointHearer(deps, maker), maker, hook)(told, new Map());
}
