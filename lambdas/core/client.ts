import { randomBytes } from "node:crypto";
import { z } from "zod";
import { keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed, type Item, TransactionFailed } from "#aws/table.ts";
import type { Scope } from "#contract/common.ts";
import { type Deps, iso, newId } from "./deps.ts";
import { notFound, WharfError } from "./error.ts";
import { type ClientRecord, clientRecord } from "./records.ts";
import { workspaceWrites } from "./workspace.ts";

type ClientDeps = Pick<Deps, "table" | "now">;

/** 256 random bits behind a prefix that secret scanners can find. */
function newSecret(): string {
  return `whs_${randomBytes(32).toString("base64url")}`;
}

/**
 * Makes a client with a workspace of its own and returns its secret, which is shown this once.
 *
 * @param name 1–64 characters of A-Za-z0-9._-; also its workspace's name, or that with a number where it is taken.
 */
export async function createClient(
  deps: ClientDeps,
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

const clientRow = z.object({ client_id: z.string(), name: z.string(), created_at: z.string() });

/** Every client with its scopes and whether it has been revoked; never a secret. */
export async function listClients(deps: ClientDeps) {
  const rows: unknown[] = [];
  let after: Item | undefined;
  do {
    const page = await deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.clientEntry("").pk },
      after,
    });
    const ids = page.items.map((item) => clientRow.parse(item).client_id);
    const records = await deps.table.batchGet(ids.map((id) => keys.client(id)));
    for (const record of records.map((item) => clientRecord.parse(item))) {
      const { client_id, name, scopes, workspaces, created_at, revoked_at, secrets } = record;
      rows.push({ client_id, name, scopes, workspaces, created_at, revoked_at, secrets: secrets.length });
    }
    after = page.next;
  } while (after !== undefined);
  return rows;
}

/** Stops a client and all its tokens at once. Idempotent. @throws WharfError not_found */
export async function revokeClient(deps: ClientDeps, clientId: string): Promise<void> {
  await change(deps, clientId, {
    update: "SET #revoked_at = if_not_exists(#revoked_at, :now)",
    values: { now: iso(deps.now()) },
  });
}

/** Adds a second secret; both work until `retireSecrets`. @throws WharfError conflict where two are live already. */
export async function rotateSecret(deps: ClientDeps, clientId: string): Promise<{ client_secret: string }> {
  const client_secret = newSecret();
  const added = { hash: sha256(client_secret), created_at: iso(deps.now()) };
  try {
    await change(deps, clientId, {
      update: "SET #secrets = list_append(#secrets, :added)",
      condition: "size(#secrets) < :two",
      values: { added: [added], two: 2 },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    throw new WharfError(
      "conflict",
      "Two secrets are live already; retire the older one first.",
      {},
      { cause: error },
    );
  }
  return { client_secret };
}

/** Ends every secret but the newest. Idempotent. */
export async function retireSecrets(deps: ClientDeps, clientId: string): Promise<void> {
  const client = await deps.table.get(clientRecord, keys.client(clientId));
  if (client === undefined) throw notFound("client", clientId);
  if (client.secrets.length < 2) return;
  await change(deps, clientId, {
    update: "SET #secrets = :kept",
    condition: "#secrets = :seen",
    values: { kept: client.secrets.slice(-1), seen: client.secrets },
  });
}

/** Lets a client use another's workspace, or a new one. */
export async function shareWorkspace(
  deps: ClientDeps,
  { clientId, workspaceId }: { clientId: string; workspaceId: string },
): Promise<void> {
  const [workspace] = await deps.table.batchGet([keys.workspace(workspaceId)]);
  if (workspace === undefined) throw notFound("workspace", workspaceId);
  try {
    await deps.table.transact([
      {
        key: keys.client(clientId),
        update: `SET #workspaces.#${workspaceId} = :name`,
        condition: "attribute_exists(#pk)",
        values: { name: workspace["name"] },
      },
      {
        key: keys.workspace(workspaceId),
        update: "ADD #members :members",
        condition: "attribute_exists(#pk)",
        values: { members: new Set([clientId]) },
      },
    ]);
  } catch (error) {
    if (error instanceof TransactionFailed) throw notFound("client", clientId);
    throw error;
  }
}

async function change(
  deps: ClientDeps,
  clientId: string,
  { update, condition, values }: { update: string; condition?: string; values: Record<string, unknown> },
): Promise<void> {
  const exists = "attribute_exists(#pk)";
  try {
    await deps.table.update({
      key: keys.client(clientId),
      update,
      condition: condition === undefined ? exists : `${exists} AND ${condition}`,
      values,
    });
  } catch (error) {
    if (error instanceof ConditionFailed && error.item === undefined) throw notFound("client", clientId);
    throw error;
  }
}
