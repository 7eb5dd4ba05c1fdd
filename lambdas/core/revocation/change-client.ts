import { ifNone } from "#aws/changes.ts";
import { keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { newSecret } from "#core/accounts/create-client.ts";
import { type ClientRecord, clientRecord } from "#core/accounts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { type Ended, endHoldings, type LinksEnd, newRevocation, revocationRecord } from "./end-holdings.ts";

type ClientDeps = TableDeps;

/** How long the administrator waits for what the client holds to end (ms); the sweep does the rest. */
const PATIENCE_MS = 60_000;

/**
 * Stops a client and all its tokens at once: calls, finalize and new URLs are refused from here on. What it holds ends
 * with it: sessions (S3 forgets their parts within minutes), locks, endpoints and, where asked for, its links. Where
 * that takes long, or one of them can't be ended, the answer isn't `complete` and the sweep goes on with it. Idempotent.
 *
 * @param links what becomes of its links; where it isn't said, what was asked for last, and at first they are kept.
 * @throws WharfError not_found
 */
export async function revokeClient(
  deps: ClientDeps,
  clientId: string,
  links?: LinksEnd,
): Promise<{ client_id: string; revoked_at: string; links: LinksEnd; ended: Ended; complete: boolean }> {
  const now = deps.now();
  const [client, earlier] = await Promise.all([
    deps.table.get(clientRecord, keys.client(clientId)),
    deps.table.get(revocationRecord, keys.revocation(clientId)),
  ]);
  if (client === undefined) throw unknownClient(clientId);
  const { job, write } = newRevocation(now, clientId, { links, earlier });
  await deps.table.transact([
    {
      key: keys.client(clientId),
      update: { set: { revoked_at: ifNone(iso(now)) } },
      condition: "attribute_exists(#pk)",
    },
    write,
  ]);
  const timeLeft = () => deps.now() < now + PATIENCE_MS;
  const { ended, complete } = await endHoldings({ ...deps, timeLeft }, job);
  const revoked_at = client.revoked_at ?? iso(now);
  return { client_id: clientId, revoked_at, links: job.links, ended, complete };
}

/**
 * Adds a second secret; both work until `retireSecrets`.
 *
 * @throws WharfError not_found; conflict where two are live already, or are being changed.
 */
export async function rotateSecret(deps: ClientDeps, clientId: string): Promise<{ client_secret: string }> {
  const client_secret = newSecret();
  const added = { hash: sha256(client_secret), created_at: iso(deps.now()) };
  await changeSecrets(deps, clientId, (secrets) => {
    const [older, newer] = secrets;
    if (older === undefined || newer === undefined) return [...secrets, added];
    throw new WharfError(
      "conflict",
      `Two secrets are live already, of ${older.created_at} and ${newer.created_at}. Where the newer one is in use, end the older: retire-secrets --client ${clientId}. Where nobody has the newer one, since its answer was lost, end that: retire-secrets --client ${clientId} --keep older. Then rotate again.`,
    );
  });
  return { client_secret };
}

/**
 * Ends every secret but one: the newest, or the oldest where the newest came with an answer that was lost. Idempotent.
 *
 * @throws WharfError not_found; conflict where they are being changed.
 */
export async function retireSecrets(
  deps: ClientDeps,
  clientId: string,
  keep: "newer" | "older" = "newer",
): Promise<{ client_id: string; secrets_ended: number }> {
  let ended = 0;
  await changeSecrets(deps, clientId, (secrets) => {
    ended = Math.max(0, secrets.length - 1);
    return ended === 0 ? undefined : keep === "newer" ? secrets.slice(-1) : secrets.slice(0, 1);
  });
  return { client_id: clientId, secrets_ended: ended };
}

type Secrets = ClientRecord["secrets"];

/**
 * Gives a client the secrets that `next` makes of those that it has, where they are still the same in the write.
 *
 * The id of the change stands beside them: by it a write that is sent again knows that it has got through, and one
 * whose first copy comes late brings back no secret that has ended since.
 */
async function changeSecrets(
  deps: ClientDeps,
  clientId: string,
  next: (secrets: Secrets) => Secrets | undefined,
): Promise<void> {
  const client = await deps.table.get(clientRecord, keys.client(clientId));
  if (client === undefined) throw unknownClient(clientId);
  const secrets = next(client.secrets);
  if (secrets === undefined) return;
  const change = newId("job", deps.now());
  const { secrets_change: seen } = client;
  try {
    await deps.table.update({
      key: keys.client(clientId),
      update: { set: { secrets, secrets_change: change } },
      condition:
        seen === undefined
          ? "attribute_exists(#pk) AND attribute_not_exists(#secrets_change)"
          : "#secrets_change = :seen",
      values: { seen },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    if (error.item?.["secrets_change"] === change) return;
    throw new WharfError(
      "conflict",
      "Somebody else has just changed this client's secrets. See list-clients, and decide again.",
      {},
      { cause: error },
    );
  }
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
  await deps.table.transact([
    {
      key: keys.client(clientId),
      update: { set: { [`workspaces.${workspaceId}`]: workspace["name"] } },
      condition: "attribute_exists(#pk)",
      else: () => unknownClient(clientId),
    },
    {
      key: keys.workspace(workspaceId),
      update: { add: { members: new Set([clientId]) } },
      condition: "attribute_exists(#pk)",
    },
  ]);
  return { client_id: clientId, workspace_id: workspaceId, workspace: String(workspace["name"]) };
}

/** The administrator sees all clients, and has no token. */
function unknownClient(id: string): WharfError {
  return new WharfError(
    "not_found",
    `No client has the id ${JSON.stringify(id)}; ids (cli_…) are needed, not names, and list-clients shows them.`,
  );
}
