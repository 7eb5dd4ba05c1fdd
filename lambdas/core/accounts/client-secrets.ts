/** A client's secrets, and how its record is changed at all. */
import { due, keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed, type Item, TransactionFailed, type Write } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { MAX_SECRETS } from "./clients-contract.ts";
import { newSecret } from "./create-client.ts";
import { crossed, nextLook } from "./expiry-warnings.ts";
import { findClient, liveSecrets, requireRank, roleAtHome, secretId, secretView } from "./find-client.ts";
import { earliest, makerOf, makerWrites, requireUnrestricted, requireWithin } from "./maker.ts";
import { type ClientRecord, clientRecord, currentClient, type SecretRecord } from "./records.ts";

/** When the sweep is to look at a client: a secret is about to end, or the client itself ends. */
export function dueOfClient(
  now: number,
  { client_id, secrets, expires_ms, revoked_at }: Omit<ClientRecord, "due_pk">,
): { due_pk?: string; due_sk?: string } {
  const looks = secrets.map(({ expires_ms: ends }) => (ends === undefined ? undefined : nextLook(now, ends)));
  const at = revoked_at === undefined ? earliest(expires_ms, ...looks) : undefined;
  return at === undefined ? {} : due("client", at, client_id);
}

/** What a change makes of a client's record. */
export interface ClientChange {
  name?: string | undefined;
  scopes?: ClientRecord["scopes"] | undefined;
  secrets?: ClientRecord["secrets"] | undefined;
  /** `null`: none any more. */
  expires_ms?: number | null | undefined;
  /** What happens with it. */
  beside?: readonly Write[];
}

/** Others may change the same client at the same time. */
const ROUNDS = 4;

/**
 * Changes a client's record by what `next` makes of it, where that is still the same in the write; else it is read and
 * judged anew.
 *
 * The id of the change stands beside it: by it a write that is sent again knows that it has got through, and one whose
 * first copy comes late brings back no secret that has ended since.
 *
 * @param rounds @default 4
 * @throws WharfError not_found; conflict where others keep changing it.
 */
export async function changeClient(
  deps: TableDeps,
  clientId: string,
  next: (client: ClientRecord) => ClientChange | undefined | Promise<ClientChange | undefined>,
  rounds = ROUNDS,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const client = await deps.table.get(clientRecord, keys.client(clientId));
    if (client === undefined) throw unknownClient(clientId);
    const changed = await next(client);
    if (changed === undefined) return;
    const { beside = [], ...change } = changed;
    const update = changing(deps.now(), client, change);
    try {
      if (beside.length > 0) await deps.table.transact([update, ...beside]);
      else await deps.table.update(update);
      return;
    } catch (error) {
      const found = whatStood(error, update);
      if (found?.["secrets_change"] === update.update.set.secrets_change) return;
    }
  }
  throw new WharfError(
    "conflict",
    "Somebody else has just changed this client. Look at it, and decide again.",
    { retry_after_seconds: 1 },
  );
}

/** What stood there instead. @throws the error where it is another */
function whatStood(error: unknown, update: Write): Item | undefined {
  if (error instanceof ConditionFailed) return error.item;
  if (error instanceof TransactionFailed) return error.failed.get(update);
  throw error;
}

function changing(now: number, client: ClientRecord, { expires_ms, ...change }: ClientChange) {
  const { secrets_change: seen, client_id } = client;
  const ends = expires_ms === undefined ? client.expires_ms : (expires_ms ?? undefined);
  const { name, scopes, secrets } = change;
  const at = dueOfClient(now, { ...client, secrets: secrets ?? client.secrets, expires_ms: ends });
  return {
    key: keys.client(client_id),
    update: {
      set: { name, scopes, secrets, expires_ms: ends, ...at, secrets_change: newId("job", now) },
      remove: [
        ...(ends === undefined && client.expires_ms !== undefined ? ["expires_ms"] : []),
        ...(at.due_pk === undefined ? ["due_pk", "due_sk"] : []),
      ],
    },
    condition:
      seen === undefined
        ? "attribute_exists(#pk) AND attribute_not_exists(#secrets_change)"
        : "#secrets_change = :seen",
    values: { seen },
  };
}

/** The administrator sees all clients, and has no token. */
export function unknownClient(id: string): WharfError {
  return new WharfError(
    "not_found",
    `No client has the id ${JSON.stringify(id)}; ids (cli_…) are needed, not names, and list-clients shows them.`,
  );
}

/** A new secret for a client's record, and what it is. */
export function freshSecret(now: number): { client_secret: string; secret: SecretRecord } {
  const client_secret = newSecret();
  const secret = { secret_id: newId("sec", now), hash: sha256(client_secret), created_at: iso(now) };
  return { client_secret, secret };
}

/**
 * Makes a client's next secret, which is shown this once; the older ones end after an overlap.
 *
 * @throws WharfError not_found; forbidden where the caller would get more than it has; grant_limit where five are live;
 * conflict where others keep changing them.
 */
export async function addClientSecret(
  deps: TableDeps,
  call: Call,
  id: string,
  { overlap_seconds }: { overlap_seconds: number },
) {
  const { organization } = await findClient(deps, call, id);
  const maker = await makerOf(deps, call.caller);
  const { client_secret, secret } = freshSecret(deps.now());
  const made: SecretRecord = { ...secret, made_by: maker.made_by, expires_ms: maker.ends_ms };
  const answer = { ...secretView(made), client_secret };
  await changeClient(deps, id, (client) => {
    const now = deps.now();
    requireLive(client);
    requireRank(call, organization, roleAtHome(client, organization));
    // Whoever has the secret has all of the client's scopes.
    requireWithin(call.caller, currentClient(client).scopes);
    const older = liveSecrets(now, client)
      .map((one) => endingBy(now, one, now + overlap_seconds * 1000))
      .filter(({ expires_ms = now + 1 }) => expires_ms > now);
    if (older.length >= MAX_SECRETS)
      throw new WharfError(
        "grant_limit",
        `${MAX_SECRETS} secrets of this client are live, and more can't be. End one: DELETE /v1/clients/${id}/secrets/{sid}.`,
        { max: MAX_SECRETS },
      );
    const warned_days = made.expires_ms === undefined ? undefined : crossed(now, made.expires_ms);
    return {
      secrets: [...older, { ...made, ...(warned_days === undefined ? {} : { warned_days }) }],
      beside: [
        ...makerWrites(maker, answer.secret_id, {
          ...{ now, expires_ms: maker.ends_ms, holder: id, beside: id },
        }),
        ...call.record(answer),
      ],
    };
  });
  return answer;
}

/** A secret that ends at that moment at the latest; nobody is warned of what lies behind already. */
function endingBy(now: number, secret: SecretRecord, at: number): SecretRecord {
  if (secret.expires_ms !== undefined && secret.expires_ms <= at) return secret;
  const warned_days = crossed(now, at);
  return { ...secret, expires_ms: at, ...(warned_days === undefined ? {} : { warned_days }) };
}

/** @throws WharfError conflict for a client that has been revoked */
export function requireLive({ client_id, revoked_at }: ClientRecord): void {
  if (revoked_at === undefined) return;
  throw new WharfError(
    "conflict",
    `${client_id} was revoked at ${revoked_at}: it gets nothing new. Make another client.`,
  );
}

/**
 * Ends one of a client's secrets at once.
 *
 * @throws WharfError not_found; forbidden; conflict where others keep changing them.
 */
export async function endClientSecret(
  deps: TableDeps,
  call: Call,
  { id, sid }: { id: string; sid: string },
): Promise<void> {
  requireUnrestricted(call.caller);
  const { organization } = await findClient(deps, call, id);
  await changeClient(deps, id, (client) => {
    requireRank(call, organization, roleAtHome(client, organization));
    const left = liveSecrets(deps.now(), client).filter((secret) => secretId(secret) !== sid);
    if (left.length === liveSecrets(deps.now(), client).length) throw notFound("secret", sid);
    return { secrets: left };
  });
}
