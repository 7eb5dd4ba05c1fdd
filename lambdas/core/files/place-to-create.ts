import { authorize, isAllowedAtOnce } from "#core/access/authorize.ts";
import type { Located } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { type Hints, hintedWay } from "./make-folders.ts";

/**
 * Decides whether the caller may create at a path of a workspace, whose missing folders are made with what goes there.
 *
 * No read where the workspace is granted; else one for the hints of the folders above and what a decision reads, whatever
 * there is. Whoever learns nothing of what exists makes no folders, and names by path only those that were granted.
 *
 * @returns also where that was decided: the deepest folder on the way that there is.
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
): Promise<{ access: Allowed; located: Located; hints?: Hints }> {
  const asked = {
    action: "create",
    what: ["folder", segments.join("/") || "/"],
    whole: true,
  } as const;
  if (segments.length === 0 || isAllowedAtOnce(deps, call.caller, { workspace_id }, asked))
    return { access: await authorize(deps, call, { workspace_id }, asked), located: { workspace_id } };
  const { located, isWhole, hints } = await hintedWay(deps, workspace_id, segments, name);
  if (createsIn(call, workspace_id)) beside?.(workspace_id);
  const access = await authorize(deps, call, located, asked);
  if (access.blind && !(isWhole && isNamed(call, located))) throw notFound(...asked.what);
  return { access, located, hints };
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
