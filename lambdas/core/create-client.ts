import { randomBytes } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import type { Scope } from "#contract/common.ts";
import { type Deps, iso, newId } from "./deps.ts";
import { WharfError } from "./error.ts";
import type { ClientRecord } from "./records.ts";
import { workspaceWrites } from "./workspace.ts";

/** 256 random bits behind a prefix that secret scanners can find. */
export function newSecret(): string {
  return `whs_${randomBytes(32).toString("base64url")}`;
}

/**
 * Makes a client with a workspace of its own and returns its secret, which is shown this once.
 *
 * @param name 1–64 characters of A-Za-z0-9._-; also its workspace's name, or that with a number where it is taken.
 */
export async function createClient(
  deps: Pick<Deps, "table" | "now">,
  { name, scopes, workspace = name }: { name: string; scopes: readonly Scope[]; workspace?: string },
): Promise<{ client_id: string; client_secret: string; workspace_id: string }> {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const now = deps.now();
    const client_id = newId("cli", now);
    const client_secret = newSecret();
    const workspaceName = attempt === 1 ? workspace : `${workspace}-${attempt}`;
    const { workspaceId, writes } = workspaceWrites(now, { name: workspaceName, clientId: client_id });
    const record: ClientRecord = {
      client_id,
      name,
      scopes: [...new Set(scopes)],
      secrets: [{ hash: sha256(client_secret), created_at: iso(now) }],
      default_workspace: workspaceId,
      workspaces: { [workspaceId]: workspaceName },
      created_at: iso(now),
    };
    try {
      await deps.table.transact([
        ...writes,
        { put: { ...keys.client(client_id), ...record }, condition: "attribute_not_exists(#pk)" },
        { put: { ...keys.clientEntry(client_id), client_id, name, created_at: iso(now) } },
      ]);
      return { client_id, client_secret, workspace_id: workspaceId };
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError(
    "name_taken",
    `Workspaces ${workspace}, ${workspace}-2 … are taken; choose another name.`,
  );
}
