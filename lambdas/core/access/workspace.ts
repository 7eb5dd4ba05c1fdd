import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened, type Write } from "#aws/table.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { findWorkspace } from "./find-workspace.ts";
import { knownWorkspace, noWorkspace } from "./known-workspace.ts";

/** A client's record names its workspaces, and every call reads it: 100 of them are 10 KB. */
const MAX_WORKSPACES = 100;
const held = z.object({ workspaces: z.record(z.string(), z.string()) });

/** A workspace's root folder has the workspace's own ULID, so that nobody has to look it up. */
export function rootFolder(workspaceId: string): string {
  return workspaceId.replace(/^ws_/, "fld_");
}

/** Writes that make a workspace with its root folder, owned by one client. */
export function workspaceWrites(now: number, { name, clientId }: { name: string; clientId: string }) {
  const workspaceId = newId("ws", now);
  const root = rootFolder(workspaceId);
  const created_at = iso(now);
  const writes: Write[] = [
    {
      put: {
        ...keys.workspace(workspaceId),
        workspace_id: workspaceId,
        name,
        root_folder: root,
        members: new Set([clientId]),
        created_at,
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: { ...keys.workspaceName(clientId, name), workspace_id: workspaceId },
      condition: "attribute_not_exists(#pk)",
    },
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
  return { workspaceId, writes };
}

/**
 * The id of the workspace that a request names (by id or name; default: the client's own).
 *
 * A name that the client has no workspace of makes a new one, as a path makes its folders. Costs no AWS call where the
 * client already has the workspace.
 *
 * @throws WharfError not_found for another's id; invalid_request for a name of several; limit_exceeded for a new one where
 * the client has 100.
 */
export async function useWorkspace(deps: Deps, { caller }: Call, ref: string | undefined): Promise<string> {
  if (ref === undefined) return caller.default_workspace;
  const own = knownWorkspace(caller, ref);
  if (own !== undefined) return own;
  return ref.startsWith("ws_") ? findWorkspace(deps, caller, ref) : makeOrFind(deps, caller, ref);
}

async function makeOrFind(deps: Deps, caller: Caller, name: string): Promise<string> {
  const { workspaceId, writes } = workspaceWrites(deps.now(), { name, clientId: caller.client_id });
  const grant: Write = {
    key: keys.client(caller.client_id),
    update: { set: { [`workspaces.${workspaceId}`]: name } },
    condition: "attribute_not_exists(#revoked_at) AND size(#workspaces) < :max",
    values: { max: MAX_WORKSPACES },
  };
  if (await happened(deps.table.transact([...writes, grant]))) return workspaceId;
  // Made by a request of this client's that ran beside this one, or there may be no more.
  const taken = await deps.table.get(
    z.object({ workspace_id: z.string() }),
    keys.workspaceName(caller.client_id, name),
  );
  if (taken !== undefined) return taken.workspace_id;
  const client = await deps.table.get(held, keys.client(caller.client_id));
  if (Object.keys(client?.workspaces ?? {}).length >= MAX_WORKSPACES) {
    throw new WharfError(
      "limit_exceeded",
      `The client has ${MAX_WORKSPACES} workspaces, and can't make ${JSON.stringify(name)} as well. Use folders of one that it has.`,
      { max_workspaces: MAX_WORKSPACES },
    );
  }
  throw noWorkspace(caller, name);
}
