/** How things get into the trash: a mark on the thing itself, and an entry by which the workspace's trash lists it. */
import { due, type Key, keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { iso } from "#core/kernel/time.ts";
import type { TrashedWorkspaceRecord, TrashRecord } from "./records.ts";

const DAY_MS = 86_400_000;

/** What is listed of a thing, but for when and by whom it was deleted. */
type Thing<R> = Omit<R, "deleted_at" | "deleted_by" | "purge_ms">;

/** Where the trash of a workspace, or of an organization, lists a thing: in the order in which things came. */
export const trashKey = (of: string, { node_id, deleted_at }: { node_id: string; deleted_at: string }): Key =>
  keys.trash(of, `${deleted_at}#${node_id}`);

/**
 * Puts something into the trash: what its own record is set to, in the transaction that takes its name away, and its entry.
 *
 * @param deleted_by who puts it there. @param of the workspace whose trash lists it; of a workspace the organization. @param days that it stays there before it
 * is purged.
 */
export function intoTrash(
  now: number,
  deleted_by: string,
  {
    of,
    thing,
    days,
  }: { of: string; thing: Thing<TrashRecord> | Thing<TrashedWorkspaceRecord>; days: number },
): { set: Item; entry: Write } {
  const deleted_at = iso(now);
  const purge_ms = now + days * DAY_MS;
  const entry: TrashRecord | TrashedWorkspaceRecord = { ...thing, deleted_at, deleted_by, purge_ms };
  return {
    set: { deleted_at, deleted_by, ...due("trash", purge_ms, thing.node_id) },
    entry: {
      put: { ...trashKey(of, entry), ...entry },
      condition: "attribute_not_exists(#pk)",
    },
  };
}

/** That a thing is in the trash since it was put there then, and isn't purged. */
export const asTrashed = (deleted_at: string) => ({
  condition: "#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)",
  values: { trashed_at: deleted_at },
});

/** Takes a thing out of the list. */
export function outOfList(workspace: string, thing: { node_id: string; deleted_at: string }): Write {
  return { remove: trashKey(workspace, thing) };
}
