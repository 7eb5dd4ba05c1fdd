import { timingSafeEqual } from "node:crypto";
import { type Key, keys, sha256 } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { epochIn, mayInOrganization, requireRoleAllowed } from "#core/access/authorize-organization.ts";
import { grantEvent } from "#core/access/grant-event.ts";
import { copiesOf, grantItems, grantLimit } from "#core/access/grant-writes.ts";
import { isMemberNow } from "#core/access/organization-now.ts";
import {
  comingWrite,
  MAX_ORGANIZATIONS,
  notHandedOver,
  ownerGained,
} from "#core/access/organization-writes.ts";
import { type MemberRecord, memberRecord } from "#core/access/records.ts";
import { MAX_IN_RECORD, roleHeld } from "#core/access/rights-of.ts";
import { organizationNow } from "#core/access/standing.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { actingAs, makerKeys, unauthenticated } from "#core/accounts/authenticate.ts";
import { requireRank } from "#core/accounts/find-client.ts";
import { firstGrants, type PlacedGrant } from "#core/accounts/first-grants.ts";
import { endOf, endsWith, LIVES, progenyWrites } from "#core/accounts/maker.ts";
import { type PersonRecord, personRecord } from "#core/accounts/records.ts";
import { grantView } from "#core/grants/grant-view.ts";
import { actorOf, type Call, type Caller, hasScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { inRounds, Overtaken } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { emailAddress } from "#core/organizations/email-address.ts";
import { endFormer } from "#core/organizations/end-former.ts";
import { finishLeaving } from "#core/organizations/finish-leaving.ts";
import type { Acceptance, InvitationEnd } from "./contract.ts";
import { endWrites } from "./end-invitation.ts";
import { stateOf } from "./invitation-view.ts";
import { type InvitationRecord, invitationRecord } from "./records.ts";

/**
 * Makes the person who has an invitation's address a member, with what the invitation offers, and ends it: all in one
 * transaction. What its maker may no longer give is given no more.
 *
 * @throws WharfError forbidden for clients and restricted tokens; not_found for anybody else's, whatever has become of it;
 * invitation_gone; conflict for a member; grant_limit where the person is in 20 organizations, or has 1,000 grants.
 */
export async function acceptInvitation(deps: TableDeps, call: Call, token: string): Promise<Acceptance> {
  requirePerson(call.caller);
  return inRounds(
    () => accept(deps, call, token),
    "Others change this invitation, or what you may do, too; send it again.",
  );
}

async function accept(deps: TableDeps, call: Call, token: string): Promise<Acceptance> {
  const { invitation, person } = await findOwn(deps, call.caller, token);
  const { organization_id: organization, role, made_by } = invitation;
  const state = stateOf(deps.now(), invitation);
  if (state !== "pending") throw gone(state, invitation);
  if (Object.hasOwn(person.organizations ?? {}, organization)) {
    await endFormerTime(deps, call, invitation);
    throw new Overtaken();
  }
  const placeKey = keys.member(organization, call.caller.id);
  const openKey = keys.openInvitation(organization, invitation.address);
  const made = {
    ...{ client_id: made_by.principal_id, id: invitation.invitation_id },
    ...{ scopes: invitation.scopes, made_by },
  };
  const items = await deps.table.batchGet([...makerKeys(made), placeKey, openKey]);
  const left = memberRecord.optional().parse(itemAt(items, placeKey));
  const { maker, grants } = await stillOffered(deps, invitation, {
    maker: actingAs(deps, made, items),
    person: call.caller.id,
  });
  // Of its last time here it brings nothing back.
  const by = { request_id: call.requestId, actor: actorOf(call.caller) };
  if (left !== undefined) await finishLeaving(deps, by, organization, left);
  const now = deps.now();
  const answer: Acceptance = {
    ...{ invitation_id: invitation.invitation_id, organization_id: organization, role },
    ...{ grants: grants.map(grantView), joined_at: iso(now) },
  };
  const open = itemAt(items, openKey)?.["invitation_id"] === invitation.invitation_id;
  await deps.table.transact([
    ...endWrites(now, invitation, { reason: "accepted", open, accepted_by: call.caller.id }),
    ...makerChecks(invitation, maker),
    ...joinWrites(now, invitation, { person, grants, left, epoch: epochIn(maker, organization) }),
    ...told(now, call, invitation, grants),
    ...call.record(answer),
  ]);
  return answer;
}

/** @throws WharfError forbidden */
function requirePerson({ id, rights }: Caller): void {
  if (!id.startsWith("usr_"))
    throw new WharfError(
      "forbidden",
      "An invitation is accepted by a person, with a token or key of theirs, and never by a client. A client is made by POST /v1/clients.",
      { required_scopes: [] },
    );
  if (rights.details === undefined) return;
  throw new WharfError(
    "forbidden",
    "This token is restricted to files (authorization_details) and makes nobody a member. Use one without a restriction.",
    { required_scopes: [] },
  );
}

/**
 * The invitation that the token is of, for the person who has its address.
 *
 * @throws WharfError not_found: for all others it costs and answers the same as one that isn't there.
 */
async function findOwn(
  { table }: TableDeps,
  { id }: Caller,
  token: string,
): Promise<{ invitation: InvitationRecord; person: PersonRecord }> {
  const [, ulid] = token.split("_");
  const [invitationKey, personKey] = [keys.invitation(`inv_${ulid}`), keys.principal(id)];
  const items = await table.batchGet([invitationKey, personKey]);
  const invitation = invitationRecord.optional().parse(itemAt(items, invitationKey));
  const person = personRecord.optional().parse(itemAt(items, personKey));
  if (person === undefined || person.disabled_at !== undefined)
    throw unauthenticated("The person's access has ended.");
  const isRight = timingSafeEqual(Buffer.from(sha256(token)), Buffer.from(invitation?.hash ?? sha256("")));
  const own = person.emails.map(({ address }) => emailAddress(address)?.unique);
  if (invitation !== undefined && isRight && own.includes(invitation.address)) return { invitation, person };
  throw new WharfError(
    "not_found",
    "No invitation for you has this token. It is for the person alone who has its address verified; look whether the token is whole.",
  );
}

const itemAt = (items: readonly Item[], { pk, sk }: Key) =>
  items.find((item) => item["pk"] === pk && item["sk"] === sk);

/**
 * Ends what somebody was in the organization before that was handed over, where the sweep hasn't come to it yet.
 *
 * @throws WharfError conflict for a member
 */
async function endFormerTime(deps: TableDeps, call: Call, invitation: InvitationRecord): Promise<void> {
  const { organization_id: organization } = invitation;
  const [placeKey, holderKey] = [keys.member(organization, call.caller.id), keys.principal(call.caller.id)];
  const items = await deps.table.batchGet([placeKey, holderKey]);
  const [member, holder] = [memberRecord.safeParse(itemAt(items, placeKey)).data, itemAt(items, holderKey)];
  const now = await organizationNow(deps, call.caller, organization);
  if (member === undefined || holder === undefined || isMemberNow(member, now)) throw isMember(invitation);
  const by = { request_id: call.requestId, actor: { type: "system" as const, id: "handover" } };
  await endFormer(deps, { organization, member, holder }, by);
}

/** What a maker lacks, or what is no longer there. */
const NOT_GIVEN = ["forbidden", "not_found", "invalid_request", "policy_denied"] as const;

/**
 * What an invitation gives today: judged as if its maker made it now, with the scopes that it had then.
 *
 * @throws WharfError invitation_gone
 */
async function stillOffered(
  deps: TableDeps,
  invitation: InvitationRecord,
  { maker, person }: { maker: Caller | undefined; person: string },
): Promise<{ maker: Caller; grants: PlacedGrant[] }> {
  const { organization_id: organization, role, made_by } = invitation;
  if (maker === undefined || !(await mayInOrganization(deps, maker, organization, "members")))
    throw gone("withdrawn", invitation);
  if (!hasScope(maker, "members:write")) throw gone("withdrawn", invitation);
  const now = deps.now();
  try {
    requireRank({ caller: maker }, organization, role);
    requireRoleAllowed(maker, organization, role);
    const grants = await firstGrants(
      deps,
      { caller: maker },
      {
        ...{ principal_id: person, organization, maker: { made_by, ends_ms: await endOf(deps, made_by) } },
        // One whose time is over is none.
        grants: invitation.grants.filter(
          ({ expires_at }) => expires_at === undefined || Date.parse(expires_at) > now,
        ),
      },
    );
    return { maker, grants };
  } catch (error) {
    if (NOT_GIVEN.some((code) => isWharfError(error, code))) throw gone("withdrawn", invitation);
    throw error;
  }
}

/** Its maker is who it was when that was judged. */
function makerChecks({ organization_id, made_by }: InvitationRecord, maker: Caller): Write[] {
  const { principal_id, key_id } = made_by;
  return [
    {
      check: keys.principal(principal_id),
      condition: `${LIVES} AND #organizations.#${organization_id} = :role`,
      values: { role: roleHeld(maker, organization_id) },
    },
    ...(key_id === undefined ? [] : [{ check: keys.apiKey(principal_id, key_id), condition: LIVES }]),
  ];
}

interface Joining {
  person: PersonRecord;
  grants: readonly PlacedGrant[];
  left: MemberRecord | undefined;
  /** The organization's. */
  epoch: number;
}

/** The writes that make a person a member with these grants. */
function joinWrites(
  now: number,
  invitation: InvitationRecord,
  { person, grants, left, epoch }: Joining,
): Write[] {
  const { organization_id: organization, role, made_by } = invitation;
  const { person_id: principal } = person;
  const further = Object.keys(person.grants).length + grants.length > MAX_IN_RECORD;
  const copies = copiesOf(grants, { further });
  const unclaimed = notHandedOver(epoch);
  return [
    {
      key: keys.principal(principal),
      update: {
        set: { [`organizations.${organization}`]: storedRole(role, epoch), ...copies.set },
        add: copies.add,
      },
      condition: `${LIVES} AND attribute_not_exists(#organizations.#${organization}) AND size(#organizations) < :most AND ${copies.condition}`,
      values: { most: MAX_ORGANIZATIONS, ...copies.values },
      else: (holder) => noRoom(principal, holder, further),
    },
    comingWrite(now, { organization, principal, role, epoch }, left),
    role === "owner"
      ? ownerGained(organization, epoch)
      : {
          check: keys.organization(organization),
          condition: `attribute_exists(#pk) AND ${unclaimed.condition}`,
          values: unclaimed.values,
          else: () => gone("withdrawn", invitation),
        },
    ...copies.beside,
    ...grants.flatMap(({ folder_id: _, ...grant }): Write[] => [
      ...grantItems(grant),
      ...progenyWrites({ with: endsWith(made_by) }, grant.grant_id, {
        ...{ now, expires_ms: grant.expires_ms, holder: principal },
      }),
    ]),
  ];
}

/** Nothing where another try may do. */
function noRoom(principal: string, holder: Item | undefined, further: boolean): WharfError | undefined {
  const { organizations = {}, grants } = personRecord.parse(holder);
  if (Object.keys(organizations).length >= MAX_ORGANIZATIONS)
    return new WharfError(
      "grant_limit",
      `You belong to ${MAX_ORGANIZATIONS} organizations, and more it can't be. Leave one first.`,
      { max: MAX_ORGANIZATIONS },
    );
  return further && Object.keys(grants).length >= MAX_IN_RECORD ? grantLimit(principal) : undefined;
}

function told(
  now: number,
  call: Call,
  invitation: InvitationRecord,
  grants: readonly PlacedGrant[],
): Write[] {
  const { invitation_id, organization_id, email, role } = invitation;
  const principal_id = call.caller.id;
  const by = { request_id: call.requestId, actor: actorOf(call.caller) };
  return [
    eventWrite(now, {
      ...{ type: "invitation_accepted", organization_id, ...by },
      data: { invitation_id, email, role, principal_id },
    }),
    eventWrite(now, {
      ...{ type: "member_joined", organization_id, ...by },
      data: { principal_id, role },
    }),
    ...grants.map(({ folder_id, ...grant }) =>
      eventWrite(now, grantEvent({ type: "grant_created", grant, folder_id, ...by })),
    ),
  ];
}

const WHY: Record<InvitationEnd, string> = {
  accepted: "The invitation has been accepted already, and is accepted once.",
  revoked: "The invitation was revoked. Ask who invited you for another.",
  expired: "The invitation has expired. Ask who invited you for another.",
  withdrawn:
    "Whoever made the invitation may no longer give all that it offers, or what it offers is gone. Ask for another.",
};

function gone(reason: InvitationEnd, { organization_id }: InvitationRecord): WharfError {
  const detail = reason === "accepted" ? `${WHY[reason]} See GET /v1/orgs/${organization_id}.` : WHY[reason];
  return new WharfError("invitation_gone", detail, { reason });
}

function isMember({ organization_id }: InvitationRecord): WharfError {
  return new WharfError(
    "conflict",
    `You are a member of ${organization_id} already. What you are and have there stays as it is; its owners and admins can give you another role, or grants.`,
  );
}
