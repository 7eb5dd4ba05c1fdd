import { keys } from "#aws/keys.ts";
import type { Lane, Wake } from "#aws/queues.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Event } from "#contract/events.ts";
import type { Trigger } from "#core/attempts/contract.ts";
import { deliveryId } from "#core/attempts/delivery-id.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { type DeliveryRecord, deliveryRecord, type HookRecord } from "#core/attempts/records.ts";
import { DELIVERY_KEEP_MS } from "#core/attempts/schedule.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import { disableDeaf } from "#core/endpoints/disable-deaf.ts";
import { matchEndpoints, type Subscription } from "#core/endpoints/match-endpoints.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { blockedUntil, laneOf } from "#core/turns/endpoint-limits.ts";
import { reserveTurns, type Wait } from "#core/turns/reserve-turns.ts";
import { reviveSkipped } from "./revive-skipped.ts";

/** Rows that are written at once. The few of those that wait leave the rest to the workers that are being woken. */
const PARALLEL_WRITES: Record<Lane, number> = { first: 25, retry: 5 };
/** Rows whose messages go before the next rows are written. */
const PER_SEND = 50;

/**
 * Writes one delivery for each endpoint that wants an event, and wakes a worker for it. Doing it again changes nothing:
 * neither rows that are there nor the turns that are kept for them.
 */
export async function fanOut(deps: QueueDeps, events: readonly Event[]): Promise<{ deliveries: number }> {
  // From before the endpoints are read: what changes from now on is known to be newer than the rows.
  const now = deps.now();
  const subscriptions = await matchEndpoints(deps, events);
  const skipped: DeliveryRecord[] = [];
  // Whose turn it is goes first: it must not wait for the rows of endpoints that wait anyway.
  for (const lane of ["first", "retry"] as const) {
    const mine = subscriptions.filter(({ state }) => laneOf(state, now) === lane);
    const planned = await inParallel(mine, PARALLEL_WRITES[lane], (subscription) =>
      plan(deps, now, subscription),
    );
    const inTurn = byTurns(planned);
    for (let start = 0; start < inTurn.length; start += PER_SEND) {
      const written = await inParallel(
        inTurn.slice(start, start + PER_SEND),
        PARALLEL_WRITES[lane],
        (delivery) => writeDelivery(deps, now, delivery),
      );
      await deps.queues.send(
        lane,
        written.flatMap(({ wake }) => wake ?? []),
        now,
      );
      skipped.push(...written.flatMap(({ skipped }) => skipped ?? []));
    }
  }
  await reviveSkipped(deps, skipped);
  await disableDeaf(deps, events);
  return { deliveries: subscriptions.reduce((sum, { events }) => sum + events.length, 0) };
}

/** The first of each endpoint, then the second of each. */
function byEndpoints(planned: readonly Planned[][]): Planned[] {
  const most = Math.max(0, ...planned.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => planned.flatMap((ones) => ones[index] ?? [])).flat();
}

/** One delivery of each client, then the next of each: who has a hundred endpoints is no sooner served for that. */
function byTurns(planned: readonly Planned[][]): Planned[] {
  const counts = new Map<string, number>();
  return byEndpoints(planned)
    .map((one) => {
      const turn = counts.get(one.hook.client_id) ?? 0;
      counts.set(one.hook.client_id, turn + 1);
      return { one, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ one }) => one);
}

interface Planned {
  hook: HookRecord;
  event: Event;
  hostClients: number;
  wait: Wait;
}

/** When each event's first attempt comes: where others wait for their turn already, after them. */
async function plan(
  deps: QueueDeps,
  now: number,
  { hook, state, hostClients, events }: Subscription,
): Promise<Planned[]> {
  const waits = new Map<string, Wait>();
  if (
    hook.disabled_at === undefined &&
    blockedUntil(state, now) === undefined &&
    (state.turn_ms ?? 0) >= now
  ) {
    const fresh = await withoutRow(deps, hook, events);
    const turns =
      fresh.length === 0
        ? []
        : await reserveTurns(deps, hook, { state, count: fresh.length, now }).catch(ifMovedOn);
    for (const [index, { id }] of fresh.entries()) {
      const turn = turns[index];
      if (turn !== undefined) waits.set(id, turn);
    }
  }
  return events.map((event) => {
    const wait = waits.get(event.id) ?? { at: blockedUntil(state, now) ?? now, reserved: false };
    return { hook, event, hostClients, wait };
  });
}

/** Events that no earlier run has written a row for: theirs have their turns. */
async function withoutRow(deps: QueueDeps, hook: HookRecord, events: readonly Event[]): Promise<Event[]> {
  const idOf = ({ id }: Event) => deliveryId(hook.webhook_id, id);
  const byId = new Map(events.map((event) => [idOf(event), event]));
  const rows = await deps.table.batchGet([...byId.keys()].map((id) => keys.delivery(hook.webhook_id, id)));
  for (const row of rows) byId.delete(String(row["delivery_id"]));
  return [...byId.values()];
}

/** Its turns are free by now, or it is gone: a worker finds out. */
function ifMovedOn(error: unknown): Wait[] {
  if (error instanceof ConditionFailed) return [];
  throw error;
}

/** The message for a row's first attempt, where that is still to come; or the row, where there is to be none. */
interface Written {
  wake?: Wake;
  skipped?: DeliveryRecord;
}

/** Writes the row unless it is there. */
async function writeDelivery(
  deps: QueueDeps,
  now: number,
  { hook, event, hostClients, wait }: Planned,
): Promise<Written> {
  const delivery_id = deliveryId(hook.webhook_id, event.id);
  const skipped = hook.disabled_at !== undefined;
  const next_ms = Math.round(wait.at);
  const { bySweep, due_pk, due_sk } = wakeAt(delivery_id, next_ms, now);
  const row: Item & { next_ms: number } = {
    delivery_id,
    webhook_id: hook.webhook_id,
    client_id: hook.client_id,
    event_id: event.id,
    event_type: event.type,
    workspace_id: event.workspace_id,
    organization_id: event.organization_id,
    request_id: event.request_id,
    status: skipped ? "skipped_disabled" : "pending",
    trigger: "event" satisfies Trigger,
    attempts: 0,
    step: 0,
    started_ms: now,
    next_ms,
    ...(wait.reserved ? { reserved: true } : {}),
    host_clients: hostClients,
    epoch: hook.epoch,
    created_ms: now,
    ttl: ttl(now + DELIVERY_KEEP_MS),
    ...(skipped ? { finished_at: iso(now), reason: "endpoint_disabled" } : { due_pk, due_sk }),
  };
  let written = deliveryRecord.parse(row);
  let fresh = true;
  try {
    await deps.table.put({
      put: { ...keys.delivery(hook.webhook_id, delivery_id), ...row },
      condition: "attribute_not_exists(#pk)",
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Written before, by a run that may have ended before it sent the message, or by this put, which the SDK sends again.
    written = deliveryRecord.parse(error.item);
    fresh = written.created_ms === now;
  }
  if (written.status === "skipped_disabled") return skipped ? { skipped: written } : {};
  if (written.status !== "pending" || written.attempts > 0) return {};
  return fresh && bySweep ? {} : { wake: wakeMessage(written) };
}
