import { keys } from "#aws/keys.ts";
import { rootFolder } from "#core/access/workspace.ts";
import { type Caller, canUse } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { folderRecord } from "./records.ts";

/** Refuses folders from which an endpoint could never hear anything. @throws WharfError invalid_request naming them */
export async function checkFolders(
  { table }: Pick<Deps, "table">,
  caller: Caller,
  folders: readonly string[],
): Promise<void> {
  if (folders.length === 0 || caller.scopes.has("admin")) return;
  const found = await table.batchGet([...new Set(folders)].map((folder) => keys.node(folder)));
  const known = new Set([
    ...Object.keys(caller.workspaces).map(rootFolder),
    ...found.flatMap((item) => {
      const { data } = folderRecord.safeParse(item);
      return data !== undefined && canUse(caller, data.workspace_id) ? [data.node_id] : [];
    }),
  ]);
  const errors = folders.flatMap((folder, index) =>
    known.has(folder)
      ? []
      : [{ pointer: `/folders/${index}`, detail: `${folder} is no folder that you use` }],
  );
  if (errors.length === 0) return;
  throw new WharfError(
    "invalid_request",
    `${errors.map(({ detail }) => detail).join("; ")}. GET /v1/workspaces/{ws}/files lists those that there are.`,
    { in: "body", errors },
  );
}
