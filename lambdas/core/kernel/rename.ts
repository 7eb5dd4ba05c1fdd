import type { Key } from "#aws/keys.ts";
import { ConditionFailed, type Table } from "#aws/table.ts";
import { newChange, unchanged } from "./unchanged.ts";

/**
 * Gives what was read another name, where nobody has changed it since; the same name is no change.
 *
 * @throws ConditionFailed where others came in between.
 */
export async function rename<R extends { name: string; change?: string | undefined }>(
  table: Table,
  key: Key,
  seen: R,
  name: string,
): Promise<R> {
  if (seen.name === name) return seen;
  const change = newChange();
  const { condition, values } = unchanged(seen);
  try {
    await table.update({ key, update: { set: { name, change } }, condition, values });
  } catch (error) {
    // Its own first sending got through, whose answer was lost.
    if (!(error instanceof ConditionFailed) || error.item?.["change"] !== change) throw error;
  }
  return { ...seen, name, change };
}
