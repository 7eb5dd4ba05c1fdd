import { randomUUID } from "node:crypto";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { type DeliveryRecord, deliveryRecord } from "#core/attempts/records.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDueBatch } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { within } from "#core/kernel/within.ts";

const PARALLEL_WRITES = 10;
/** How long one row's write may take (ms). */
const ROW_MS = 10_000;

/**
 * Wakes deliveries whose long delay is about to end, and those whose message has been lost. Returns how many, and
 * for how long (ms) the one that waits longest has been due.
 *
 * Each stays in the index, at a later time: only the end of a delivery takes it out.
 */
export async function sweepDeliveries(
  deps: QueueDeps & DueDeps,
): Promise<{ woken: number; oldestMs: number }> {
  let oldestMs = 0;
  const woken = await eachDueBatch(deps, "delivery", async (items, failed) => {
    const now = deps.now();
    // Whom this makes due later has its turn behind it, whatever it does to the rest of the run.
    const rearmed = await inParallel(items, PARALLEL_WRITES, async (item) => {
      try {
        const row = deliveryRecord.parse(item);
        oldestMs = Math.max(oldestMs, now - row.next_ms);
        return (await within(deps.itemMs ?? ROW_MS, rearm(deps, row))) ? row : undefined;
      } catch (error) {
        await failed(item, error);
        return undefined;
      }
    });
    const mine = rearmed.filter((row) => row !== undefined);
    await deps.queues.send("retry", mine.map(wakeMessage), now);
    return mine.length;
  });
  return { woken, oldestMs };
}

/** Moves the row on in the index; false where it has moved on by itself, or another sweep has it. */
async function rearm(deps: QueueDeps, row: DeliveryRecord): Promise<boolean> {
  const now = deps.now();
  const { due_pk, due_sk } = wakeAt(row.delivery_id, Math.max(row.next_ms, now), now, row.rearms);
  const mine = randomUUID();
  const values: Item = {
    pending: "pending" satisfies DeliveryStatus,
    next_ms: row.next_ms,
    seen: row.due_sk,
  };
  try {
    await deps.table.update({
      key: keys.delivery(row.webhook_id, row.delivery_id),
      update: { set: { due_pk, due_sk, rearmed_by: mine }, add: { rearms: 1 } },
      condition: "#status = :pending AND #next_ms = :next_ms AND #due_sk = :seen",
      values,
      repeats: "`rearmed_by` is its own then",
    });
    return true;
  } catch (error) {
    // The SDK sends a write again whose answer was lost, and then meets its own.
    if (error instanceof ConditionFailed) return error.item?.["rearmed_by"] === mine;
    throw error;
  }
}
