import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { type Deps, ttl } from "./deps.ts";
import type { Chance } from "./each-due.ts";
import type { FileRecord, VersionRecord } from "./records.ts";
import { URLS_GONE_MS } from "./supersede-version.ts";
import { versionsOf } from "./versions-of.ts";

/** A tombstone outlives every upload session that could still name the file (6 days). */
const KEEP_MS = 90 * 86_400_000;

type PurgeDeps = Pick<Deps, "table" | "objects" | "now">;

/**
 * Removes a deleted file's versions: bytes first, then the record that names them, and the due key last. A crash
 * anywhere leaves a file that is still due, and nothing that nobody knows of; so does the end of its time.
 */
export async function purgeFile(
  deps: PurgeDeps,
  { node_id: fileId, deleted_at }: FileRecord,
  { timeLeft }: Pick<Chance, "timeLeft">,
): Promise<boolean> {
  if (deleted_at === undefined) return false;
  for await (const { version_id, object_key } of versionsOf(deps, fileId)) {
    if (!timeLeft()) return false;
    await deps.objects.remove(object_key);
    await deps.table.remove({
      remove: keys.version(fileId, version_id),
      blind: "a deleted file gets no version, and its ids never come again",
    });
  }
  await deps.table.update({
    key: keys.node(fileId),
    update: "SET #ttl = :ttl REMOVE #due_pk, #due_sk",
    condition: "attribute_exists(#deleted_at)",
    values: { ttl: ttl(deps.now() + KEEP_MS) },
  });
  return true;
}

/**
 * Removes one version that is marked as removed. Its bytes go where no other version names them that isn't marked, or
 * was marked so lately that its URLs may work still: the last of them takes the bytes along.
 *
 * A restoration checks in its own transaction that its source isn't marked, and makes another version current. So where
 * the current one is the same after the others were read as before, none has come that wasn't seen, and none can.
 */
export async function purgeVersion(
  deps: PurgeDeps,
  { file_id, version_id, object_key }: VersionRecord,
): Promise<boolean> {
  const before = await currentOf(deps, file_id);
  const urlsGone = deps.now() - URLS_GONE_MS;
  let shared = false;
  for await (const other of versionsOf(deps, file_id)) {
    const { removed_ms = Number.POSITIVE_INFINITY } = other;
    shared ||= other.version_id !== version_id && other.object_key === object_key && removed_ms > urlsGone;
  }
  if (!shared) {
    // It is still due; the next run looks again.
    if ((await currentOf(deps, file_id)) !== before) return false;
    await deps.objects.remove(object_key);
  }
  try {
    await deps.table.remove({
      remove: keys.version(file_id, version_id),
      condition: "attribute_exists(#removed_ms)",
    });
    return true;
  } catch (error) {
    // Another run was faster.
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}

const current = z.object({ version_id: z.string() });

/** A file's current version, a deleted one's too; `undefined` where its record is gone. */
async function currentOf({ table }: PurgeDeps, fileId: string): Promise<string | undefined> {
  return (await table.get(current, keys.node(fileId)))?.version_id;
}
