import { keys } from "#aws/keys.ts";
import { judge } from "#core/access/authorize.ts";
import { type Located, locateNode, workspaceOfRoot } from "#core/access/place.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";

const PARALLEL = 10;

/** For each folder, whether the caller may have webhooks for what is below; for none that isn't there. */
export async function haveHooks(
  deps: TableDeps,
  caller: Caller,
  folders: readonly string[],
): Promise<boolean[]> {
  const found = await deps.table.batchGet([...new Set(folders)].map((folder) => keys.node(folder)));
  const nodes = new Map(found.map((item) => [item["node_id"], item]));
  return inParallel(folders, PARALLEL, async (folder) => {
    const item = nodes.get(folder);
    const located: Located | undefined =
      item?.["kind"] === "folder" ? locateNode(caller.id, item) : undefined;
    const isRoot = located !== undefined && workspaceOfRoot(folder) === located.workspace_id;
    const place = isRoot ? { workspace_id: located.workspace_id } : located;
    return (await judge(deps, caller, place, "hooks"))?.allowed === true;
  });
}

/** Refuses folders from which the caller's endpoint could never hear anything. @throws WharfError invalid_request naming them */
export async function checkFolders(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  folders: readonly string[],
): Promise<void> {
  if (folders.length === 0) return;
  decided?.();
  const may = await haveHooks(deps, caller, folders);
  const errors = folders.flatMap((folder, index) =>
    may[index]
      ? []
      : [{ pointer: `/folders/${index}`, detail: `${folder} is no folder where you may have webhooks` }],
  );
  if (errors.length === 0) return;
  throw new WharfError(
    "invalid_request",
    `${errors.map(({ detail }) => detail).join("; ")}. GET /v1/workspaces/{ws}/files lists those that there are.`,
    { in: "body", errors },
  );
}
