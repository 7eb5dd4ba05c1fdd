import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Key, keys, nameOfKey, sha256, under } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import type { Item } from "#aws/table.ts";
import type { GrantedDetail } from "#contract/roles.ts";
import { scopes as allScopes, holds, type Scope } from "#contract/scopes.ts";
import { hintedKeys } from "#core/access/hints.ts";
import type { MadeBy } from "#core/access/records.ts";
import { formerScopes, rightsOf } from "#core/access/rights-of.ts";
import { meet } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import type { UseDeps } from "./deps.ts";
import { noteKeyUse } from "./note-use.ts";
import {
  clientRecord,
  currentClient,
  keyRecord,
  personRecord,
  tokenRecord,
  tokenSessionRecord,
} from "./records.ts";

const ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}";
/** `wht_`, the holder's ULID (a person's behind `u`), `_`, 256 random bits in base64url. */
const TOKEN = new RegExp(`^wht_(u?)(${ULID})_[\\w-]{43}$`);
/** `whk_`, the same, the key's own ULID, and again 256 random bits. */
const API_KEY = new RegExp(`^whk_(u?)(${ULID})_(${ULID})_[\\w-]{43}$`);

/** `whu_`, the upload's own ULID, and again 256 random bits. */
const UPLOAD_TOKEN = new RegExp(`^whu_(${ULID})_[\\w-]{43}$`);

/** How a holder's id stands in its tokens and keys. */
export function holderIn(principal: string): string {
  const ulid = principal.slice(4);
  return principal.startsWith("usr_") ? `u${ulid}` : ulid;
}

const holderOf = (person: string | undefined, ulid: string) => `${person === "u" ? "usr" : "cli"}_${ulid}`;

/** What a header's credential is, by its looks alone. */
interface Credential {
  principal: string;
  /** Where the table has it. */
  key: Key;
  isKey: boolean;
  /** The key itself, where it was shown now. */
  apiKey?: string;
}

function credentialIn(token: string): Credential | undefined {
  const [, keyOfPerson, keyHolder, keyId] = API_KEY.exec(token) ?? [];
  if (keyHolder !== undefined && keyId !== undefined) {
    const principal = holderOf(keyOfPerson, keyHolder);
    return { principal, key: keys.apiKey(principal, `key_${keyId}`), isKey: true, apiKey: token };
  }
  const [, person, holder] = TOKEN.exec(token) ?? [];
  if (holder === undefined) return undefined;
  const principal = holderOf(person, holder);
  return { principal, key: keys.token(principal, token), isKey: false };
}

/**
 * The caller behind an `Authorization: Bearer` header: a token, or an API key.
 *
 * One strongly consistent read of it and its holder together, at every request: a revoked client's tokens and keys are
 * dead at once. What the call needs next (`also`) comes in the same round trip, as `ahead`, and so does the workspace that
 * its last call was about. A token that was exchanged takes one more, for what it came from, and so does an upload token, for whoever made it.
 *
 * @param uploadToken whether a session's own token will do.
 * @throws WharfError unauthenticated (RFC 6750, 3); forbidden for an upload token where it won't.
 */
export async function authenticate(
  deps: UseDeps,
  header: string | undefined,
  also: readonly Key[] = [],
  { uploadToken = false }: { uploadToken?: boolean } = {},
): Promise<{ caller: Caller; ahead: Item[] }> {
  if (header === undefined)
    throw refused("This needs `Authorization: Bearer <token>`; POST /v1/auth/token gives one.");
  const [, token = ""] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  const [, upload] = UPLOAD_TOKEN.exec(token) ?? [];
  if (upload !== undefined) {
    if (!uploadToken) throw forUploadsAlone();
    return readUploader(deps, { uploadId: `upl_${upload}`, token }, also);
  }
  const credential = credentialIn(token);
  if (credential === undefined) throw refused("This is no token of Wharf's, nor an API key.", true);
  const { caller, items, last_used } = await readCaller(deps, credential, also);
  const day = iso(deps.now()).slice(0, 10);
  if (credential.isKey && last_used !== day) await noteKeyUse(deps, credential.key, day);
  return { caller, ahead: items };
}

/** An upload token, with when it ends (ms), as it is shown this once and as its session keeps it. */
export function newUploadToken(uploadId: string, expires_ms: number) {
  const token = `whu_${uploadId.slice(4)}_${randomBytes(32).toString("base64url")}`;
  return { token, kept: { hash: sha256(token), expires_ms } };
}

/**
 * Whoever shows a session's token: its maker as it is now, with what it could do there when it made it, for that session
 * alone. Its rights are decided on as any caller's.
 */
async function readUploader(
  deps: TableDeps,
  { uploadId, token }: { uploadId: string; token: string },
  also: readonly Key[],
): Promise<{ caller: Caller; ahead: Item[] }> {
  const { pk, sk } = keys.upload(uploadId);
  // The route's own resource is mostly the session itself.
  const others = also.filter((key) => key.pk !== pk || key.sk !== sk);
  const ahead = await deps.table.batchGet([{ pk, sk }, ...others]);
  const stored = ahead.find((item) => item["pk"] === pk);
  const session = tokenSessionRecord.safeParse(stored).data;
  if (session === undefined || !isHashOf(token, session.upload_token.hash))
    throw refused("The upload token is not known.", true);
  if (session.upload_token.expires_ms <= deps.now()) throw refused("The upload token has expired.", true);
  const place = [keys.workspace(session.workspace_id)];
  const read = await deps.table.batchGet([...makerKeys(session), ...place]);
  const maker = actingAs(deps, { ...session, id: uploadId }, read);
  meet(maker?.met, place, read);
  if (maker === undefined)
    throw refused("Whoever made this upload token, or the key that it was made with, has ended.", true);
  return { caller: { ...maker, upload_id: uploadId }, ahead };
}

const isHashOf = (token: string, hash: string) =>
  timingSafeEqual(Buffer.from(hash), Buffer.from(sha256(token)));

function forUploadsAlone(): WharfError {
  return new WharfError(
    "forbidden",
    "An upload token is good for its own upload alone: its state, parts, finalize and abort. Use a token of a client or person.",
    { required_scopes: [] },
  );
}

/** A caller whose token was good, as it is now, and what else is read with it. @throws WharfError unauthenticated */
export function refreshCaller(
  deps: TableDeps,
  { id, credential }: Caller,
  also: readonly Key[] = [],
): Promise<{ caller: Caller; items: Item[] }> {
  const { pk } = keys.principal(id);
  const sk = credential?.sk ?? "";
  return readCaller(deps, { principal: id, key: { pk, sk }, isKey: sk.startsWith(under.apiKeys) }, also);
}

async function readCaller(
  deps: TableDeps,
  credential: Credential,
  also: readonly Key[],
): Promise<{ caller: Caller; items: Item[]; last_used?: string | undefined }> {
  const { principal, key } = credential;
  const holderKey = keys.principal(principal);
  const wanted = new Map([...also, ...hintedKeys(principal)].map((one) => [nameOfKey(one), one]));
  const items = await deps.table.batchGet([key, holderKey, ...wanted.values()]);
  const own = items.filter((item) => item["pk"] === holderKey.pk);
  const stored = own.find((item) => item["sk"] === key.sk);
  const holder = own.find((item) => item["sk"] === holderKey.sk);
  if (stored === undefined || holder === undefined) throw unknown(credential);
  const terms = termsOf(deps, credential, stored);
  const caller = callerOf(deps, holder, { ...terms, principal });
  meet(caller.met, [...wanted.values()], items);
  await requireParents(deps, principal, terms.parents);
  return { caller, items: items.filter((item) => item["pk"] !== holderKey.pk), last_used: terms.last_used };
}

/** What a credential lets its holder do at most. */
interface Terms {
  scopes: readonly Scope[];
  details?: readonly GrantedDetail[] | undefined;
  key_id?: string | undefined;
  /** See `Caller.means`. @default its key */
  means?: readonly string[] | undefined;
  /** The day of an API key's last use. */
  last_used?: string | undefined;
  /** Sort keys of what it was exchanged from. */
  parents: readonly string[];
  /** Its own. */
  credential: string;
  expires_ms: number;
}

function termsOf(deps: TableDeps, { key, isKey, apiKey }: Credential, stored: Item): Terms {
  const read = isKey ? keyTerms(apiKey, stored) : tokenTerms(stored);
  if (read.expires_ms <= deps.now())
    throw refused(isKey ? "The API key has expired." : "The token has expired; ask for a new one.", true);
  return { ...read, credential: key.sk };
}

function tokenTerms(stored: Item) {
  const { scopes, kind, parents = [], ...rest } = tokenRecord.parse(stored);
  return { ...rest, parents, scopes: kind === undefined ? formerScopes(scopes) : scopes };
}

function keyTerms(apiKey: string | undefined, stored: Item) {
  const { hash, revoked_at, made_by, ...rest } = keyRecord.parse(stored);
  if (apiKey !== undefined && !isHashOf(apiKey, hash)) throw refused("The API key is not known.", true);
  if (revoked_at !== undefined) throw refused("The API key has been revoked.", true);
  const { key_id, principal_id } = rest;
  return { ...rest, means: meansOf(principal_id, [key_id], made_by), parents: [] };
}

/** As many as a chain of keys, each made by the one before, is known by: the first ones, by which all others were made. */
const MAX_MEANS = 10;

/** By what somebody acts who shows this: what another made for it, that one had a right to. */
function meansOf(principal: string, ids: readonly (string | undefined)[], made_by?: MadeBy): string[] {
  const before = made_by?.principal_id === principal ? (made_by.means ?? [made_by.key_id]) : [];
  const all = new Set([...ids, ...before].filter((id) => id !== undefined));
  return [...all].sort((a, b) => (a.slice(-26) < b.slice(-26) ? -1 : 1)).slice(0, MAX_MEANS);
}

/** What something that acts later keeps of who made it. */
interface MadeLater {
  client_id: string;
  /** Its own id, which counts where an organization has been handed over with its maker kept. */
  id?: string | undefined;
  scopes?: readonly Scope[] | undefined;
  made_by?: MadeBy | undefined;
}

/** What is to be read to know whoever made it: its own record, and the API key that it did it with. */
export function makerKeys({ client_id, made_by }: MadeLater): Key[] {
  const { key_id } = made_by ?? {};
  return [keys.principal(client_id), ...(key_id === undefined ? [] : [keys.apiKey(client_id, key_id)])];
}

/**
 * Whoever made something that acts later, as it is now: with the scopes and the restriction that it was made with.
 * `undefined` where it is no more, or where the key with which it was made has ended.
 *
 * @param items with those of `makerKeys` among them.
 */
export function actingAs(deps: TableDeps, made: MadeLater, items: readonly Item[]): Caller | undefined {
  const { client_id: principal, scopes = allScopes, made_by } = made;
  const [holder, ...key] = makerKeys(made).map(({ pk, sk }) =>
    items.find((item) => item["pk"] === pk && item["sk"] === sk),
  );
  if (holder === undefined || !key.every((one) => one !== undefined && isLive(deps, one))) return undefined;
  const terms = { principal, scopes, details: made_by?.details, parents: [], credential: "", expires_ms: 0 };
  const means = meansOf(principal, [made.id, made_by?.key_id], made_by);
  try {
    return { ...callerOf(deps, holder, terms), means };
  } catch (error) {
    if (isWharfError(error, "unauthenticated")) return undefined;
    say("error", "a holder of rights can't be read", { principal, error: describe(error) });
    emitMetric(deps.table.name, "PutAside", 1, deps.now());
    return undefined;
  }
}

/** Whether a stored token or key is still good. */
const isLive = ({ now }: Pick<TableDeps, "now">, { revoked_at, expires_ms }: Item) =>
  revoked_at === undefined && Number(expires_ms) > now();

/** @throws WharfError unauthenticated where the client or person is no more. */
function callerOf(
  deps: TableDeps,
  holder: Item,
  {
    principal,
    scopes,
    details,
    key_id,
    credential,
    expires_ms,
    parents,
    ...rest
  }: Terms & { principal: string },
): Caller {
  const terms = {
    ...{ credential: { sk: credential, key_id, expires_ms, parents }, id: principal },
    met: new Map(),
    ...(key_id === undefined ? {} : { means: rest.means ?? [key_id] }),
  };
  if (principal.startsWith("usr_")) {
    const person = personRecord.parse(holder);
    if (person.disabled_at !== undefined) throw refused("The person's access has ended.", true);
    const rights = { ...rightsOf(person), details };
    const { name, workspaces } = person;
    return { ...terms, name, workspaces, scopes: new Set(scopes), rights, default_workspace: undefined };
  }
  const client = currentClient(clientRecord.parse(holder));
  if (client.revoked_at !== undefined) throw refused("The client has been revoked.", true);
  if (client.expires_ms !== undefined && client.expires_ms <= deps.now())
    throw refused("The client has expired.", true);
  return { ...clientCaller(client, { scopes, details }), ...terms };
}

/** A client as a caller whose token has these scopes, as far as it has them itself. */
export function clientCaller(
  client: ReturnType<typeof currentClient>,
  { scopes, details }: Pick<Terms, "scopes" | "details">,
): Caller {
  const { client_id, name, default_workspace, workspaces, makes_workspaces, rights } = client;
  const held = new Set(client.scopes);
  return {
    ...{ id: client_id, name, default_workspace, workspaces, makes_workspaces },
    // A scope that was taken from the client since is gone from its tokens too.
    scopes: new Set(scopes.filter((scope) => holds(held, scope))),
    rights: { ...rights, details },
  };
}

/** @throws WharfError unauthenticated where what a token was exchanged from has ended. */
async function requireParents(deps: TableDeps, principal: string, parents: readonly string[]): Promise<void> {
  if (parents.length === 0) return;
  const { pk } = keys.principal(principal);
  const found = await deps.table.batchGet(parents.map((sk) => ({ pk, sk })));
  const live = found.filter((one) => isLive(deps, one));
  if (live.length < parents.length) throw refused("What this token was exchanged from has ended.", true);
}

/** For one whose token was good when its call began. */
export function unauthenticated(detail: string): WharfError {
  return refused(detail, true);
}

function unknown({ isKey }: Credential): WharfError {
  return refused(isKey ? "The API key is not known." : "The token is not known.", true);
}

function refused(detail: string, invalid = false): WharfError {
  // RFC 6750, 3: no error code where the request carried no credentials at all.
  const challenge = invalid ? 'Bearer realm="wharf", error="invalid_token"' : 'Bearer realm="wharf"';
  return new WharfError("unauthenticated", detail, {}, { headers: { "WWW-Authenticate": challenge } });
}
