import { keys } from "#aws/keys.ts";
import { changeClient, freshSecret, unknownClient } from "#core/accounts/client-secrets.ts";
import { liveSecrets } from "#core/accounts/find-client.ts";
import { clientRecord } from "#core/accounts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { clientEndWrites, type EndedBy } from "./client-ends.ts";
import type { Ended, LinksEnd } from "./contract.ts";
import { endHoldings } from "./end-holdings.ts";
import { newRevocation, revocationRecord } from "./records.ts";

/** How long the administrator waits for what the client holds to end (ms); the sweep does the rest. */
const PATIENCE_MS = 60_000;
const ADMINISTRATOR: EndedBy = { actor: { type: "system", id: "admin" }, request_id: "admin" };

interface How extends EndedBy {
  /** What becomes of its links; where it isn't said, what was asked for last, and at first they are kept. */
  links?: LinksEnd | undefined;
  /** Whether the only owner of an organization may end. */
  lastOwner: "stays" | "ends";
  patienceMs: number;
}

/**
 * Stops a client and all its tokens at once: calls, finalize and new URLs are refused from here on. What it holds ends
 * with it: sessions (S3 forgets their parts within minutes), locks, endpoints, what it has made and, where asked for, its
 * links. Where that takes long, or one of them can't be ended, the answer isn't `complete` and the sweep goes on with it.
 * Idempotent.
 *
 * @param links what becomes of its links; where it isn't said, what was asked for last, and at first they are kept.
 * @throws WharfError not_found
 */
export function revokeClient(deps: TableDeps, clientId: string, links?: LinksEnd) {
  return revokeAs(deps, clientId, { ...ADMINISTRATOR, links, lastOwner: "ends", patienceMs: PATIENCE_MS });
}

/** The same for whoever may. @throws WharfError not_found; conflict for an organization's only owner */
export async function revokeAs(
  deps: TableDeps,
  clientId: string,
  { links, patienceMs, ...by }: How,
): Promise<{ client_id: string; revoked_at: string; links: LinksEnd; ended: Ended; complete: boolean }> {
  const began = deps.now();
  const { job, revoked_at } = await inRounds(async () => {
    const [client, earlier] = await Promise.all([
      deps.table.get(clientRecord, keys.client(clientId)),
      deps.table.get(revocationRecord, keys.revocation(clientId)),
    ]);
    if (client === undefined) throw unknownClient(clientId);
    const now = deps.now();
    const { job, write } = newRevocation(now, clientId, { links, earlier });
    const { revoked_at } = client;
    const ends =
      revoked_at === undefined
        ? await clientEndWrites(deps, now, client, by)
        : [{ check: keys.client(clientId), condition: "attribute_exists(#revoked_at)" }];
    await deps.table.transact([...ends, write]);
    return { job, revoked_at: revoked_at ?? iso(now) };
  }, "Others change this client too; send it again.");
  const timeLeft = () => deps.now() < began + patienceMs;
  const { ended, complete } = await endHoldings({ ...deps, timeLeft }, job);
  return { client_id: clientId, revoked_at, links: job.links, ended, complete };
}

/**
 * Adds a second secret; both work until `retireSecrets`.
 *
 * @throws WharfError not_found; conflict where two are live already, or are being changed.
 */
export async function rotateSecret(deps: TableDeps, clientId: string): Promise<{ client_secret: string }> {
  const { client_secret, secret } = freshSecret(deps.now());
  await changeOnce(deps, clientId, (client) => {
    const live = liveSecrets(deps.now(), client);
    const [older, newer] = live;
    if (older === undefined || newer === undefined) return { secrets: [...live, secret] };
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
  deps: TableDeps,
  clientId: string,
  keep: "newer" | "older" = "newer",
): Promise<{ client_id: string; secrets_ended: number }> {
  let ended = 0;
  await changeOnce(deps, clientId, (client) => {
    const live = liveSecrets(deps.now(), client);
    ended = Math.max(0, live.length - 1);
    if (ended === 0) return undefined;
    return { secrets: keep === "newer" ? live.slice(-1) : live.slice(0, 1) };
  });
  return { client_id: clientId, secrets_ended: ended };
}

/** Who decides by what `list-clients` says decides anew where others came in between. */
const changeOnce: typeof changeClient = (deps, clientId, next) => changeClient(deps, clientId, next, 1);
