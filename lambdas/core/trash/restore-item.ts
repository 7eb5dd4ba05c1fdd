import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { boundOf } from "#core/access/trail.ts";
import type { File } from "#core/files/contract.ts";
import { addEntry } from "#core/files/file-entry.ts";
import { fileView } from "#core/files/file-view.ts";
import type { FolderDetail } from "#core/folders/contract.ts";
import { folderView } from "#core/folders/folder-view.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { freeName } from "#core/tree/free-name.ts";
import { placeFolder } from "#core/tree/place-folder.ts";
import { ofName, pathOf, roomFor } from "#core/tree/reach.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { asTrashed, outOfList } from "#core/tree/trash.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";
import { findItem, type TrashedItem } from "./find-item.ts";

/** Where something is to be. */
interface Target {
  name: string;
  parent_id: string;
  /** Folders from below the root down to that one. */
  trail: readonly TrailFolder[];
}

/**
 * Brings a file or folder back from the trash, with `file_restored` or `folder_restored`: to where it was, or next to it.
 *
 * @throws WharfError not_found (a second time too, and what was purged), name_taken where too many names like its own are.
 */
export async function restoreItem(deps: TableDeps, call: Call, id: string): Promise<File | FolderDetail> {
  const attempt = async () => {
    const { item, access } = await findItem(deps, call, id, "restore");
    const target = await targetOf(deps, item);
    const now = deps.now();
    const { view, writes } =
      item.kind === "file"
        ? restoredFile({ ...call, access }, item.record, target, now)
        : restoredFolder(call, item.record, target, now);
    await deps.table.transact([...writes, ...call.record(view)]);
    return view;
  };
  return inRounds(attempt, "Others keep changing what is there; send this again.");
}

async function targetOf(deps: TableDeps, { record, trail }: TrashedItem): Promise<Target> {
  const parent_id = lastOf({ workspace_id: record.workspace_id, trail });
  const [taken] = await deps.table.batchGet([keys.entry(parent_id, record.name)]);
  const folder_path = trail.length === 0 ? undefined : pathOf(trail);
  const name =
    taken === undefined ? record.name : await freeName(deps, parent_id, { name: record.name, folder_path });
  return { name, parent_id, trail };
}

type OfKind<K extends TrashedItem["kind"]> = Extract<TrashedItem, { kind: K }>["record"];

function restoredFile(call: Call, file: OfKind<"file">, { name, parent_id, trail }: Target, now: number) {
  const { node_id, workspace_id, size, version_id, deleted_at, deleted_by, ...stays } = file;
  const path = pathOf([...trail, { name }]);
  requirePath(path);
  const hint_path = trail.length === 0 ? undefined : path;
  const placed = { name, folder_id: parent_id, above: idsOf(trail), hint_path, updated_at: iso(now) };
  const restored = { ...stays, ...placed, node_id, workspace_id, size, version_id };
  const writes: Write[] = [
    {
      key: keys.node(node_id),
      update: { set: placed, remove: [...OUT, ...(hint_path === undefined ? ["hint_path"] : [])] },
      ...asTrashed(deleted_at),
    },
    ...addEntry(restored),
    ...roomFor(workspace_id, trail, { reach: ofName(name), gone: () => undefined }),
    outOfList(workspace_id, { node_id, deleted_at }),
    eventWrite(now, {
      type: "file_restored",
      ...{ request_id: call.requestId, workspace_id, file_id: node_id, actor: actorOf(call.caller) },
      data: { name, folder_id: parent_id, size, version_id },
    }),
  ];
  return { view: fileView(restored, { trail, own: call.access?.own }), writes };
}

function restoredFolder(
  call: Call,
  folder: OfKind<"folder">,
  { name, parent_id, trail }: Target,
  now: number,
) {
  const { node_id, workspace_id, deleted_at, deleted_by, ...stays } = folder;
  const { placed, writes: placing } = placeFolder(folder, {
    ...{ above: trail, name, now, bounded: boundOf(folder), found: asTrashed(deleted_at), remove: OUT },
    gone: () => undefined,
  });
  const writes: Write[] = [
    ...placing,
    outOfList(workspace_id, { node_id, deleted_at }),
    eventWrite(now, {
      type: "folder_restored",
      ...{ request_id: call.requestId, workspace_id, actor: actorOf(call.caller) },
      data: { folder_id: node_id, name, parent_id },
    }),
  ];
  const view = folderView({ ...stays, ...placed, node_id, workspace_id }, [...trail, { name }]);
  return { view, writes };
}

/** What only what is in the trash has. */
const OUT = ["deleted_at", "deleted_by", "due_pk", "due_sk"];
