import { randomBytes } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import type { Scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { workspaceWrites } from "#core/access/workspace.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import type { ClientRecord } from "./records.ts";

/** 256 random bits behind a prefix that secret scanners can find. */
export function newSecret(): string {
  return `whs_${randomBytes(32).toString("base64url")}`;
}

/**
 * Makes a client with a workspace of its own and returns its secret, which is shown this once.
 *
 * @param name 1–64 characters of A-Za-z0-9._-; also its workspace's name, unless that is given.
 */
export async function createClient(
  deps: TableDeps,
  { name, scopes, workspace = name }: { name: string; scopes: readonly Scope[]; workspace?: string },
): Promise<{ client_id: string; client_secret: string; workspace_id: string; workspace: string }> {
  const now = deps.now();
  const client_id = newId("cli", now);
  const client_secret = newSecret();
  const { workspaceId, grant, writes } = workspaceWrites(now, {
    name: workspace,
    owner: client_id,
    organization: FIRST_ORGANIZATION,
  });
  const record: ClientRecord = {
    client_id,
    name,
    scopes: [...new Set(scopes)],
    secrets: [{ hash: sha256(client_secret), created_at: iso(now) }],
    default_workspace: workspaceId,
    workspaces: { [workspaceId]: workspace },
    organizations: { [FIRST_ORGANIZATION]: scopes.includes("admin") ? "admin" : "member" },
    grants: { [grant.grant_id]: { on: workspaceId, workspace_id: workspaceId, role: "owner" } },
    more_grants: 0,
    groups: [],
    created_at: iso(now),
  };
  await deps.table.transact([
    ...writes,
    { put: { ...keys.client(client_id), ...record }, condition: "attribute_not_exists(#pk)" },
    {
      put: { ...keys.clientEntry(client_id), client_id, name, created_at: iso(now) },
      condition: "attribute_not_exists(#pk)",
    },
  ]);
  return { client_id, client_secret, workspace_id: workspaceId, workspace };
}
