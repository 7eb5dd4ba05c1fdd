import { keys, sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { authorizeOrganization, epochIn, requireRoleAllowed } from "#core/access/authorize-organization.ts";
import { grantEvent } from "#core/access/grant-event.ts";
import { grantItems, heldBy } from "#core/access/grant-writes.ts";
import { memberWrite, ownerGained } from "#core/access/organization-writes.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { dueOfClient } from "./client-secrets.ts";
import type { FirstGrant } from "./clients-contract.ts";
import { newSecret } from "./create-client.ts";
import { clientView, requireRank } from "./find-client.ts";
import { firstGrants } from "./first-grants.ts";
import { endWithin, invalidMember, makerOf, makerWrites, requireWithin } from "./maker.ts";
import type { ClientRecord } from "./records.ts";

interface Given {
  name: string;
  scopes: readonly Scope[];
  role: MemberRole;
  grants: readonly FirstGrant[];
  expires_at?: string | undefined;
  organization?: string | undefined;
}

/** Of no use to a guest: what is not of files alone. */
const NOT_FOR_GUESTS: readonly Scope[] = [
  ...([
    "members:read",
    "members:write",
    "clients:read",
    "clients:write",
    "workspaces:write",
    "admin",
  ] as const),
];

/** @throws WharfError invalid_request for scopes that a guest has no use for */
export function requireUsable(role: MemberRole, scopes: readonly Scope[]): void {
  const useless = scopes.filter((scope) => NOT_FOR_GUESTS.includes(scope));
  if (role !== "guest" || useless.length === 0) return;
  throw invalidMember(
    "scopes",
    `a guest can't use ${useless.join(" ")}; leave that out, or give the role member or admin`,
  );
}

/**
 * Makes a client of an organization with its first secret, which is shown this once, and what it was granted, all at
 * once. It has no more than the caller, and ends with the key or client that made it.
 *
 * @throws WharfError forbidden for more than the caller has, or for a restricted token; invalid_request; not_found for an
 * organization or a resource that the caller may not know of.
 */
export async function createServiceClient(deps: TableDeps, call: Call, given: Given) {
  const { name, scopes, role } = given;
  const organization_id = await authorizeOrganization(deps, call, given.organization, "clients");
  const epoch = epochIn(call.caller, organization_id);
  requireRank(call, organization_id, role);
  requireRoleAllowed(call.caller, organization_id, role);
  requireWithin(call.caller, scopes);
  requireUsable(role, scopes);
  const maker = await makerOf(deps, call.caller);
  const now = deps.now();
  const expires_ms = endWithin(now, maker, given.expires_at);
  const client_id = newId("cli", now);
  const grants = await firstGrants(deps, call, {
    ...given,
    ...{ principal_id: client_id, organization: organization_id, maker, expires_ms },
  });
  const client_secret = newSecret();
  const secret = { secret_id: newId("sec", now), hash: sha256(client_secret), created_at: iso(now) };
  const record: ClientRecord = {
    ...{ client_id, name, scopes: [...scopes], secrets: [secret], organization_id },
    workspaces: Object.fromEntries(
      grants.flatMap(({ on, workspace_id, workspace_name }) =>
        on === workspace_id ? [[workspace_id, workspace_name]] : [],
      ),
    ),
    organizations: { [organization_id]: storedRole(role, epoch) },
    grants: Object.fromEntries(grants.map((grant) => [grant.grant_id, heldBy(grant)])),
    ...{ more_grants: 0, groups: [], created_at: iso(now), made_by: maker.made_by, expires_ms },
  };
  const answer = { ...clientView(now, record, organization_id), client_secret };
  const entry = { client_id, name, created_at: record.created_at };
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const event = { request_id: call.requestId, actor: actorOf(call.caller) };
  await deps.table.transact([
    ...(role === "owner" ? [ownerGained(organization_id, epoch)] : []),
    { put: { ...keys.client(client_id), ...record, ...dueOfClient(now, record) }, ...isNew },
    { put: { ...keys.clientEntry(client_id), ...entry }, ...isNew },
    { put: { ...keys.organizationClient(organization_id, client_id), ...entry }, ...isNew },
    memberWrite(now, { organization: organization_id, principal: client_id, role, epoch }),
    ...makerWrites(maker, client_id, { now, expires_ms }),
    eventWrite(now, {
      ...{ type: "member_joined", organization_id, ...event },
      data: { principal_id: client_id, role },
    }),
    ...grants.flatMap(({ folder_id, ...grant }): Write[] => [
      ...grantItems(grant),
      eventWrite(now, grantEvent({ type: "grant_created", grant, folder_id, ...event })),
    ]),
    ...call.record(answer),
  ]);
  return answer;
}
