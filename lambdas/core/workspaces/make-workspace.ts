import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import type { MemberAccess } from "#contract/roles.ts";
import { holds } from "#contract/scopes.ts";
import { grantLimit, grantWrites, type NewGrant } from "#core/access/grant-writes.ts";
import { migrateClient } from "#core/access/migrate-client.ts";
import { organizationEntries } from "#core/access/organization-entries.ts";
import { roleNow } from "#core/access/organization-now.ts";
import { rootFolder } from "#core/access/place.ts";
import { rightsShape } from "#core/access/records.ts";
import { heldGrant, rightsOf } from "#core/access/rights-of.ts";
import { openOrganization } from "#core/access/standing.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import type { HeldGrant } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { defaultWorkspace, noWorkspace, workspaceNamed } from "./workspace-named.ts";

export interface NewWorkspace {
  name: string;
  /** Whose it is: its name is one among that owner's. */
  owner: string;
  organization: string;
  /** The organization's, as it was decided. @default 0 */
  epoch?: number | undefined;
  /** @default none */
  member_access?: MemberAccess | undefined;
}

/**
 * Writes that make a workspace with its root folder, and the grant by which its owner has it. The first one's condition
 * fails where the owner has one of the name.
 */
export function workspaceWrites(
  now: number,
  { name, owner, organization, epoch, member_access }: NewWorkspace,
) {
  const workspaceId = newId("ws", now);
  const root = rootFolder(workspaceId);
  const created_at = iso(now);
  const place = { workspace_id: workspaceId, organization_id: organization };
  const grant: NewGrant = {
    grant_id: newId("grt", now),
    principal_id: owner,
    on: workspaceId,
    ...place,
    role: "owner",
    created_at,
    created_by: owner,
    workspace_name: name,
  };
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const organization_epoch = epoch || undefined;
  const made = { organization_epoch, root_folder: root, created_at, created_by: owner };
  const writes: Write[] = [
    { put: { ...keys.workspaceName(owner, name), workspace_id: workspaceId }, ...isNew },
    { put: { ...keys.workspace(workspaceId), ...place, name, member_access, ...made }, ...isNew },
    ...organizationEntries(organization, { workspaceId, name, member_access, organization_epoch }),
    {
      put: {
        ...keys.node(root),
        kind: "folder",
        node_id: root,
        workspace_id: workspaceId,
        parent_id: null,
        name: "",
        created_at,
      },
      ...isNew,
    },
  ];
  return { workspaceId, grant, writes };
}

/**
 * The id of the workspace that an upload names (by id or name; default: the client's own). Whether it may create there
 * is decided where its folder is known.
 *
 * A name that the caller knows no workspace of makes a new one, as a path makes its folders, where it has
 * `workspaces:write` and is no restricted token, or is a client from when that needed no scope. Costs no AWS call where
 * it has the workspace.
 *
 * @returns the workspace, and the caller with what it has there.
 * @throws WharfError not_found for a name that it may not make; workspace_ambiguous; grant_limit for a new one where it
 * has no room for more.
 */
export async function useWorkspace(
  deps: Deps,
  { caller }: Call,
  ref: string | undefined,
): Promise<{ workspaceId: string; caller: Caller }> {
  if (ref === undefined) return { workspaceId: defaultWorkspace(caller), caller };
  const found = await workspaceNamed(deps, caller, ref);
  if (found !== undefined) return { workspaceId: found, caller };
  const place = await mayMakeIn(deps, caller);
  if (place === undefined) throw noWorkspace(caller, ref);
  const { made, taken } = await makeWorkspace(deps, { name: ref, owner: caller.id, ...place });
  if (made === undefined) return { workspaceId: taken, caller: await withWhatItHasNow(deps, caller) };
  const own = heldGrant("", { on: made, workspace_id: made, role: "owner" });
  return { workspaceId: made, caller: withGrants(caller, [own]) };
}

/** The caller with the grants that it got since it was read. */
function withGrants({ rights, ...caller }: Caller, since: readonly HeldGrant[]): Caller {
  return { ...caller, rights: { ...rights, grants: [...rights.grants, ...since] } };
}

/**
 * Its name was taken by a request of this caller's that ran beside this one, or long ago, by a workspace that is no
 * more its own.
 */
async function withWhatItHasNow({ table }: TableDeps, caller: Caller): Promise<Caller> {
  const record = await table.get(z.object(rightsShape), keys.principal(caller.id));
  if (record?.organizations === undefined) return caller;
  return { ...caller, rights: { ...rightsOf(record), details: caller.rights.details } };
}

/** The organization in which an upload of this caller's may make a workspace. */
async function mayMakeIn(
  deps: Pick<TableDeps, "table">,
  caller: Caller,
): Promise<Pick<NewWorkspace, "organization" | "epoch"> | undefined> {
  const { scopes, rights, makes_workspaces } = caller;
  const { home: organization } = rights;
  const mayMake = makes_workspaces || holds(scopes, "workspaces:write");
  if (rights.details !== undefined || !mayMake || organization === undefined) return undefined;
  const now = await openOrganization(deps, caller, organization);
  const role = now && roleNow(caller, organization, now);
  return role !== undefined && (makes_workspaces || role !== "guest")
    ? { organization, epoch: now?.epoch }
    : undefined;
}

const named = z.object({ workspace_id: z.string() });
/** Its holder is brought over, its record is full, its partition is. */
const ROUNDS = 3;
type Made = { made: string; taken?: never } | { made?: never; taken: string };

/**
 * Makes a workspace, whose owner gets a grant on it, together with what `also` makes of its id; or says which of the
 * owner's has the name.
 *
 * @throws WharfError grant_limit where the owner has 1,000; conflict where others keep changing it.
 */
export async function makeWorkspace(
  deps: TableDeps,
  wanted: NewWorkspace,
  also: (workspaceId: string, created_at: string) => readonly Write[] = () => [],
): Promise<Made> {
  const { workspaceId, grant, writes } = workspaceWrites(deps.now(), wanted);
  const [name] = writes;
  let further = false;
  for (let round = 0; round < ROUNDS; round++) {
    try {
      const given = grantWrites(grant, { further });
      await deps.table.transact([...writes, ...given, ...also(workspaceId, grant.created_at)]);
      return { made: workspaceId };
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      if (name !== undefined && error.failed.has(name))
        return { taken: named.parse(error.failed.get(name)).workspace_id };
      // One from before there were organizations has room once it is brought over.
      if (await migrateClient(deps, wanted.owner)) continue;
      if (further) break;
      further = true;
    }
  }
  throw grantLimit(wanted.owner);
}
