import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { type DeliveryRecord, deliveryRecord, hookRecord } from "#core/attempts/records.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { readable } from "#core/kernel/readable.ts";
import { restartWrite } from "./restart-delivery.ts";

const PARALLEL_WRITES = 10;

/**
 * Sends deliveries after all that have just been written off, where their endpoint is enabled by now: it was disabled
 * when it was read, and whoever recovered what it missed may have looked before they were there to be seen.
 *
 * A condition on the endpoint in the write itself would cost twice as much, and all deliveries of an endpoint would meet
 * on its item.
 */
export async function reviveSkipped(deps: QueueDeps, skipped: readonly DeliveryRecord[]): Promise<void> {
  if (skipped.length === 0) return;
  const webhookIds = [...new Set(skipped.map(({ webhook_id }) => webhook_id))];
  const items = await deps.table.batchGet(webhookIds.map((webhookId) => keys.hook(webhookId)));
  const enabled = new Set(
    readable(deps, hookRecord, items)
      .filter(({ disabled_at }) => disabled_at === undefined)
      .map(({ webhook_id }) => webhook_id),
  );
  const rows = skipped.filter(({ webhook_id }) => enabled.has(webhook_id));
  const revived = await inParallel(rows, PARALLEL_WRITES, (row) => revive(deps, row));
  const mine = revived.filter((row) => row !== undefined);
  await deps.queues.send("retry", mine.map(wakeMessage), deps.now());
}

async function revive(deps: QueueDeps, row: DeliveryRecord): Promise<DeliveryRecord | undefined> {
  const { write, restarted } = restartWrite(row, deps.now(), {
    trigger: row.trigger,
    given: {
      condition: "#status = :skipped AND #next_ms = :seen_ms",
      values: { skipped: "skipped_disabled" satisfies DeliveryStatus, seen_ms: row.next_ms },
    },
  });
  try {
    await deps.table.update(write);
    return restarted;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Started by another, or by this write, which the SDK sends again where its answer was lost: its message is harmless.
    const found = error.item === undefined ? undefined : deliveryRecord.parse(error.item);
    return found?.status === "pending" ? found : undefined;
  }
}
