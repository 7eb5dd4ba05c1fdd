import type { Key } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { newChange, unchanged } from "./unchanged.ts";

/**
 * Gives what was read another name, where nobody has changed it since; the same name is no change. A transaction, though of
 * one write: its repeat is known by its token, whatever others have done meanwhile.
 *
 * @throws TransactionFailed where others came in between.
 */
export async function rename<R extends { name: string; change?: string | undefined }>(
  table: Table,
  key: Key,
  seen: R,
  name: string,
): Promise<R> {
  if (seen.name === name) return seen;
  const change = newChange();
  await table.transact([{ key, update: { set: { name, change } }, ...unchanged(seen) }]);
  return { ...seen, name, change };
}
