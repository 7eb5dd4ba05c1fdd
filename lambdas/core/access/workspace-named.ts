import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { holds } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

/** Names that a refusal lists at most. */
const MAX_LISTED = 20;

/**
 * The workspace that a request means: by its id, or by its name, which is the caller's own of that name, else the only
 * one of that name that it may list. Naming one by its id says nothing of whether it is there: what is asked of it is
 * decided where that is known.
 *
 * No read for an id, or the name of one that the caller was granted; one for each organization that it administers else.
 * @returns `undefined` where it knows none of that name.
 * @throws WharfError workspace_ambiguous where several have it.
 */
export async function workspaceNamed(
  deps: Pick<Deps, "table">,
  caller: Caller,
  ref: string,
): Promise<string | undefined> {
  if (ref.startsWith("ws_")) return ref;
  const named = Object.entries(caller.workspaces).flatMap(([id, name]) => (name === ref ? [id] : []));
  const own = named.filter((id) => isOwner(caller, id));
  const [only, ...others] = own.length > 0 ? own : named;
  if (others.length > 0) throw ambiguous(ref, named);
  if (only !== undefined) return only;
  const [found, ...more] = await administered(deps, caller, ref);
  if (more.length > 0)
    throw ambiguous(
      ref,
      [found, ...more].filter((id) => id !== undefined),
    );
  return found;
}

/** Whether the caller owns a workspace by a grant of its own. */
function isOwner({ rights }: Caller, workspaceId: string): boolean {
  return rights.grants.some(({ on, role }) => on === workspaceId && role === "owner");
}

/** Workspaces of that name in organizations whose workspaces are all the caller's to list. */
async function administered({ table }: Pick<Deps, "table">, caller: Caller, name: string): Promise<string[]> {
  if (caller.rights.details !== undefined || !holds(caller.scopes, "files:read")) return [];
  const all = Object.entries(caller.rights.organizations).filter(
    ([, role]) => role === "owner" || role === "admin",
  );
  const pages = await Promise.all(
    all.map(([organization]) => {
      const { pk, sk } = keys.organizationName(organization, name, "");
      return table.query({
        where: "#pk = :pk AND begins_with(#sk, :prefix)",
        values: { pk, prefix: sk },
        limit: MAX_LISTED,
      });
    }),
  );
  return pages.flatMap(({ items }) => items.map((item: Item) => String(item["workspace_id"])));
}

function ambiguous(name: string, ids: readonly string[]): WharfError {
  return new WharfError(
    "workspace_ambiguous",
    `${ids.length} workspaces that this token can use are named ${JSON.stringify(name)}: ${ids.join(", ")}. Name the one you mean by its id.`,
    { workspace_ids: [...ids] },
  );
}

/** The same where it must be there. @throws WharfError not_found, with the names that the caller might have meant */
export async function requireWorkspaceNamed(
  deps: Pick<Deps, "table">,
  caller: Caller,
  ref: string,
): Promise<string> {
  const found = await workspaceNamed(deps, caller, ref);
  if (found === undefined) throw noWorkspace(caller, ref);
  return found;
}

/** 404 for a workspace. Of others' workspaces the caller learns nothing. */
export function noWorkspace(caller: Caller, ref: string): WharfError {
  const names = Object.values(caller.workspaces).sort();
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  const listed = names.slice(0, MAX_LISTED).join(", ") || "none";
  return new WharfError(
    "not_found",
    `No workspace ${JSON.stringify(ref)} that this token can see. By name it knows ${listed}${more}; GET /v1/workspaces lists those that it may list with their ids.`,
  );
}

/** The workspace of a request that names none. @throws WharfError invalid_request where the caller has no default */
export function defaultWorkspace({ default_workspace }: Caller): string {
  if (default_workspace !== undefined) return default_workspace;
  throw new WharfError(
    "invalid_request",
    "This client has no workspace of its own: say which one is meant, by id or name, in `workspace`. GET /v1/me shows what it may do where.",
  );
}
