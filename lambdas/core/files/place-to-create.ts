import { authorize, isAllowedAtOnce } from "#core/access/authorize.ts";
import { type Located, rootFolder } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { hintedWay } from "./make-folders.ts";

/**
 * Decides whether the caller may create at a path of a workspace, whose missing folders are made with what goes there.
 *
 * No read where the workspace is granted; else one for the hints of the folders above and what a decision reads, whatever
 * there is. Whoever learns nothing of what exists makes no folders, and names by path only those that were granted.
 * @throws WharfError not_found, forbidden
 */
export async function authorizePath(
  deps: TableDeps,
  call: Call,
  workspace_id: string,
  segments: readonly string[],
): Promise<Allowed> {
  const asked = {
    action: "create",
    what: ["folder", segments.join("/") || rootFolder(workspace_id)],
  } as const;
  if (segments.length === 0 || isAllowedAtOnce(deps, call.caller, { workspace_id }, "create"))
    return authorize(deps, call, { workspace_id }, asked);
  const { located, isWhole } = await hintedWay(deps, workspace_id, segments);
  const access = await authorize(deps, call, located, asked);
  if (access.blind && !(isWhole && isNamed(call, located))) throw notFound(...asked.what);
  return access;
}

/** Whether a folder is one that the caller's own grants or restriction name. */
function isNamed({ caller: { rights } }: Call, { folder_id }: Located): boolean {
  return (
    rights.grants.some(({ on }) => on === folder_id) ||
    (rights.details ?? []).some(({ folder }) => folder === folder_id)
  );
}
