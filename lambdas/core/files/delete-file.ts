import { requireNotHeld, trashDays } from "#core/access/held.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { pathOf } from "#core/tree/reach.ts";
import { intoTrash } from "#core/tree/trash.ts";
import { fileUpdate, type Preconditions } from "./fenced-write.ts";
import { removeEntry } from "./file-entry.ts";
import { fileInRound } from "./find-file.ts";
import { leaseEndedEvent } from "./lock-events.ts";
import { trailNow } from "./trail-now.ts";

/**
 * Puts a file into the trash: its name is free and its links are dead at once, in one transaction with `file_deleted`.
 *
 * There it stays for `trashDays`, to be restored, before it is purged. The caller's own lease, or one that ran out unnoticed,
 * ends with the file and its event.
 *
 * @throws WharfError not_found (a second time too), file_locked, lock_lost, version_mismatch, not_a_file, policy_denied.
 */
export async function deleteFile(
  deps: TableDeps & Pick<Deps, "config">,
  call: Call,
  fileId: string,
  preconditions: Preconditions,
): Promise<void> {
  requireNotHeld(call.access?.workspace ?? {});
  const attempt = async (round: number) => {
    const file = await fileInRound(deps, call, fileId, round);
    const { lock } = file;
    const now = deps.now();
    // Another's version, made since the read, would go too.
    const stillOwn = call.access?.own === true ? "attribute_not_exists(#mixed)" : "#kind = :file_kind";
    const trail = await trailNow(deps, call, file);
    const { name, folder_id, workspace_id, size } = file;
    const path = pathOf([...trail, file]);
    const thing = { node_id: fileId, kind: "file" as const, name, parent_id: folder_id, path, size };
    const { set, entry } = intoTrash(now, call.caller.id, {
      of: workspace_id,
      thing,
      days: trashDays(call.access?.workspace ?? {}, deps.config.trashDays),
    });
    await deps.table.transact([
      fileUpdate(now, fileId, preconditions, {
        update: { set: { ...set, updated_at: iso(now) }, remove: ["lock"] },
        endsLock: true,
        // The name and the folder too, since its entry has its key by them; and the version: the event says which one
        // was current. And when it last changed: a copy that comes after a restoration finds another time.
        condition: `#name = :name AND #folder_id = :folder_id AND #version_id = :told_version AND #updated_at = :read_at AND ${stillOwn} AND ${lock === undefined ? "attribute_not_exists(#lock)" : "#lock.#lock_id = :lock_id"}`,
        values: {
          ...{ name, folder_id, read_at: file.updated_at },
          ...{ told_version: file.version_id, lock_id: lock?.lock_id },
        },
      }),
      ...removeEntry(file),
      entry,
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
