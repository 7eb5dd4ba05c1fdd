/** Who makes a client, a key or a secret: what is made never does more, and ends with its maker. */
import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { holds, type Scope } from "#contract/scopes.ts";
import type { MadeBy } from "#core/access/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { clientRecord, keyRecord } from "./records.ts";

export interface Maker {
  made_by: MadeBy;
  /** The key or client with which it ends; none of a person, whose making belongs to the organization. */
  with: string | undefined;
  /** When its maker ends (ms), where that is known. */
  ends_ms: number | undefined;
}

/**
 * The maker behind a call.
 *
 * @throws WharfError forbidden for a restricted token, which makes nothing of the kind.
 */
export function makerOf(deps: TableDeps, caller: Caller): Promise<Maker> {
  requireUnrestricted(caller);
  return grantMakerOf(deps, caller);
}

/** The same for grants, which a restricted token gives within its restriction. */
export async function grantMakerOf(deps: TableDeps, caller: Caller): Promise<Maker> {
  const made_by = madeByOf(caller);
  return { made_by, with: endsWith(made_by), ends_ms: await endOf(deps, made_by) };
}

/** Who makes it, with which key and restriction: `actingAs` reads by it what its maker may do then. */
export function madeByOf(caller: Caller): MadeBy {
  const key_id = caller.credential?.key_id;
  const { details } = caller.rights;
  const { means = [] } = caller;
  return {
    principal_id: caller.id,
    ...(key_id === undefined ? {} : { key_id }),
    ...(means.length === 0 ? {} : { means: [...means] }),
    ...(details === undefined ? {} : { details: [...details] }),
  };
}

/** With what something ends that was made so: the key or client; `undefined` for a person's, which belongs to the organization. */
export function endsWith({ principal_id, key_id }: MadeBy): string | undefined {
  return key_id ?? (principal_id.startsWith("cli_") ? principal_id : undefined);
}

/** When what made something ends (ms). */
export async function endOf(
  { table }: TableDeps,
  { principal_id, key_id }: MadeBy,
): Promise<number | undefined> {
  const [client, key] = await Promise.all([
    principal_id.startsWith("cli_") ? table.get(clientRecord, keys.client(principal_id)) : undefined,
    key_id === undefined ? undefined : table.get(keyRecord, keys.apiKey(principal_id, key_id)),
  ]);
  return earliest(client?.expires_ms, key?.expires_ms);
}

/** The first of these moments; `undefined` where there is none. */
export function earliest(...all: readonly (number | undefined)[]): number | undefined {
  const known = all.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * When something ends that is to end at `expires_at`, or with its maker where nothing is said.
 *
 * @throws WharfError invalid_request for a moment that is past, or later than its maker's end.
 */
export function endWithin(
  now: number,
  maker: Pick<Maker, "ends_ms">,
  expires_at: string | null | undefined,
): number | undefined {
  if (expires_at === undefined || expires_at === null) return maker.ends_ms;
  const expires_ms = Date.parse(expires_at);
  if (expires_ms <= now) throw invalidEnd(`must be later than now, ${iso(now)}`);
  if (maker.ends_ms !== undefined && expires_ms > maker.ends_ms)
    throw invalidEnd(`must not be later than ${iso(maker.ends_ms)}, when what makes it ends`);
  return expires_ms;
}

/** 400 for `expires_at`. */
export function invalidEnd(detail: string): WharfError {
  return invalidMember("expires_at", detail);
}

/** 400 for one member of the body. */
export function invalidMember(name: string, detail: string): WharfError {
  return new WharfError("invalid_request", `The body is not valid. /${name}: ${detail}`, {
    in: "body",
    errors: [{ pointer: `/${name}`, detail }],
  });
}

/**
 * What must hold of the maker in the transaction, and the item by which what is made is found when its maker ends.
 *
 * @param holder whose the thing is, where its id doesn't lead to it.
 * @param beside what else the transaction writes of principals, each of which it can write but once.
 */
export function makerWrites(
  maker: Maker,
  made: string,
  {
    now,
    expires_ms,
    holder,
    beside,
  }: { now: number; expires_ms?: number | undefined; holder?: string; beside?: string },
): Write[] {
  const { principal_id, key_id } = maker.made_by;
  const live: Write[] =
    key_id === undefined
      ? principal_id === beside
        ? []
        : [{ check: keys.principal(principal_id), condition: LIVES, else: () => gone() }]
      : [{ check: keys.apiKey(principal_id, key_id), condition: LIVES, else: () => gone() }];
  return [...live, ...progenyWrites(maker, made, { now, expires_ms, holder })];
}

/** The item by which what is made is found when its maker ends; none where that is a person. */
export function progenyWrites(
  maker: Pick<Maker, "with">,
  made: string,
  { now, expires_ms, holder }: { now: number; expires_ms?: number | undefined; holder?: string | undefined },
): Write[] {
  if (maker.with === undefined) return [];
  // What has ended by itself needs nobody to end it.
  const forgotten = expires_ms === undefined ? {} : { ttl: ttl(expires_ms + KEEP_MS) };
  return [
    {
      put: { ...keys.progeny(maker.with, made), made, holder, created_at: iso(now), ...forgotten },
      condition: "attribute_not_exists(#pk)",
    },
  ];
}

/** How long what has ended can still be seen, so that no late copy of a write brings it back. */
export const KEEP_MS = 30 * 86_400_000;

/** Of a client, person or key: it hasn't ended. */
export const LIVES =
  "attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#disabled_at)";

function gone(): WharfError {
  return new WharfError("unauthenticated", "What this call was made with has been revoked meanwhile.");
}

/** @throws WharfError forbidden for a token with `authorization_details`. */
export function requireUnrestricted({ rights }: Pick<Caller, "rights">): void {
  if (rights.details === undefined) return;
  throw new WharfError(
    "forbidden",
    "This token is restricted to files (authorization_details): it makes, sees and ends no clients or keys. Use one without a restriction.",
    { required_scopes: [] },
  );
}

/** @throws WharfError forbidden, naming the scopes that the caller's own token lacks. */
export function requireWithin({ scopes }: Pick<Caller, "scopes">, wanted: readonly Scope[]): void {
  const lacking = wanted.filter((scope) => !holds(scopes, scope));
  if (lacking.length === 0) return;
  throw new WharfError(
    "forbidden",
    `Nobody gives more than they have: this token lacks ${lacking.join(" ")}. Leave that out, or call with a token that has it.`,
    { required_scopes: lacking },
  );
}
