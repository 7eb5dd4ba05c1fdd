import { keys } from "#aws/keys.ts";
import { type Caller, hasScope } from "./call.ts";
import type { Deps } from "./deps.ts";
import { knownWorkspace, noWorkspace } from "./known-workspace.ts";
import { workspaceRecord } from "./records.ts";

/**
 * The id of the workspace that the caller names, by id or name, to read from: unlike an upload, reading makes none.
 * An admin names others' by their ids, since a name is its owner's alone.
 *
 * Costs an AWS call only where an admin names another client's workspace. @throws WharfError not_found, invalid_request
 */
export async function findWorkspace(
  { table }: Pick<Deps, "table">,
  caller: Caller,
  ref: string,
): Promise<string> {
  const own = knownWorkspace(caller, ref);
  if (own !== undefined) return own;
  const found =
    hasScope(caller, "admin") && ref.startsWith("ws_")
      ? await table.get(workspaceRecord, keys.workspace(ref))
      : undefined;
  if (found === undefined) throw noWorkspace(caller, ref);
  return found.workspace_id;
}
