import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { type FileRecord, isPurged, type VersionRecord } from "#core/files/records.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Chance } from "#core/kernel/each-due.ts";
import { ttl } from "#core/kernel/time.ts";
import { versionsOf } from "./versions-of.ts";

/** A tombstone outlives every upload session that could still name the file (6 days). */
export const TOMBSTONE_KEEP_MS = 90 * 86_400_000;

type PurgeDeps = Pick<Deps, "table" | "objects" | "now">;

/**
 * Removes a deleted file's versions: bytes first, then the record that names them, and the due key last. A crash
 * anywhere leaves a file that is still due, and nothing that nobody knows of; so does the end of its time.
 */
export async function purgeFile(
  deps: PurgeDeps,
  file: FileRecord,
  { timeLeft }: Pick<Chance, "timeLeft">,
): Promise<boolean> {
  if (!isPurged(file)) return false;
  const { node_id: fileId } = file;
  for await (const { version_id, object_key } of versionsOf(deps, fileId)) {
    if (!timeLeft()) return false;
    await deps.objects.remove(object_key);
    await deps.table.remove({
      remove: keys.version(fileId, version_id),
      blind: "a purged file gets no version, and its ids never come again",
    });
  }
  await deps.table.update({
    key: keys.node(fileId),
    update: { set: { ttl: ttl(deps.now() + TOMBSTONE_KEEP_MS) }, remove: ["due_pk", "due_sk"] },
    condition: "attribute_exists(#deleted_at)",
  });
  return true;
}

/**
 * Removes one version that is marked as removed. Its bytes go where no other version names them that isn't marked, or
 * was marked so lately that its URLs may work still: the last of them takes the bytes along.
 *
 * A restoration checks in its own transaction that its source isn't marked. So one that comes while the others are read,
 * perhaps behind where they are read, has a source among them that isn't marked yet, or was marked lately: its record is
 * there for as long as its URLs may work.
 */
export async function purgeVersion(
  deps: PurgeDeps,
  { file_id, version_id, object_key }: VersionRecord,
): Promise<boolean> {
  const began = deps.now();
  const urlsGone = began - BYTES_STAY_MS;
  let shared = false;
  for await (const other of versionsOf(deps, file_id)) {
    const { removed_ms = Number.POSITIVE_INFINITY } = other;
    shared ||= other.version_id !== version_id && other.object_key === object_key && removed_ms > urlsGone;
  }
  // Whoever stood still for so long may have missed records that were purged meanwhile. The next run looks again.
  if (deps.now() - began > BYTES_STAY_MS / 2) return false;
  if (!shared) await deps.objects.remove(object_key);
  // Another run was faster.
  return happened(
    deps.table.remove({
      remove: keys.version(file_id, version_id),
      condition: "attribute_exists(#removed_ms)",
    }),
  );
}
