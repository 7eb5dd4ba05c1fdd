import { keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed, TransactionFailed } from "#aws/table.ts";
import { newSecret } from "./create-client.ts";
import { type Deps, iso } from "./deps.ts";
import { disableEndpoint } from "./disable-endpoint.ts";
import { notFound, WharfError } from "./error.ts";
import { readHooks } from "./match-endpoints.ts";
import { clientRecord } from "./records.ts";

type ClientDeps = Pick<Deps, "table" | "now">;

/**
 * Stops a client and all its tokens at once, and its endpoints with it: they are told of nothing new, and what was
 * still to be tried again is skipped. Idempotent. @throws WharfError not_found
 */
export async function revokeClient(deps: ClientDeps, clientId: string): Promise<void> {
  await change(deps, clientId, {
    update: "SET #revoked_at = if_not_exists(#revoked_at, :now)",
    values: { now: iso(deps.now()) },
  });
  for (const hook of await readHooks(deps)) {
    if (hook.client_id === clientId) await disableEndpoint(deps, hook, "revoked", `revoke-${clientId}`);
  }
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
