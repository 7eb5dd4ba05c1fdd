import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { type FileRecord, isPurged, type VersionRecord } from "#core/files/records.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Chance } from "#core/kernel/each-due.ts";
import { ttl } from "#core/kernel/time.ts";
import { otherHold } from "./holds.ts";
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
  for await (const version of versionsOf(deps, fileId)) {
    if (!timeLeft()) return false;
    if (version.shared) {
      if (!(await purgeShared(deps, version))) return false;
      continue;
    }
    const { version_id, object_key } = version;
    await deps.objects.remove(object_key);
    await deps.table.remove({
      remove: keys.version(fileId, version_id),
      blind: "a purged file gets no version, none of its is copied, and its ids never come again",
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
  let kept = false;
  let itself: VersionRecord | undefined;
  for await (const other of versionsOf(deps, file_id)) {
    const { removed_ms = Number.POSITIVE_INFINITY } = other;
    if (other.version_id === version_id) itself = other;
    else kept ||= other.object_key === object_key && removed_ms > urlsGone;
  }
  // Another run was faster.
  if (itself === undefined) return false;
  // Whoever stood still for so long may have missed records that were purged meanwhile. The next run looks again.
  if (deps.now() - began > BYTES_STAY_MS / 2) return false;
  if (itself.shared) return purgeShared(deps, itself, { kept });
  if (!kept) await deps.objects.remove(object_key);
  return happened(
    deps.table.remove({
      remove: keys.version(file_id, version_id),
      // One that was marked meanwhile has a hold, which goes with it.
      condition: "attribute_exists(#removed_ms) AND attribute_not_exists(#shared)",
    }),
  );
}

/**
 * Removes a version that is shared, whose file is purged or which is marked as removed: its hold is given up against another
 * that stands. Where there is none, and none can come, since only what is there to be seen is copied or restored, the bytes
 * go first.
 *
 * @param kept another of its file names the bytes, of which a copy that never came about has marked only some.
 * @returns whether it is gone: not where the other hold went just now, which the next run finds.
 */
async function purgeShared(deps: PurgeDeps, version: VersionRecord, { kept = false } = {}): Promise<boolean> {
  const { file_id, version_id, object_key } = version;
  const other = await otherHold(deps, version);
  if (other === undefined && !kept) await deps.objects.remove(object_key);
  return happened(
    deps.table.transact([
      { remove: keys.version(file_id, version_id) },
      { remove: keys.hold(object_key, version_id) },
      ...(other === undefined ? [] : [{ check: other, condition: "attribute_exists(#pk)" }]),
    ]),
  );
}
