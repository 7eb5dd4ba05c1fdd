import { due } from "#aws/keys.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { fileUpdate, type Preconditions } from "./fenced-write.ts";
import { removeEntry } from "./file-entry.ts";
import { findFile } from "./find-file.ts";
import { leaseEndedEvent } from "./lock-events.ts";
import { BYTES_STAY_MS } from "./supersede-version.ts";

/**
 * Deletes a file: its name is free and its links are dead at once, in one transaction with `file_deleted`.
 *
 * The record stays as a tombstone that is due for `sweepVersions`, which removes the bytes of every version: a crash
 * leaves nothing half gone. The caller's own lease, or one that ran out unnoticed, ends with the file and its event.
 *
 * @throws WharfError not_found (a second time too), file_locked, lock_lost, version_mismatch, not_a_file.
 */
export async function deleteFile(
  deps: TableDeps,
  call: Call,
  fileId: string,
  preconditions: Preconditions,
): Promise<void> {
  const attempt = async (round: number) => {
    const file = await findFile(deps, fileId, round === 0 ? call.ahead : []);
    const { lock } = file;
    const now = deps.now();
    // Another's version, made since the read, would go too.
    const stillOwn = call.access?.own === true ? "attribute_not_exists(#mixed)" : "#kind = :file_kind";
    const purge = due("version", now + BYTES_STAY_MS, fileId);
    await deps.table.transact([
      fileUpdate(now, fileId, preconditions, {
        update: { set: { deleted_at: iso(now), ...purge }, remove: ["lock"] },
        endsLock: true,
        // The name and the folder too, since its entry has its key by them; and the version: the event says which one
        // was current.
        condition: `#name = :name AND #folder_id = :folder_id AND #version_id = :told_version AND ${stillOwn} AND ${lock === undefined ? "attribute_not_exists(#lock)" : "#lock.#lock_id = :lock_id"}`,
        values: {
          ...{ name: file.name, folder_id: file.folder_id },
          ...{ told_version: file.version_id, lock_id: lock?.lock_id },
        },
      }),
      ...removeEntry(file),
      eventWrite(now, {
        type: "file_deleted",
        request_id: call.requestId,
        workspace_id: file.workspace_id,
        file_id: fileId,
        actor: actorOf(call.caller),
        data: { name: file.name, folder_id: file.folder_id, size: file.size, version_id: file.version_id },
      }),
      ...(lock === undefined ? [] : [leaseEndedEvent(now, call, file, lock)]),
      ...call.record({}),
    ]);
  };
  await inRounds(attempt, "Others keep changing this file; read it and send this again.");
}
