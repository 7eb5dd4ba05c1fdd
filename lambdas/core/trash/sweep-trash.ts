import { due, type Key, keys } from "#aws/keys.ts";
import { happened, type Item, type Write } from "#aws/table.ts";
import { isHeld } from "#core/access/held.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { ownedNow } from "#core/access/standing.ts";
import { type FileRecord, fileRecord } from "#core/files/records.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { type EntryRecord, entryRecord, type FolderRecord, folderRecord } from "#core/tree/records.ts";
import { asTrashed } from "#core/tree/trash.ts";
import { TOMBSTONE_KEEP_MS } from "#core/versions/purge-version.ts";
import { purgeWrites } from "./purge-item.ts";
import { endGrantsOn, workspacePurged } from "./purge-workspace.ts";

/** What a folder's content is taken apart in: names read at once, and how many of them side by side. */
const PAGE = 50;
const PARALLEL = 5;
const HELD_MS = 86_400_000;
const system = (id: string) => ({
  request_id: `purge-${id}`,
  actor: { type: "system" as const, id: "system" },
});

/**
 * Purges what has been in the trash for as long as it may be, and takes apart what is in purged folders, page by page:
 * files are handed to the sweep of versions, folders are taken apart in their turn.
 *
 * @returns how many files and folders are done.
 */
export function sweepTrash(deps: DueDeps): Promise<number> {
  return eachDue(deps, "trash", async (item, chance) => {
    if (item["pk"] === keys.workspace("").pk)
      return purgeDueWorkspace(deps, workspaceRecord.parse(item), chance);
    if (item["kind"] === "file") return purge(deps, "file", fileRecord.parse(item));
    const folder = folderRecord.parse(item);
    if (folder.purged_ms === undefined) return purge(deps, "folder", folder);
    return takeApart(deps, folder, chance);
  });
}

async function purgeDueWorkspace(
  deps: DueDeps,
  workspace: WorkspaceRecord,
  chance: Chance,
): Promise<boolean> {
  const { workspace_id, deleted_at, purged_ms } = workspace;
  const by = system(workspace_id);
  if (purged_ms !== undefined) return endGrantsOn(deps, workspace, chance, by);
  if (deleted_at === undefined) return false;
  if (isHeld(await ownedNow(deps, workspace_id)))
    return heldUntilLater(deps, keys.workspace(workspace_id), workspace_id, deleted_at);
  const writes = workspacePurged(deps.now(), { ...workspace, deleted_at }, by);
  return happened(deps.table.transact(writes));
}

/** What a policy holds stays in the trash, and is looked at the next day. */
async function heldUntilLater(deps: DueDeps, key: Key, id: string, deleted_at: string): Promise<boolean> {
  const update = { set: due("trash", deps.now() + HELD_MS, id) };
  await happened(deps.table.update({ key, update, ...asTrashed(deleted_at) }));
  return false;
}

async function purge(
  deps: DueDeps,
  ...[kind, record]: ["file", FileRecord] | ["folder", FolderRecord]
): Promise<boolean> {
  const { table, now } = deps;
  const { deleted_at, node_id, workspace_id } = record;
  if (deleted_at === undefined) return false;
  if (isHeld(await ownedNow(deps, workspace_id)))
    return heldUntilLater(deps, keys.node(node_id), node_id, deleted_at);
  const item =
    kind === "file"
      ? { kind, record: { ...record, deleted_at } }
      : { kind, record: { ...record, deleted_at } };
  return happened(table.transact(purgeWrites(now(), item, system(node_id))));
}

/** What is in a purged folder. Nothing comes into it any more: whoever would put something there checks that it stands. */
async function takeApart(
  deps: DueDeps,
  { node_id, workspace_id }: FolderRecord,
  { timeLeft }: Chance,
): Promise<boolean> {
  const { table, now } = deps;
  for (;;) {
    if (!timeLeft()) return false;
    const { items } = await table.query({
      where: "#pk = :pk",
      values: { pk: keys.entry(node_id, "").pk },
      limit: PAGE,
    });
    if (items.length === 0) break;
    const entries = items.map((item) => entryRecord.parse(item));
    const done = await inParallel(entries, PARALLEL, (entry) =>
      takeOut(deps, { node_id, workspace_id }, entry),
    );
    // Others are at it, or something stands in the way that the next run may find gone.
    if (!done.includes(true)) return false;
  }
  await table.update({
    key: keys.node(node_id),
    update: { set: { ttl: ttl(now() + TOMBSTONE_KEEP_MS) }, remove: ["due_pk", "due_sk"] },
    condition: "attribute_exists(#purged_ms)",
  });
  return true;
}

/** One name of a purged folder, and what has it. */
async function takeOut(
  { table, now }: DueDeps,
  { node_id: parent, workspace_id }: Pick<FolderRecord, "node_id" | "workspace_id">,
  { kind, node_id, sk }: EntryRecord,
): Promise<boolean> {
  const at = now();
  const purged = { deleted_at: iso(at), purged_ms: at };
  const [item] = kind === "file" ? await table.batchGet([keys.node(node_id)]) : [];
  const writes: Write[] = [
    { remove: keys.entry(parent, sk), condition: "#node_id = :node_id", values: { node_id } },
    kind === "file"
      ? {
          key: keys.node(node_id),
          update: { set: { ...purged, ...due("version", at + BYTES_STAY_MS, node_id) }, remove: ["lock"] },
          condition: "#folder_id = :parent AND attribute_not_exists(#deleted_at)",
          values: { parent },
        }
      : {
          key: keys.node(node_id),
          update: { set: { ...purged, ...due("trash", at, node_id) } },
          condition: "#parent_id = :parent AND attribute_not_exists(#deleted_at)",
          values: { parent },
        },
    ...hintOf(item, workspace_id),
  ];
  return happened(table.transact(writes));
}

function hintOf(item: Item | undefined, workspace_id: string): Write[] {
  const hint_path = fileRecord.safeParse(item).data?.hint_path;
  return hint_path === undefined ? [] : [{ remove: keys.fileHint(workspace_id, hint_path) }];
}
