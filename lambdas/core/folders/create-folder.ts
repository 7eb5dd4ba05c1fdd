import { keys } from "#aws/keys.ts";
import type { Else } from "#aws/table.ts";
import { MAX_DEPTH, MAX_PATH_BYTES } from "#contract/common.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode } from "#core/access/place.ts";
import { requireWorkspaceNamed } from "#core/access/workspace-named.ts";
import { folderWrites, makeWay, type Way } from "#core/files/make-folders.ts";
import { authorizePath } from "#core/files/place-to-create.ts";
import { entryRecord, folderRecord } from "#core/files/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { FolderDetail, NewFolder } from "./contract.ts";
import { folderView } from "./folder-view.ts";

/**
 * Makes a folder, in one transaction with `folder_created`; what is missing on the way to it is made before.
 *
 * @throws WharfError not_found (the workspace, the parent, or a place of which the caller learns nothing), forbidden,
 * name_taken, invalid_request where it would be too deep or its path too long; workspace_ambiguous.
 */
export async function createFolder(
  deps: TableDeps,
  call: Call,
  workspaceRef: string,
  request: NewFolder,
): Promise<FolderDetail> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspaceRef);
  const { segments, parent } = await placeOf(deps, call, workspace_id, request);
  const name = segments.at(-1) ?? "";
  const now = deps.now();
  const { folderId: parent_id, above } = await parent();
  const folder_id = newId("fld", now);
  const view = folderView({
    ...{ kind: "folder", node_id: folder_id, workspace_id, parent_id, name, path: segments.join("/") },
    ...{ created_at: iso(now), created_by: call.caller.id },
  });
  const folder = {
    ...{ workspaceId: workspace_id, parentId: parent_id, folderId: folder_id, path: view.path },
    ...{ above, createdBy: call.caller.id },
  };
  await deps.table.transact([
    ...folderWrites(now, folder, taken(name)),
    eventWrite(now, {
      type: "folder_created",
      ...{ request_id: call.requestId, workspace_id, actor: actorOf(call.caller) },
      data: { folder_id, name, parent_id },
    }),
    ...call.record(view),
  ]);
  return view;
}

/** Where it is to be, once it is decided that the caller may create there; `parent` makes what is missing on the way. */
interface Place {
  segments: readonly string[];
  parent(): Promise<Way>;
}

async function placeOf(
  deps: TableDeps,
  call: Call,
  workspace_id: string,
  { path, parent_id = "", name = "" }: NewFolder,
): Promise<Place> {
  if (path !== undefined) {
    requireRoom(path);
    const { access } = await authorizePath(deps, call, workspace_id, { segments: path });
    if (access.blind) throw notFound("folder", path.join("/"));
    return {
      segments: path,
      parent: async () => {
        const way = await makeWay(deps, workspace_id, path.slice(0, -1));
        return { ...way, above: path.length === 1 ? [] : way.above && [...way.above, way.folderId] };
      },
    };
  }
  const [item] = await deps.table.batchGet([keys.node(parent_id)]);
  const folder = folderRecord.safeParse(item).data;
  const located = folder?.workspace_id === workspace_id ? locateNode(call.caller.id, item) : undefined;
  const asked = { action: "create", what: ["folder", parent_id], whole: true } as const;
  const access = await authorize(deps, call, located, asked);
  if (folder === undefined || access.blind) throw notFound("folder", parent_id);
  const segments = [...(folder.path?.split("/") ?? []), name];
  requireRoom(segments);
  const { parent_id: above } = folder;
  return {
    segments,
    parent: async () => ({ folderId: parent_id, above: above === null ? [] : located?.above }),
  };
}

/** @throws WharfError invalid_request where no file would find room in it. */
function requireRoom(segments: readonly string[]): void {
  const bytes = Buffer.byteLength(segments.join("/"));
  if (segments.length <= MAX_DEPTH && bytes <= MAX_PATH_BYTES - 2) return;
  throw new WharfError(
    "invalid_request",
    segments.length > MAX_DEPTH
      ? `The folder would be ${segments.length} folders deep; at most ${MAX_DEPTH}. Make it further up.`
      : `The folder's path would have ${bytes} bytes, and no room for a file's name: ${MAX_PATH_BYTES} are allowed in all. Shorten its name, or make it further up.`,
    segments.length > MAX_DEPTH ? { max_depth: MAX_DEPTH } : { max_path_bytes: MAX_PATH_BYTES },
  );
}

const taken =
  (name: string): Else =>
  (item) => {
    const { kind, node_id } = entryRecord.parse(item);
    return new WharfError(
      "name_taken",
      `There is a ${kind} named ${JSON.stringify(name)} already. ${kind === "folder" ? "Use it by its folder_id, or choose" : "Choose"} another name.`,
      { name, kind, ...(kind === "folder" ? { folder_id: node_id } : { file_id: node_id }) },
    );
  };
