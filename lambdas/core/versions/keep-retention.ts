import { due, keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { isHeld, versionsKept } from "#core/access/held.ts";
import { ownedNow } from "#core/access/standing.ts";
import { fileRecord, isPurged, type VersionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { removal } from "./delete-version.ts";
import { versionsOf } from "./versions-of.ts";

const DAY_MS = 86_400_000;

/**
 * Marks a file's superseded versions as removed that are more than `versionsKeep` back or older than
 * `versionsKeepDays`, on behalf of the one that is due. Where that one stays, it is due again when its days are over.
 * Where a policy holds it, it is looked at the next day. Once its days are over it goes whatever else there is of the file, however much that be.
 *
 * @returns whether the one that was due is marked.
 */
export async function keepRetention(
  deps: Pick<Deps, "table" | "config" | "now">,
  { file_id, version_id: dueId, superseded_ms: dueSince = Number.POSITIVE_INFINITY }: VersionRecord,
): Promise<boolean> {
  const file = await deps.table.get(fileRecord, keys.node(file_id));
  // A deleted file's versions go with it.
  if (file === undefined || isPurged(file)) return false;
  const now = deps.now();
  const where = await ownedNow(deps, file.workspace_id);
  if (isHeld(where)) {
    await dueAgain(deps, file_id, dueId, now + DAY_MS);
    return false;
  }
  const most = versionsKept(where, deps.config.versionsKeep);
  const keepMs = deps.config.versionsKeepDays * DAY_MS;
  if (dueSince + keepMs <= now) return mark(deps, file_id, dueId, now);
  let kept = 0;
  let marked = false;
  for await (const { version_id, superseded_ms, removed_ms } of versionsOf(deps, file_id)) {
    if (superseded_ms === undefined || removed_ms !== undefined || version_id === file.version_id) continue;
    kept += 1;
    const stays = kept <= most && superseded_ms + keepMs > now;
    if (!stays && (await mark(deps, file_id, version_id, now))) marked ||= version_id === dueId;
    if (stays && version_id === dueId) await dueAgain(deps, file_id, dueId, superseded_ms + keepMs);
  }
  return marked;
}

/** Marks a version in a transaction that proves it is not the current one. */
function mark({ table }: Pick<Deps, "table">, fileId: string, versionId: string, now: number) {
  return happened(
    table.transact([
      {
        check: keys.node(fileId),
        condition:
          "#version_id <> :removed AND attribute_not_exists(#purged_ms) AND (attribute_not_exists(#deleted_at) OR attribute_exists(#deleted_by))",
        values: { removed: versionId },
      },
      removal(now, fileId, versionId),
    ]),
  );
}

async function dueAgain({ table }: Pick<Deps, "table">, fileId: string, versionId: string, at: number) {
  await happened(
    table.update({
      key: keys.version(fileId, versionId),
      update: { set: due("version", at, versionId) },
      condition: "attribute_exists(#pk) AND attribute_not_exists(#removed_ms)",
    }),
  );
}
