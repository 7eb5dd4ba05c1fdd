/** Every write to a delivery after its first: each has the delivery's state as its condition. */
import { randomUUID } from "node:crypto";
import { keys } from "#aws/keys.ts";
import type { Lane } from "#aws/queues.ts";
import { ConditionFailed, happened, type Item } from "#aws/table.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { GIVE_UP_MS, nextAttempt } from "#core/attempts/schedule.ts";
import type { Sent } from "#core/attempts/send-attempt.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { reviveSkipped } from "./revive-skipped.ts";

/** How long an attempt is its worker's alone: longer than its 15 s. */
export const LEASE_MS = 30_000;
const ATTEMPT_KEEP_MS = 30 * 86_400_000;

const STILL_DUE = "#status = :pending AND #next_ms = :seen_ms";
const UNLEASED = "(attribute_not_exists(#lease_until_ms) OR #lease_until_ms <= :now)";

function stillDue(delivery: DeliveryRecord): Item {
  return { pending: "pending" satisfies DeliveryStatus, seen_ms: delivery.next_ms };
}

/** Takes the attempt that is due, for 30 s; `undefined` where another has it or has made it. */
export async function takeLease(
  deps: Pick<Deps, "table" | "now">,
  delivery: DeliveryRecord,
): Promise<string | undefined> {
  const now = deps.now();
  const lease = randomUUID();
  const taken = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: { set: { lease, lease_until_ms: now + LEASE_MS } },
      // A send that is repeated by the SDK finds its own lease.
      condition: `${STILL_DUE} AND (${UNLEASED} OR #lease = :lease)`,
      values: { ...stillDue(delivery), now },
    }),
  );
  return taken ? lease : undefined;
}

/** Puts the attempt off without using it up; false where that ends the delivery, 80 hours after it began. */
export async function deferDelivery(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  { at, reserved, lane = "retry" }: { at: number; reserved: boolean; lane?: Lane },
): Promise<boolean> {
  const now = deps.now();
  const next_ms = Math.round(at);
  if (next_ms > delivery.started_ms + GIVE_UP_MS) {
    await finishDelivery(deps, delivery, "failed", "expired");
    return false;
  }
  const { bySweep, due_pk, due_sk } = wakeAt(delivery.delivery_id, next_ms, now);
  const deferred = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: {
        set: { next_ms, deferred: true, reserved, due_pk, due_sk },
        remove: ["rearms", "rearmed_by"],
      },
      condition: `${STILL_DUE} AND ${UNLEASED}`,
      values: { ...stillDue(delivery), now },
    }),
    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,
  );
  if (deferred && !bySweep) await deps.queues.send(lane, [wakeMessage({ ...delivery, next_ms })], now);
  return true;
}

/** A receiver that is slow for once may still be at it when its request is given up. */
const SET_ASIDE_MS = 5_000;

/**
 * Gives up an attempt that took longer than the workers of prompt endpoints wait. It uses up none: it is made anew
 * beside the retries, where it has its whole time.
 */
export async function setAside(deps: QueueDeps, delivery: DeliveryRecord, lease: string): Promise<void> {
  const now = deps.now();
  const next_ms = now + SET_ASIDE_MS;
  const { due_pk, due_sk } = wakeAt(delivery.delivery_id, next_ms, now);
  const mine = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: {
        set: { next_ms, deferred: true, due_pk, due_sk },
        remove: ["lease", "lease_until_ms", "reserved", "rearms", "rearmed_by"],
      },
      condition: "#lease = :lease AND #status = :pending",
      values: { lease, pending: "pending" satisfies DeliveryStatus },
    }),
    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,
  );
  if (mine) await deps.queues.send("retry", [wakeMessage({ ...delivery, next_ms })], now);
}

/**
 * Ends a delivery that is not being attempted. One whose endpoint was read as disabled goes all the same where that has
 * been enabled meanwhile.
 */
export async function finishDelivery<S extends Exclude<DeliveryStatus, "pending" | "succeeded">>(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  status: S,
  reason: string,
): Promise<S> {
  const now = deps.now();
  const at = iso(now);
  const ended = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: { set: { status, reason, finished_at: at }, remove: ["due_pk", "due_sk", ...OF_ATTEMPT] },
      condition: `${STILL_DUE} AND ${UNLEASED}`,
      values: { ...stillDue(delivery), now },
    }),
    (row) => row["status"] === status && row["finished_at"] === at,
  );
  if (ended && status === "skipped_disabled") await reviveSkipped(deps, [delivery]);
  return status;
}

/** What a row has for the sake of the attempt that it waits for, or that is under way. */
const OF_ATTEMPT = ["lease", "lease_until_ms", "deferred", "reserved", "rearms", "rearmed_by"];

/**
 * Records an attempt and what follows from it, in one transaction: the end, or the next attempt, for which a
 * message is sent. Nothing is recorded where the lease has been lost meanwhile; another has made the attempt then.
 */
export async function recordAttempt(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  lease: string,
  { attempt, verdict }: Pick<Sent, "attempt" | "verdict">,
): Promise<"succeeded" | "failed" | "retry" | "dropped"> {
  const now = deps.now();
  const made = delivery.step + 1;
  const next_ms =
    verdict.ok || verdict.disable !== undefined
      ? undefined
      : nextAttempt({
          made,
          now,
          startedMs: delivery.started_ms,
          minDelayMs: verdict.minDelayMs,
        });
  const status: DeliveryStatus = verdict.ok ? "succeeded" : next_ms === undefined ? "failed" : "pending";
  const wake = next_ms === undefined ? undefined : wakeAt(delivery.delivery_id, next_ms, now);
  const last = {
    ...{ status, attempts: attempt.number, step: made },
    ...{ last_status: attempt.status, last_error: attempt.error_class },
  };
  const reason = verdict.ok ? null : reasonOf(verdict, made);
  const update =
    wake === undefined
      ? { set: { ...last, reason, finished_at: iso(now) }, remove: ["due_pk", "due_sk", ...OF_ATTEMPT] }
      : { set: { ...last, next_ms, due_pk: wake.due_pk, due_sk: wake.due_sk }, remove: OF_ATTEMPT };
  const recorded = await happened(
    deps.table.transact([
      {
        key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
        update,
        condition: "#lease = :lease AND #status = :pending",
        values: { lease, pending: "pending" },
      },
      {
        put: {
          ...keys.attempt(delivery.delivery_id, attempt.number),
          ...attempt,
          ttl: ttl(now + ATTEMPT_KEEP_MS),
        },
        blind: "the row's lease, in the same transaction, says whose attempt of this number counts",
      },
    ]),
  );
  if (!recorded) return "dropped";
  if (next_ms === undefined || wake === undefined) return verdict.ok ? "succeeded" : "failed";
  if (!wake.bySweep) await deps.queues.send("retry", [wakeMessage({ ...delivery, next_ms })], now);
  return "retry";
}

function reasonOf({ disable }: Sent["verdict"], made: number): string {
  return disable === undefined ? `no success in ${made} attempts` : `endpoint_${disable}`;
}

/** @param isMine knows the row as this write leaves it: where its answer is lost the SDK sends it again, and meets its own. */
async function ifStill(
  write: Promise<unknown>,
  isMine: (row: Item) => boolean = () => false,
): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return error.item !== undefined && isMine(error.item);
    throw error;
  }
}
