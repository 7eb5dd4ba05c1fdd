import { due, keys } from "#aws/keys.ts";
import { type Check, TransactionFailed, type Write } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import { heldSince, isMemberNow, roleNow } from "#core/access/organization-now.ts";
import { comingWrite, MAX_ORGANIZATIONS } from "#core/access/organization-writes.ts";
import { type MemberRecord, memberRecord } from "#core/access/records.ts";
import { roleHeld } from "#core/access/rights-of.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { LIVES } from "#core/accounts/maker.ts";
import { keyRecord } from "#core/accounts/records.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { actorOf, type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { finishLeaving } from "#core/organizations/finish-leaving.ts";
import { organizationView } from "#core/organizations/organization-view.ts";
import type { Claimed } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { findClaim, gone, type OrganizationClaim } from "./find-claim.ts";

const ROUNDS = 6;
/** When what was there before is tidied up (ms): after every call that was decided before the claim has ended. */
const TIDIED_AFTER_MS = 60_000;

interface Accepting {
  /** Ids of what goes on. */
  keep: readonly string[];
  first: OrganizationClaim;
}

/**
 * Makes an organization the caller's in one transaction, whatever it has: exactly one claim wins, and never half. Its epoch
 * is the next, so that roles, grants, locks and what else was given before is judged by it and is none, but of those whom
 * the claimer keeps. The sweep tidies up.
 *
 * @throws WharfError forbidden for a client, and for a token that lacks `members:write`; not_found, transfer_gone;
 * invalid_request for what can't be kept; grant_limit where the caller is in 20 organizations; conflict.
 */
export async function acceptOrganization(
  deps: TableDeps,
  call: Call,
  token: string,
  { keep, first }: Accepting,
): Promise<Claimed> {
  requireScope(call.caller, "members:write");
  requirePerson(call.caller);
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaim(deps, call, token);
    if (claim.organization === undefined) throw gone("withdrawn");
    if (claim.maker.id === call.caller.id)
      throw new WharfError(
        "conflict",
        "You own this organization already. Who is to have it claims it; DELETE /v1/transfers/{id} withdraws the offer.",
      );
    const kept = await keptOf(deps, claim, { keep, caller: call.caller });
    const { writes, answer } = await planOf(deps, call, claim, kept);
    try {
      await deps.table.transact([...writes, ...call.record(answer)]);
      return answer;
    } catch (error) {
      // Somebody's record has other rights by now, or the organization changed: looked at anew.
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("conflict", "Others keep changing this organization. Try again.", {
    retry_after_seconds: 1,
  });
}

/** An organization has an owner who is a human. @throws WharfError forbidden */
function requirePerson({ id }: Caller): void {
  if (id.startsWith("usr_")) return;
  throw new WharfError(
    "forbidden",
    "An organization is claimed by a person, with a token or key of theirs, and never by a client.",
    { required_scopes: [] },
  );
}

interface Kept {
  /** Their places in the list of members, as they were read. */
  members: readonly MemberRecord[];
  /** Keys and endpoints of theirs. */
  things: readonly string[];
}

/** What the claimer keeps, looked up. @throws WharfError invalid_request for what isn't there, or can't be kept */
async function keptOf(
  { table }: TableDeps,
  { organization, maker }: OrganizationClaim,
  { keep, caller }: { keep: readonly string[]; caller: Caller },
): Promise<Kept> {
  const { organization_id } = organization;
  const ids = [...new Set(keep)];
  const holders = ids.filter((id) => /^(usr|cli)_/.test(id) && id !== caller.id);
  if (holders.includes(maker.id))
    throw notKept(keep, maker.id, "is who offers it, and keeps what the transfer's residual_role says");
  const rows = await table.batchGet(holders.map((id) => keys.member(organization_id, id)));
  const members = rows
    .map((row) => memberRecord.parse(row))
    .filter((member) => isMemberNow(member, organization));
  const all = new Set(members.map(({ principal_id }) => principal_id));
  const missing = holders.find((id) => !all.has(id));
  if (missing !== undefined) throw notKept(keep, missing, "is no member or client of the organization");
  const things = ids.filter((id) => /^(key|hook)_/.test(id));
  const theirs = things.length === 0 ? new Set<string>() : await thingsOf({ table }, things, [...all]);
  const stray = things.find((id) => !theirs.has(id));
  if (stray !== undefined)
    throw notKept(keep, stray, "is no live key or endpoint of anybody whom you keep: keep whose it is too");
  return { members, things };
}

/** Which of these keys and endpoints are these members'. */
async function thingsOf(
  { table }: Pick<TableDeps, "table">,
  things: readonly string[],
  members: readonly string[],
): Promise<ReadonlySet<string>> {
  const hooks = await table.batchGet(
    things.filter((id) => id.startsWith("hook_")).map((id) => keys.hook(id)),
  );
  const wanted = things.filter((id) => id.startsWith("key_"));
  const rows = await Promise.all(
    members.map(async (member) => table.batchGet(wanted.map((id) => keys.apiKey(member, id)))),
  );
  return new Set([
    ...hooks
      .map((item) => hookRecord.parse(item))
      .flatMap(({ webhook_id, client_id }) => (members.includes(client_id) ? [webhook_id] : [])),
    ...rows
      .flat()
      .map((item) => keyRecord.parse(item))
      .flatMap(({ key_id, revoked_at }) => (revoked_at === undefined ? [key_id] : [])),
  ]);
}

function notKept(keep: readonly string[], id: string, why: string): WharfError {
  const pointer = `/keep/${keep.indexOf(id)}`;
  const detail = `${why}; GET /v1/claims/{token} lists what can be kept`;
  return new WharfError("invalid_request", `The body is not valid. ${pointer}: ${id} ${detail}.`, {
    in: "body",
    errors: [{ pointer, detail }],
  });
}

async function planOf(
  deps: TableDeps,
  call: Call,
  { organization, transfer, maker }: OrganizationClaim,
  { members, things }: Kept,
): Promise<{ writes: Write[]; answer: Claimed }> {
  const { caller } = call;
  const { organization_id: id, name } = organization;
  const epoch = organization.epoch + 1;
  const isAdmin = transfer.residual_role === "admin";
  const rows = await deps.table.batchGet([caller.id, maker.id].map((one) => keys.member(id, one)));
  const placeOf = (one: string) => {
    const row = rows.find(({ sk }) => sk === keys.member(id, one).sk);
    return row === undefined ? undefined : memberRecord.parse(row);
  };
  const by = { request_id: call.requestId, actor: actorOf(caller) };
  // Of a former time here it brings nothing back.
  const former = placeOf(caller.id);
  if (former?.left_at !== undefined) await finishLeaving(deps, by, id, former);
  const now = deps.now();
  const owners = members.filter(({ role }) => role === "owner").length + 1;
  const since = ({ principal_id }: MemberRecord) =>
    [principal_id, heldSince(principal_id, organization)] as const;
  const kept = Object.fromEntries([
    ...members.map(since),
    ...things.map((one) => [one, epoch] as const),
    ...(isAdmin ? restOf(transfer, epoch) : []),
  ]);
  const joining = { organization: id, epoch };
  const was = roleNow(caller, id, organization);
  const answer: Claimed = {
    transfer_id: transfer.transfer_id,
    resource: { type: "organization", id },
    organization: organizationView(organization, "owner"),
    claimed_at: iso(now),
  };
  const writes: Write[] = [
    ...endWrites(now, transfer, { claimed_by: caller.id, claimed_for: id }),
    {
      key: keys.organization(id),
      update: {
        set: {
          ...{ epoch, handed_ms: now, kept, owners, change: newChange(), tidying: { step: 0 } },
          ...(transfer.keep.shares ? {} : { links_from: { ms: now, epoch } }),
          ...due("organization", now + TIDIED_AFTER_MS, id),
        },
      },
      // Closing it is a change too.
      ...unchanged(organization),
    },
    ...memberWrites(now, caller, placeOf(caller.id), { ...joining, role: "owner" }),
    ...(isAdmin
      ? memberWrites(now, maker, placeOf(maker.id), { ...joining, role: "admin" })
      : [stillOwner(id, maker)]),
    ...members.map(({ principal_id, ...member }) => ({
      check: keys.member(id, principal_id),
      ...unchanged(member),
    })),
    ...claimedWrites(now, { ...toldOf(transfer), name, from: id, to: id }, by),
    eventWrite(now, {
      ...{ organization_id: id, ...by },
      ...(was === undefined
        ? { type: "member_joined", data: { principal_id: caller.id, role: "owner" } }
        : { type: "member_changed", data: { principal_id: caller.id, role: "owner", from: was } }),
    }),
  ];
  return { writes, answer };
}

/**
 * What an issuer that stays an admin keeps: all its keys and endpoints, or the key alone by which it made the offer.
 */
function restOf(
  { keep: { webhooks }, made_by: { principal_id, key_id } }: OrganizationClaim["transfer"],
  epoch: number,
): (readonly [string, number])[] {
  if (webhooks) return [];
  return [[principal_id, epoch], ...(key_id === undefined ? [] : [[key_id, epoch] as const])];
}

/** Who offers it owns it still. */
const stillOwner = (organization: string, maker: Caller): Check => ({
  check: keys.principal(maker.id),
  condition: `#organizations.#${organization} = :held`,
  values: { held: roleHeld(maker, organization) },
});

/** The role in the holder's own record and in the list, from the new epoch on. */
function memberWrites(
  now: number,
  holder: Caller,
  place: MemberRecord | undefined,
  { organization, role, epoch }: { organization: string; role: MemberRole; epoch: number },
): Write[] {
  const held = roleHeld(holder, organization);
  const same =
    held === undefined
      ? `attribute_not_exists(#organizations.#${organization}) AND size(#organizations) < :most`
      : `#organizations.#${organization} = :held`;
  return [
    {
      key: keys.principal(holder.id),
      update: { set: { [`organizations.${organization}`]: storedRole(role, epoch) } },
      condition: `${LIVES} AND ${same}`,
      values: held === undefined ? { most: MAX_ORGANIZATIONS } : { held },
      else: (record) => full(record, organization),
    },
    comingWrite(now, { organization, principal: holder.id, role, epoch }, place),
  ];
}

/** Nothing where another try may do. */
function full(record: Record<string, unknown> | undefined, organization: string): WharfError | undefined {
  const belongs = Object.keys((record?.["organizations"] as object | undefined) ?? {});
  if (belongs.length < MAX_ORGANIZATIONS || belongs.includes(organization)) return undefined;
  return new WharfError(
    "grant_limit",
    `You belong to ${MAX_ORGANIZATIONS} organizations, and more it can't be. Leave one first.`,
    { max: MAX_ORGANIZATIONS },
  );
}
