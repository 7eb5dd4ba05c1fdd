import { keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Deps, ttl } from "./deps.ts";
import { eachDue } from "./each-due.ts";
import { type FileRecord, fileRecord, versionRecord } from "./records.ts";

/** A tombstone outlives every upload session that could still name the file (6 days). */
const KEEP_MS = 90 * 86_400_000;
/** Pages of versions in one run; the file stays due for what is left. */
const MAX_PAGES = 20;

type SweepDeps = Pick<Deps, "table" | "objects" | "now">;

/** Removes the bytes of deleted files once no presigned URL leads to them. Returns how many files are done. */
export function sweepVersions(deps: SweepDeps): Promise<number> {
  return eachDue(deps, "version", (item) => purgeFile(deps, fileRecord.parse(item)));
}

/**
 * Bytes first, then the record that names them, and the due key last: a crash anywhere leaves a file that is still
 * due, and nothing that nobody knows of.
 */
async function purgeFile(deps: SweepDeps, { node_id: fileId, deleted_at }: FileRecord): Promise<boolean> {
  if (deleted_at === undefined) return false;
  const { pk } = keys.node(fileId);
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix: under.versions },
      after,
    });
    for (const { version_id, object_key } of items.map((item) => versionRecord.parse(item))) {
      await deps.objects.remove(object_key);
      await deps.table.remove({ remove: keys.version(fileId, version_id) });
    }
    if (next === undefined) {
      await deps.table.update({
        key: keys.node(fileId),
        update: "SET #ttl = :ttl REMOVE #due_pk, #due_sk",
        condition: "attribute_exists(#deleted_at)",
        values: { ttl: ttl(deps.now() + KEEP_MS) },
      });
      return true;
    }
    after = next;
  }
  return false;
}
