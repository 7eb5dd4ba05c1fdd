import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { requireNotHeld } from "#core/access/held.ts";
import type { FileRecord } from "#core/files/records.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { asTrashed, outOfList } from "#core/tree/trash.ts";
import { findItem } from "./find-item.ts";

/**
 * Purges a file or folder from the trash, with `file_purged` or `folder_purged`: it comes back no more. Its bytes, and what
 * is in a folder, the sweeps take.
 *
 * @throws WharfError not_found, policy_denied
 */
export async function purgeItem(deps: TableDeps, call: Call, id: string): Promise<void> {
  const attempt = async () => {
    const { item, access } = await findItem(deps, call, id, "purge");
    requireNotHeld(access.workspace);
    const by = { request_id: call.requestId, actor: actorOf(call.caller) };
    await deps.table.transact(purgeWrites(deps.now(), item, by));
  };
  await inRounds(attempt, "It is being restored or purged elsewhere; look again.");
}

type Purged =
  | { kind: "file"; record: FileRecord & { deleted_at: string } }
  | { kind: "folder"; record: FolderRecord & { deleted_at: string } };

/** The end of something in the trash. @param by who ends it. */
export function purgeWrites(
  now: number,
  { kind, record }: Purged,
  by: { request_id: string; actor: Actor },
): Write[] {
  const { node_id, workspace_id, name, deleted_at } = record;
  const told = { ...by, workspace_id };
  // Bytes stay for as long as URLs of before may lead to them.
  const next =
    kind === "file"
      ? due("version", Math.max(now, Date.parse(deleted_at) + BYTES_STAY_MS), node_id)
      : due("trash", now, node_id);
  return [
    {
      key: keys.node(node_id),
      update: { set: { purged_ms: now, ...next } },
      ...asTrashed(deleted_at),
    },
    outOfList(workspace_id, { node_id, deleted_at }),
    kind === "file"
      ? eventWrite(now, {
          type: "file_purged",
          ...{ ...told, file_id: node_id },
          data: { name, folder_id: record.folder_id, size: record.size, version_id: record.version_id },
        })
      : eventWrite(now, {
          type: "folder_purged",
          ...told,
          data: { folder_id: node_id, name, parent_id: record.parent_id ?? "" },
        }),
  ];
}
