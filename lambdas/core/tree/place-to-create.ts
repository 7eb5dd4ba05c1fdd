import { authorize, isAllowedAtOnce } from "#core/access/authorize.ts";
import type { Located } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { hintedWay, locatedAt, mendHints, type Way, walkOn } from "./way.ts";

/**
 * Decides whether the caller may create at a path of a workspace, whose missing folders are made with what goes there.
 *
 * No read in the root where the workspace is granted; else what hints say of the folders above, what proves it, and what a
 * decision reads, whatever there is. Whoever learns nothing of what exists makes no folders, and names by path only those
 * that were granted.
 *
 * @returns also the way: where that was decided, the deepest folder that there is.
 * @param name of the file that is to be there.
 * @param beside what takes a while and needs no decision: it is begun while one is read, where the caller may create
 * anything in the workspace.
 * @throws WharfError not_found, forbidden
 */
export async function authorizePath(
  deps: TableDeps,
  call: Call,
  workspace_id: string,
  {
    segments,
    name,
    beside,
  }: { segments: readonly string[]; name?: string; beside?: ((workspaceId: string) => void) | undefined },
): Promise<{ access: Allowed; way: Way }> {
  const asked = {
    action: "create",
    what: ["folder", segments.join("/") || "/"],
    whole: true,
  } as const;
  if (segments.length === 0) {
    const way = { workspace_id, trail: [], isWhole: true, seen: [] };
    return { access: await authorize(deps, call, { workspace_id }, asked), way };
  }
  if (isAllowedAtOnce(deps, call.caller, { workspace_id }, asked) || createsIn(call, workspace_id))
    beside?.(workspace_id);
  const hinted = await hintedWay(deps, workspace_id, segments, {
    file: name === undefined ? undefined : [...segments, name].join("/"),
    caller: call.caller,
  });
  const access = await authorize(deps, call, locatedAt(hinted), asked);
  if (access.blind && !(hinted.isWhole && isNamed(call, locatedAt(hinted)))) throw notFound(...asked.what);
  if (access.blind || hinted.isWhole) return { access, way: hinted };
  const way = await walkOn(deps, hinted, segments);
  if (!way.walked) return { access, way };
  // Where hints have led less far than names do, the decision is about where those end.
  const decided = await authorize(deps, call, locatedAt(way), asked);
  await mendHints(deps, way);
  return { access: decided, way };
}

/** Whether the caller was granted to create anything in a workspace. */
function createsIn({ caller: { rights } }: Call, workspaceId: string): boolean {
  return rights.grants.some(
    ({ workspace_id, actions }) => workspace_id === workspaceId && actions.includes("create"),
  );
}

/** Whether a folder is one that the caller's own grants or restriction name. */
function isNamed({ caller: { rights } }: Call, { folder_id }: Located): boolean {
  return (
    rights.grants.some(({ on }) => on === folder_id) ||
    (rights.details ?? []).some(({ folder }) => folder === folder_id)
  );
}
