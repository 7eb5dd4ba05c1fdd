import { keys } from "#aws/keys.ts";
import {
  MAX_ORGANIZATIONS,
  memberWrite,
  type NewOrganization,
  organizationWrites,
} from "#core/access/organization-writes.ts";
import { actorOf, type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { Organization } from "./contract.ts";
import type { OrganizationDeps } from "./deps.ts";
import { organizationView } from "./organization-view.ts";

/**
 * Makes an organization that the caller owns.
 *
 * @throws WharfError forbidden where the deployment lets only others; grant_limit where the caller belongs to 20 already;
 * conflict for a client whose record is from before there were organizations.
 */
export async function createOrganization(
  deps: OrganizationDeps,
  call: Call,
  { name }: { name: string },
): Promise<Organization> {
  const { caller } = call;
  requireMayMake(deps, caller);
  const now = deps.now();
  const organization_id = newId("org", now);
  const role = "owner";
  const record: NewOrganization = {
    ...{ organization_id, name, owners: 1 },
    ...{ created_at: iso(now), created_by: caller.id },
  };
  const answer = organizationView(record, role);
  await deps.table.transact([
    {
      key: keys.principal(caller.id),
      update: { set: { [`organizations.${organization_id}`]: role } },
      condition: "size(#organizations) < :most",
      values: { most: MAX_ORGANIZATIONS },
      else: (holder) => noRoom(holder?.["organizations"] !== undefined),
    },
    ...organizationWrites(record),
    memberWrite(now, { organization: organization_id, principal: caller.id, role }),
    eventWrite(now, {
      type: "member_joined",
      request_id: call.requestId,
      organization_id,
      actor: actorOf(caller),
      data: { principal_id: caller.id, role },
    }),
    ...call.record(answer),
  ]);
  return answer;
}

/** @throws WharfError forbidden */
function requireMayMake({ orgCreation }: OrganizationDeps, caller: Caller): void {
  if (caller.rights.details !== undefined)
    throw refused("This token is restricted to files (authorization_details) and makes no organization.");
  if (orgCreation === "nobody")
    throw refused("Nobody makes organizations here: the deployment's setting orgCreation says so.");
  if (orgCreation === "admin") requireScope(caller, "admin");
  const roles =
    orgCreation === "admin" ? (["owner", "admin"] as const) : (["owner", "admin", "member"] as const);
  if (Object.values(caller.rights.organizations).some((role) => roles.some((one) => one === role))) return;
  throw new WharfError(
    "forbidden",
    `Only who is ${roles.join(" or ")} of an organization makes another here (setting orgCreation).`,
    { required_role: [...roles], required_scopes: [] },
  );
}

const refused = (detail: string) => new WharfError("forbidden", detail, { required_scopes: [] });

function noRoom(isFull: boolean): WharfError {
  if (isFull)
    return new WharfError(
      "grant_limit",
      `You belong to ${MAX_ORGANIZATIONS} organizations, and more it can't be. Leave one first.`,
      { max: MAX_ORGANIZATIONS },
    );
  return new WharfError(
    "conflict",
    "This client is from before there were organizations, and its record is being brought up to date. Try again in a minute.",
    { retry_after_seconds: 60 },
  );
}
