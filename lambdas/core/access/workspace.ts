import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened, type Write } from "#aws/table.ts";
import { holds } from "#contract/scopes.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { grantWrites } from "./grant-writes.ts";
import { rootFolder } from "./place.ts";
import type { GrantRecord } from "./records.ts";
import { MAX_IN_RECORD } from "./rights-of.ts";
import { defaultWorkspace, noWorkspace, workspaceNamed } from "./workspace-named.ts";

interface NewWorkspace {
  name: string;
  /** Whose it is: its name is one among that owner's. */
  owner: string;
  organization: string;
}

/** Writes that make a workspace with its root folder, and the grant by which its owner has it. */
export function workspaceWrites(now: number, { name, owner, organization }: NewWorkspace) {
  const workspaceId = newId("ws", now);
  const root = rootFolder(workspaceId);
  const created_at = iso(now);
  const place = { workspace_id: workspaceId, organization_id: organization };
  const grant: GrantRecord & { workspace_name: string } = {
    grant_id: newId("grt", now),
    principal_id: owner,
    on: workspaceId,
    ...place,
    role: "owner",
    created_at,
    created_by: owner,
    workspace_name: name,
  };
  const writes: Write[] = [
    {
      put: {
        ...keys.workspace(workspaceId),
        ...place,
        name,
        root_folder: root,
        created_at,
        created_by: owner,
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: { ...keys.workspaceName(owner, name), workspace_id: workspaceId },
      condition: "attribute_not_exists(#pk)",
    },
    ...organizationEntries(organization, { workspaceId, name }),
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
      condition: "attribute_not_exists(#pk)",
    },
  ];
  return { workspaceId, grant, writes };
}

/** What lists a workspace in its organization, by id and by name. */
export function organizationEntries(
  organization: string,
  { workspaceId, name }: { workspaceId: string; name: string },
): Write[] {
  const entry = { workspace_id: workspaceId, name };
  const why = "says the same however often it is written";
  return [
    { put: { ...keys.organizationWorkspace(organization, workspaceId), ...entry }, blind: why },
    { put: { ...keys.organizationName(organization, name, workspaceId), ...entry }, blind: why },
  ];
}

/**
 * The id of the workspace that an upload names (by id or name; default: the client's own). Whether it may create there
 * is decided where its folder is known.
 *
 * A name that the caller knows no workspace of makes a new one, as a path makes its folders, where it has
 * `workspaces:write` and is no restricted token, or is a client from when that needed no scope. Costs no AWS call where
 * it has the workspace.
 *
 * @throws WharfError not_found for a name that it may not make; workspace_ambiguous; limit_exceeded for a new one where it
 * has no room for more.
 */
export async function useWorkspace(deps: Deps, { caller }: Call, ref: string | undefined): Promise<string> {
  if (ref === undefined) return defaultWorkspace(caller);
  const found = await workspaceNamed(deps, caller, ref);
  if (found !== undefined) return found;
  const organization = mayMakeIn(caller);
  if (organization === undefined) throw noWorkspace(caller, ref);
  return makeOrFind(deps, caller, { name: ref, owner: caller.id, organization });
}

/** The organization in which an upload of this caller's may make a workspace. */
function mayMakeIn({
  scopes,
  rights: { details, organizations },
  makes_workspaces,
}: Caller): string | undefined {
  if (details !== undefined || !(makes_workspaces || holds(scopes, "workspaces:write"))) return undefined;
  const [only, ...others] = Object.entries(organizations);
  if (only === undefined || others.length > 0) return undefined;
  const [organization, role] = only;
  return makes_workspaces || role !== "guest" ? organization : undefined;
}

const held = z.object({ grants: z.record(z.string(), z.unknown()).default({}) });

async function makeOrFind(deps: Deps, caller: Caller, wanted: NewWorkspace): Promise<string> {
  const { workspaceId, grant, writes } = workspaceWrites(deps.now(), wanted);
  for (const further of [false, true]) {
    if (await happened(deps.table.transact([...writes, ...grantWrites(grant, { further })])))
      return workspaceId;
    // Made by a request of this caller's that ran beside this one, or its record has no room.
    const taken = await deps.table.get(
      z.object({ workspace_id: z.string() }),
      keys.workspaceName(caller.id, wanted.name),
    );
    if (taken !== undefined) return taken.workspace_id;
    const holder = await deps.table.get(held, keys.principal(caller.id));
    if (Object.keys(holder?.grants ?? {}).length < MAX_IN_RECORD) break;
  }
  throw noWorkspace(caller, wanted.name);
}
