/** Every write to a delivery after its first has the delivery's state as its condition. */
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";

export const STILL_DUE = "#status = :pending AND #next_ms = :seen_ms";

export const UNLEASED = "(attribute_not_exists(#lease_until_ms) OR #lease_until_ms <= :now)";

/** The values that `STILL_DUE` asks for: the delivery waits for the very attempt that was read. */
export function stillDue(delivery: DeliveryRecord): Item {
  return { pending: "pending" satisfies DeliveryStatus, seen_ms: delivery.next_ms };
}

/** What a row has for the sake of the attempt that it waits for, or that is under way. */
export const OF_ATTEMPT = ["lease", "lease_until_ms", "deferred", "reserved", "rearms", "rearmed_by"];

/** @param isMine knows the row as this write leaves it: where its answer is lost the SDK sends it again, and meets its own. */
export async function ifStill(
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
