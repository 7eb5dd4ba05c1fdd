/**
 * Who has bytes that versions of several files name. Each of those versions says in its record that it is `shared`, and has
 * a hold on the object: an item of its own, made and removed in one transaction with that.
 *
 * A hold is given up only against another that stands, in one transaction; who finds no other takes the bytes along first.
 * So they go with the last that names them, whoever comes twice, late, or beside another. Bytes that were never copied have
 * no hold, and cost nothing: a file's own versions find each other by a look at the file.
 *
 * Once a file's version has been copied, all of that file's that name the object are shared, whatever has become of them,
 * and so are restorations: the copy marks those that are there, and a restoration of one that wasn't marked when it was
 * read is begun anew.
 */
import { type Key, keyOf, keys } from "#aws/keys.ts";
import type { Item, Put, Update } from "#aws/table.ts";
import { type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";

type Named = Pick<VersionRecord, "version_id" | "file_id" | "object_key">;

/** That a version's bytes are there and stay: for the transaction of what is to have them too. */
export const LIVE = {
  condition: "#state = :ready AND attribute_not_exists(#removed_ms)",
  values: { ready: "ready" },
} as const;

/** The same of what stands there. */
export function isLive(item: Item | undefined): boolean {
  const { data } = versionRecord.safeParse(item);
  return data?.state === "ready" && data.removed_ms === undefined;
}

/** A hold, for the transaction that makes its version or marks it. */
export const holdWrite = ({ version_id, file_id, object_key }: Named): Put => ({
  put: { ...keys.hold(object_key, version_id), version_id, file_id },
  condition: "attribute_not_exists(#pk)",
});

/** Marks a version that wasn't shared until now; with its hold. @param condition what else must hold of it. */
export function shareWrites(
  version: Named,
  { condition, values }: { condition: string; values?: Item },
): [Update, Put] {
  const mark: Update = {
    key: keys.version(version.file_id, version.version_id),
    update: { set: { shared: true } },
    condition: `${condition} AND attribute_not_exists(#shared)`,
    ...(values && { values }),
  };
  return [mark, holdWrite(version)];
}

/** Another version's hold on the same bytes; strongly consistent. */
export async function otherHold(
  { table }: Pick<Deps, "table">,
  { object_key, version_id }: Named,
): Promise<Key | undefined> {
  const { items } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.hold(object_key, "").pk },
    // Its own may be the first.
    limit: 2,
  });
  return items.map(keyOf).find(({ sk }) => sk !== version_id);
}
