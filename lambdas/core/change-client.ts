import { keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed, TransactionFailed } from "#aws/table.ts";
import { newSecret } from "./create-client.ts";
import { type Deps, iso } from "./deps.ts";
import { type Ended, endHoldings, type LinksEnd, newRevocation } from "./end-holdings.ts";
import { WharfError } from "./error.ts";
import { clientRecord } from "./records.ts";

type ClientDeps = Pick<Deps, "table" | "now">;

/** How long the administrator waits for what the client holds to end (ms); the sweep does the rest. */
const PATIENCE_MS = 60_000;

/**
 * Stops a client and all its tokens at once: calls, finalize and new URLs are refused from here on. What it holds ends
 * with it: sessions (S3 forgets their parts within minutes), locks, endpoints and, where asked for, its links. Where
 * that takes long, or one of them can't be ended, the answer isn't `complete` and the sweep goes on with it. Idempotent.
 *
 * @throws WharfError not_found
 */
export async function revokeClient(
  deps: ClientDeps,
  clientId: string,
  links: LinksEnd = "keep",
): Promise<{ client_id: string; revoked_at: string; links: LinksEnd; ended: Ended; complete: boolean }> {
  const now = deps.now();
  const { job, write } = newRevocation(now, clientId, links);
  const client = await deps.table.get(clientRecord, keys.client(clientId));
  if (client === undefined) throw unknownClient(clientId);
  await deps.table.transact([
    {
      key: keys.client(clientId),
      update: "SET #revoked_at = if_not_exists(#revoked_at, :now)",
      condition: "attribute_exists(#pk)",
      values: { now: iso(now) },
    },
    write,
  ]);
  const timeLeft = () => deps.now() < now + PATIENCE_MS;
  const { ended, complete } = await endHoldings({ ...deps, timeLeft }, job);
  return { client_id: clientId, revoked_at: client.revoked_at ?? iso(now), links, ended, complete };
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
export async function retireSecrets(
  deps: ClientDeps,
  clientId: string,
): Promise<{ client_id: string; secrets_ended: number }> {
  const client = await deps.table.get(clientRecord, keys.client(clientId));
  if (client === undefined) throw unknownClient(clientId);
  const ended = Math.max(0, client.secrets.length - 1);
  if (ended > 0) {
    await change(deps, clientId, {
      update: "SET #secrets = :kept",
      condition: "#secrets = :seen",
      values: { kept: client.secrets.slice(-1), seen: client.secrets },
    });
  }
  return { client_id: clientId, secrets_ended: ended };
}

/** Lets a client use another's workspace, or a new one. */
export async function shareWorkspace(
  deps: ClientDeps,
  { clientId, workspaceId }: { clientId: string; workspaceId: string },
): Promise<{ client_id: string; workspace_id: string; workspace: string }> {
  const [workspace] = await deps.table.batchGet([keys.workspace(workspaceId)]);
  if (workspace === undefined) {
    throw new WharfError(
      "not_found",
      `No workspace has the id ${JSON.stringify(workspaceId)}; ids (ws_…) are needed, not names, and list-clients shows them.`,
    );
  }
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
    if (error instanceof TransactionFailed) throw unknownClient(clientId);
    throw error;
  }
  return { client_id: clientId, workspace_id: workspaceId, workspace: String(workspace["name"]) };
}

/** The administrator sees all clients, and has no token. */
function unknownClient(id: string): WharfError {
  return new WharfError(
    "not_found",
    `No client has the id ${JSON.stringify(id)}; ids (cli_…) are needed, not names, and list-clients shows them.`,
  );
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
    if (error instanceof ConditionFailed && error.item === undefined) throw unknownClient(clientId);
    throw error;
  }
}
