import { keys } from "#aws/keys.ts";
import type { Else } from "#aws/table.ts";
import { MAX_DEPTH, MAX_PATH_BYTES } from "#contract/common.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode } from "#core/access/place.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { makeFolders, newFolder } from "#core/tree/make-folders.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { below, EMPTY, roomFor } from "#core/tree/reach.ts";
import { entryRecord } from "#core/tree/records.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
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
  const attempt = () => addFolder(deps, call, workspace_id, request);
  return inRounds(attempt, "Others keep changing the folders above; send this again.");
}

async function addFolder(
  deps: TableDeps,
  call: Call,
  workspace_id: string,
  request: NewFolder,
): Promise<FolderDetail> {
  const { above, name } = await placeOf(deps, call, workspace_id, request);
  const now = deps.now();
  const { made, writes } = newFolder(
    now,
    { workspace_id, above, name, createdBy: call.caller.id },
    taken(name),
  );
  const { folder_id, parent_id } = made;
  const view = folderView(
    {
      ...{ kind: "folder", node_id: folder_id, workspace_id, parent_id, name },
      ...{ created_at: iso(now), created_by: call.caller.id },
    },
    [...above, made],
  );
  await deps.table.transact([
    ...writes,
    ...roomFor(workspace_id, above, {
      reach: below(name, EMPTY),
      gone: () => notFound("folder", parent_id),
    }),
    eventWrite(now, {
      type: "folder_created",
      ...{ request_id: call.requestId, workspace_id, actor: actorOf(call.caller) },
      data: { folder_id, name, parent_id },
    }),
    ...call.record(view),
  ]);
  return view;
}

/** Where it is to be, once it is decided that the caller may create there; what is missing on the way is made. */
async function placeOf(
  deps: TableDeps,
  call: Call,
  workspace_id: string,
  { path, parent_id = "", name = "" }: NewFolder,
): Promise<{ above: readonly TrailFolder[]; name: string }> {
  if (path !== undefined) {
    requireRoom(path);
    const segments = path.slice(0, -1);
    const last = path.at(-1) ?? "";
    const { access, way } = await authorizePath(deps, call, workspace_id, { segments });
    if (access.blind) throw notFound("folder", path.join("/"));
    const above = await makeFolders(deps, workspace_id, segments, { way, reach: below(last, EMPTY) });
    return { above, name: last };
  }
  const [item] = await deps.table.batchGet([keys.node(parent_id)]);
  const located = item?.["kind"] === "folder" ? locateNode(call.caller.id, item) : undefined;
  const there = located?.workspace_id === workspace_id ? located : undefined;
  const asked = { action: "create", what: ["folder", parent_id], whole: true } as const;
  const access = await authorize(deps, call, there, asked);
  if (access.blind) throw notFound("folder", parent_id);
  requireRoom([...access.trail.map((folder) => folder.name), name]);
  return { above: access.trail, name };
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

/** 409 where a folder is to have a name that something else has, with its id. */
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
