import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { type Caller, hasScope } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { knownWorkspace, noWorkspace } from "./known-workspace.ts";

const found = z.object({ workspace_id: z.string() });

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
  const other =
    hasScope(caller, "admin") && ref.startsWith("ws_")
      ? await table.get(found, keys.workspace(ref))
      : undefined;
  if (other === undefined) throw noWorkspace(caller, ref);
  return other.workspace_id;
}
