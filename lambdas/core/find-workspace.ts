import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { type Caller, canUse } from "./call.ts";
import type { Deps } from "./deps.ts";
import { notFound } from "./error.ts";

/**
 * The id of the workspace that the caller names, by id or name, to read from: unlike an upload, reading makes none.
 *
 * Costs an AWS call only where an admin names another client's workspace. @throws WharfError not_found
 */
export async function findWorkspace(
  { table }: Pick<Deps, "table">,
  caller: Caller,
  ref: string,
): Promise<string> {
  if (ref in caller.workspaces) return ref;
  const own = Object.entries(caller.workspaces).find(([, name]) => name === ref);
  if (own !== undefined) return own[0];
  const key = ref.startsWith("ws_") ? keys.workspace(ref) : keys.workspaceName(ref);
  const found = caller.scopes.has("admin")
    ? await table.get(z.object({ workspace_id: z.string() }), key)
    : undefined;
  if (found === undefined || !canUse(caller, found.workspace_id)) throw notFound("workspace", ref);
  return found.workspace_id;
}
