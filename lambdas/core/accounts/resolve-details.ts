import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { nameProblem } from "#contract/names.ts";
import type { FileAccess, GrantedDetail } from "#contract/roles.ts";
import { type Action, actionsOf, holds } from "#contract/scopes.ts";
import { judge } from "#core/access/authorize.ts";
import { needsSight } from "#core/access/decide.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { workspaceNamed } from "#core/workspaces/workspace-named.ts";

const PARALLEL = 4;
/** An entry of a folder; see `keys.entry`. */
const folderEntry = z.object({ node_id: z.string(), kind: z.enum(["file", "folder"]) });

/**
 * A restriction as it is granted (RFC 9396): bound by id, each action one that the caller has there now, within its own
 * restriction.
 *
 * What isn't there and what the caller may not do are refused alike. A root folder is its workspace.
 *
 * @param caller with the scopes of what is restricted.
 * @throws WharfError invalid_authorization_details, with the element's `index`.
 */
export function resolveDetails(
  deps: TableDeps,
  caller: Caller,
  details: readonly FileAccess[],
): Promise<GrantedDetail[]> {
  return inParallel([...details.entries()], PARALLEL, ([index, detail]) =>
    resolveOne(deps, caller, { index, detail }),
  );
}

interface Element {
  index: number;
  detail: FileAccess;
}

async function resolveOne(deps: TableDeps, caller: Caller, element: Element): Promise<GrantedDetail> {
  const { index, detail } = element;
  const actions = [...new Set(detail.actions)];
  const named = actionsOf(caller.scopes);
  const unnamed = actions.find((action) => !named.has(action));
  if (unnamed !== undefined)
    throw invalid(
      index,
      `none of the token's scopes lets it ${unnamed}; leave that out, or ask for the scope too`,
    );
  const blindly = actions.find((action) => needsSight(action));
  if (blindly !== undefined && !actions.includes("create") && !isSeeing(caller, actions))
    throw invalid(
      index,
      `${blindly} needs list or read beside it, and the scope files:read: without them a token sees nothing but what its holder made itself, and this one makes nothing`,
    );
  const located = await locate(deps, caller, element);
  if (located === undefined || !(await mayAll(deps, caller, located, actions)))
    throw invalid(
      index,
      "there is no such place, or not all of these actions are the client's own there; GET /v1/me shows what it may do where",
    );
  const { workspace_id: workspace, folder_id, file_id: file } = located;
  const common = { type: "file_access" as const, actions, workspace };
  if (file !== undefined) return { ...common, file };
  if (folder_id === undefined || folder_id === rootFolder(workspace)) return common;
  return { ...common, folder: folder_id };
}

const isSeeing = ({ scopes }: Caller, actions: readonly Action[]) =>
  holds(scopes, "files:read") && (actions.includes("list") || actions.includes("read"));

/** Whether the caller may do each of these there now. */
async function mayAll(
  deps: TableDeps,
  caller: Caller,
  located: Located,
  actions: readonly Action[],
): Promise<boolean> {
  let has: ReadonlySet<Action> = new Set();
  for (const action of actions) {
    if (has.has(action)) continue;
    const decision = await judge(deps, caller, located, action);
    if (decision === undefined || !decision.allowed) return false;
    has = decision.has;
  }
  return true;
}

async function locate(
  deps: TableDeps,
  caller: Caller,
  { index, detail: { workspace: ref, folder, file } }: Element,
): Promise<Located | undefined> {
  const workspace = ref === undefined ? undefined : await workspaceOf(deps, caller, { index, ref });
  if (ref !== undefined && workspace === undefined) return undefined;
  const node = file ?? (folder?.startsWith("fld_") ? folder : undefined);
  if (node !== undefined) {
    const found = await nodeAt(deps, caller, node);
    const isKind = (found?.file_id !== undefined) === (file !== undefined);
    return isKind && (workspace ?? found?.workspace_id) === found?.workspace_id ? found : undefined;
  }
  if (workspace === undefined)
    throw invalid(index, "a folder by its path needs its `workspace`; name that, or the folder by its id");
  const place = { workspace_id: workspace };
  if (folder === undefined) return place;
  const folder_id = await walk(deps, workspace, folder);
  return folder_id === undefined ? undefined : nodeAt(deps, caller, folder_id);
}

async function nodeAt({ table }: TableDeps, caller: Caller, id: string): Promise<Located | undefined> {
  const [item] = await table.batchGet([keys.node(id)]);
  return locateNode(caller.id, item);
}

/** @throws WharfError invalid_authorization_details where several workspaces have the name */
async function workspaceOf(deps: TableDeps, caller: Caller, { index, ref }: { index: number; ref: string }) {
  try {
    return await workspaceNamed(deps, caller, ref);
  } catch (error) {
    if (isWharfError(error, "workspace_ambiguous")) throw invalid(index, error.message);
    throw error;
  }
}

/** By what stands there now, and no hint: a folder that has been moved away is none of this path. */
async function walk({ table }: TableDeps, workspace: string, path: string): Promise<string | undefined> {
  const segments = path
    .normalize("NFC")
    .split("/")
    .filter((segment) => segment !== "");
  // No folder has such a name, and no key of the table takes it.
  if (segments.some((segment) => nameProblem(segment) !== undefined)) return undefined;
  let at = rootFolder(workspace);
  for (const segment of segments) {
    const entry = await table.get(folderEntry, keys.entry(at, segment));
    if (entry?.kind !== "folder") return undefined;
    at = entry.node_id;
  }
  return at;
}

function invalid(index: number, detail: string): WharfError {
  return new WharfError(
    "invalid_authorization_details",
    `authorization_details, element ${index} (from 0): ${detail}.`,
    { index },
  );
}
