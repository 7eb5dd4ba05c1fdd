import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { memberAccess } from "#contract/roles.ts";
import { holds } from "#contract/scopes.ts";
import { allGrants } from "#core/access/authorize.ts";
import { byRole } from "#core/access/decide.ts";
import { roleNow } from "#core/access/organization-now.ts";
import { workspaceRecord } from "#core/access/records.ts";
import { organizationsNow } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

/** Names or ids that a refusal lists. */
const MAX_LISTED = 20;
/** See `keys.workspaceName` and `organizationEntries`. */
const own = z.object({ workspace_id: z.string() });
const entry = own.extend({ member_access: memberAccess.default("none") });

/**
 * The workspace that a request means: by its id, or by its name, which is the caller's own of that name, else the only
 * one of that name that it may list. Naming one by its id says nothing of whether it is there: what is asked of it is
 * decided where that is known.
 *
 * No read for an id, or the name of one that the caller's record names; else one for each of its organizations, where it
 * has rights that the record doesn't tell of. Two that its record calls the same are read: names in records are hints.
 *
 * @returns `undefined` where it knows none of that name.
 * @throws WharfError workspace_ambiguous where several have it.
 */
export async function workspaceNamed(
  deps: Pick<Deps, "table">,
  caller: Caller,
  ref: string,
): Promise<string | undefined> {
  if (ref.startsWith("ws_")) return ref;
  const known = Object.entries(caller.workspaces).flatMap(([id, name]) =>
    name === ref && isWithin(caller, id) ? [id] : [],
  );
  if (known.length === 0) return only(ref, await elsewhere(deps, caller, ref));
  if (known.length === 1) return known[0];
  const owned = known.filter((id) => isOwner(caller, id));
  if (owned.length === 1) return owned[0];
  return only(ref, await reallyNamed(deps, owned.length > 0 ? owned : known, ref));
}

/** @throws WharfError workspace_ambiguous */
function only(name: string, ids: readonly string[]): string | undefined {
  const [first, ...others] = ids;
  if (others.length === 0) return first;
  throw new WharfError(
    "workspace_ambiguous",
    `${ids.length} workspaces that this token can use are named ${JSON.stringify(name)}. Name the one you mean by its id.`,
    { workspace_ids: ids.slice(0, MAX_LISTED) },
  );
}

/** Whether a restricted token reaches anything of the workspace. */
function isWithin({ rights: { details } }: Caller, workspaceId: string): boolean {
  return details === undefined || details.some(({ workspace }) => workspace === workspaceId);
}

/** Whether the caller owns a workspace by a grant of its own. */
function isOwner({ rights }: Caller, workspaceId: string): boolean {
  return rights.grants.some(({ on, role }) => on === workspaceId && role === "owner");
}

/** Those that still are called so. */
async function reallyNamed({ table }: Pick<Deps, "table">, ids: readonly string[], name: string) {
  const items = await table.batchGet(ids.map((id) => keys.workspace(id)));
  const found = items
    .map((item) => workspaceRecord.parse(item))
    .filter((one) => one.name === name && one.deleted_at === undefined);
  return found.map(({ workspace_id }) => workspace_id).sort();
}

/**
 * Workspaces of that name that the caller's record doesn't name: its own, where it has more grants than its record
 * holds, else those of its organizations that it may list by its role, or by grants that stand elsewhere.
 */
async function elsewhere(deps: Pick<Deps, "table">, caller: Caller, name: string): Promise<string[]> {
  const { organizations, more_grants, groups } = caller.rights;
  const granted = more_grants || groups.length > 0;
  const asked = Object.entries(organizations).filter(([, role]) => granted || role !== "guest");
  const ids = asked.map(([id]) => id);
  const [mine, now, ...pages] = await Promise.all([
    more_grants ? deps.table.get(own, keys.workspaceName(caller.id, name)) : undefined,
    organizationsNow(deps, caller, ids),
    ...ids.map((organization) => ofOrganization(deps, { organization, name })),
  ]);
  if (mine !== undefined && isWithin(caller, mine.workspace_id)) return [mine.workspace_id];
  const found = pages
    .flatMap((page, at) => {
      const id = ids[at] ?? "";
      const organization = now.get(id);
      if (organization === undefined || organization.closed_at !== undefined) return [];
      const role = roleNow(caller, id, organization);
      return page.map(({ workspace_id, member_access }) => ({
        workspace_id,
        byItsRole: byRole({ role }, { member_access }).includes("list"),
      }));
    })
    .filter(({ workspace_id }) => isWithin(caller, workspace_id));
  const grants = granted && found.length > 0 ? await allGrants(deps, caller) : caller.rights.grants;
  // A grant on a folder of it is no reason to know its name.
  const given = new Set(
    grants.flatMap(({ on, actions }) => (actions.includes("list") || actions.includes("create") ? [on] : [])),
  );
  const seesFiles = holds(caller.scopes, "files:read");
  return found
    .filter(({ workspace_id, byItsRole }) => (seesFiles && byItsRole) || given.has(workspace_id))
    .map(({ workspace_id }) => workspace_id)
    .sort();
}

/** Workspaces of one name in an organization, and what its members have on them. */
async function ofOrganization(
  { table }: Pick<Deps, "table">,
  { organization, name }: { organization: string; name: string },
) {
  const { pk, sk } = keys.organizationName(organization, name, "");
  // DynamoDB: 1 MB, some 5,000 of them.
  const { items } = await table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk, prefix: sk },
  });
  return items.map((item) => entry.parse(item));
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
  const known = Object.entries(caller.workspaces).filter(([id]) => isWithin(caller, id));
  const names = [...new Set(known.map(([, name]) => name))].sort();
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
    "You have no workspace of your own: say which one is meant, by id or name, in `workspace`. GET /v1/me shows what it may do where.",
  );
}
