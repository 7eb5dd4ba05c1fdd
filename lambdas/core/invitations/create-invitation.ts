import { randomBytes } from "node:crypto";
import { due, keys, sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { requireRoleAllowed } from "#core/access/authorize-organization.ts";
import { isMemberNow } from "#core/access/organization-now.ts";
import { memberRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import { requireRank } from "#core/accounts/find-client.ts";
import { firstGrants } from "#core/accounts/first-grants.ts";
import { invalidMember, KEEP_MS, type Maker, makerOf, makerWrites } from "#core/accounts/maker.ts";
import { actorOf, type Call, type Caller } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { type EmailAddress, emailAddress } from "#core/organizations/email-address.ts";
import { type InvitationRequest, MAX_OPEN, OPEN_FOR } from "./contract.ts";
import { invitationView } from "./invitation-view.ts";
import { type InvitationRecord, openRecord } from "./records.ts";

/**
 * Invites an address into an organization, with no more than the caller has itself; what accepts it is shown this once.
 *
 * @throws WharfError invalid_request; policy_denied; forbidden for more than the caller has; not_found for a resource that it may not
 * know of; conflict for who is a member, or is invited already; grant_limit where 500 are open.
 */
export async function createInvitation(
  deps: Pick<Deps, "table" | "now" | "config">,
  call: Call,
  organization_id: string,
  given: InvitationRequest,
) {
  const { role, grants, message } = given;
  const mail = emailAddress(given.email);
  if (mail === undefined)
    throw invalidMember("email", "is no e-mail address such as zoe@example.com, of 254 bytes at most");
  requireRank(call, organization_id, role);
  requireRoleAllowed(call.caller, organization_id, role);
  const maker = await makerOf(deps, call.caller);
  const now = deps.now();
  const invitation_id = newId("inv", now);
  const expires_ms = endOf(now, maker, given.expires_in);
  await firstGrants(deps, call, {
    principal_id: invitation_id,
    organization: organization_id,
    maker,
    grants,
  });
  await requireNoMember(deps, call.caller, organization_id, mail);
  const accept_token = `whi_${invitation_id.slice(4)}_${randomBytes(32).toString("base64url")}`;
  const record: InvitationRecord = {
    ...{ invitation_id, organization_id, email: mail.address, address: mail.unique, role },
    ...{ grants: [...grants], message, hash: sha256(accept_token), created_at: iso(now) },
    ...{ made_by: maker.made_by, scopes: [...call.caller.scopes], expires_ms },
  };
  const accept_url = `${deps.config.publicUrl}/v1/invitations/accept`;
  const answer = { ...invitationView(now, record), accept_url, accept_token };
  await deps.table.transact([
    ...newWrites(now, record),
    ...makerWrites(maker, invitation_id, { now, expires_ms }),
    eventWrite(now, {
      ...{ type: "invitation_created", request_id: call.requestId, organization_id },
      actor: actorOf(call.caller),
      data: { invitation_id, email: mail.address, role, expires_at: iso(expires_ms) },
    }),
    ...call.record(answer),
  ]);
  return answer;
}

/** @throws WharfError invalid_request for longer than what makes it lives */
function endOf(
  now: number,
  { ends_ms = Number.POSITIVE_INFINITY }: Maker,
  expires_in: number | undefined,
): number {
  if (expires_in === undefined) return Math.min(now + OPEN_FOR.default * 1000, ends_ms);
  const expires_ms = now + expires_in * 1000;
  if (expires_ms <= ends_ms) return expires_ms;
  throw invalidMember("expires_in", `must not go past ${iso(ends_ms)}, when what makes it ends`);
}

/**
 * As many reads for an address that nobody has as for a member's.
 *
 * @throws WharfError conflict
 */
async function requireNoMember(
  deps: TableDeps,
  caller: Caller,
  organization: string,
  { address, unique }: EmailAddress,
): Promise<void> {
  const [owner] = await deps.table.batchGet([keys.emailAddress(unique)]);
  const member = await deps.table.get(
    memberRecord.optional(),
    keys.member(organization, String(owner?.["person_id"] ?? "nobody")),
  );
  const now = await organizationNow(deps, caller, organization);
  if (member === undefined || !isMemberNow(member, now)) return;
  throw new WharfError(
    "conflict",
    `Who has the address ${address} is a member of this organization already. Give another role by PATCH /v1/orgs/${organization}/members/{principal}, and grants by POST …/grants.`,
  );
}

function newWrites(now: number, record: InvitationRecord): Write[] {
  const { invitation_id, organization_id: organization, address, email, expires_ms } = record;
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const kept = { ttl: ttl(expires_ms + KEEP_MS) };
  return [
    {
      put: { ...keys.openInvitation(organization, address), invitation_id, expires_ms, ...kept },
      condition: "attribute_not_exists(#pk) OR #expires_ms <= :now",
      values: { now },
      else: (open) => {
        const { invitation_id: other } = openRecord.parse(open);
        return new WharfError(
          "conflict",
          `${email} is invited already, by ${other}. To invite with other terms, or where its token is lost, revoke that first: DELETE /v1/invitations/${other}.`,
        );
      },
    },
    {
      key: keys.invitationCount(organization),
      update: { add: { open: 1 } },
      condition: "attribute_not_exists(#open) OR #open < :most",
      values: { most: MAX_OPEN },
      else: () =>
        new WharfError(
          "grant_limit",
          `${MAX_OPEN} invitations of the organization are open, and more there can't be. Revoke one that is not needed.`,
          { max: MAX_OPEN },
        ),
    },
    {
      put: {
        ...{ ...keys.invitation(invitation_id), ...record, ...kept },
        ...due("invitation", expires_ms, invitation_id),
      },
      ...isNew,
    },
    { put: { ...keys.invitationEntry(organization, invitation_id), invitation_id, ...kept }, ...isNew },
  ];
}
