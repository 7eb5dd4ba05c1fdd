import { createHash } from "node:crypto";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { type MemberRole, memberRoles } from "#contract/roles.ts";
import { authorizeOrganization, roleIn } from "#core/access/authorize-organization.ts";
import { type OrganizationNow, roleNow } from "#core/access/organization-now.ts";
import { FIRST_ORGANIZATION, rightsShape } from "#core/access/records.ts";
import { crockford } from "#core/access/rights-of.ts";
import { organizationNow } from "#core/access/standing.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import type { ServiceClient } from "./clients-contract.ts";
import { requireUnrestricted } from "./maker.ts";
import { type ClientRecord, clientRecord, currentClient, type SecretRecord } from "./records.ts";

/** The organization that a client belongs to, whose owners and admins manage it. */
export function homeOf(client: Pick<ClientRecord, "organization_id" | "organizations">): string | undefined {
  if (client.organization_id !== undefined) return client.organization_id;
  const [only, ...others] = Object.keys(client.organizations ?? { [FIRST_ORGANIZATION]: "guest" });
  return others.length === 0 ? only : undefined;
}

const belongs = z.object({
  organization_id: z.string().optional(),
  organizations: rightsShape.organizations,
});

/** The organization that hears of a client's or person's keys: where the client belongs, or the person's first. */
export async function organizationOf(
  { table }: Pick<TableDeps, "table">,
  principal: string,
): Promise<string | undefined> {
  const holder = await table.get(belongs, keys.principal(principal));
  if (holder === undefined) return undefined;
  if (principal.startsWith("usr_")) return Object.keys(holder.organizations ?? {})[0];
  return homeOf(holder) ?? Object.keys(holder.organizations ?? {})[0];
}

/** A client's role in the organization that it belongs to. */
export function roleAtHome(client: ClientRecord, organization: string): MemberRole {
  return currentClient(client).rights.organizations[organization] ?? "guest";
}

/** Whether a client belongs to its organization still: it wasn't left behind as that was handed over. Revoked ones do. */
export function isClientNow(client: ClientRecord, organization: string, now: OrganizationNow): boolean {
  const { client_id: id, rights } = currentClient(client);
  return roleNow({ id, rights }, organization, now) !== undefined;
}

/**
 * A client of an organization whose clients the caller manages.
 *
 * @throws WharfError not_found where the caller may not know of it; forbidden by its role, or for a restricted token.
 */
export async function findClient(
  deps: Pick<TableDeps, "table">,
  call: Pick<Call, "caller" | "decided">,
  id: string,
): Promise<{ client: ClientRecord; organization: string }> {
  requireUnrestricted(call.caller);
  const client = await deps.table.get(clientRecord, keys.client(id));
  const organization = client && homeOf(client);
  const role = organization === undefined ? undefined : roleIn(call.caller, organization);
  if (client === undefined || organization === undefined || role === undefined || role === "guest")
    throw notFound("client", id);
  await authorizeOrganization(deps, call, organization, "clients");
  const now = await organizationNow(deps, call.caller, organization);
  if (!isClientNow(client, organization, now)) throw notFound("client", id);
  return { client, organization };
}

/**
 * Makes sure that the caller doesn't get, by managing a client, what its own role lacks.
 *
 * @throws WharfError forbidden
 */
export function requireRank({ caller }: Pick<Call, "caller">, organization: string, role: MemberRole): void {
  const own = roleIn(caller, organization);
  const atLeast = memberRoles.slice(0, memberRoles.indexOf(role) + 1);
  if (own !== undefined && atLeast.includes(own)) return;
  throw new WharfError(
    "forbidden",
    `Your role in this organization is ${own ?? "none"}, which is less than ${role}: only ${atLeast.join(" or ")} may do this.`,
    { required_role: atLeast, required_scopes: [] },
  );
}

/** A secret's id: of one from before they had any the same each time. */
export function secretId({ secret_id, hash }: Pick<SecretRecord, "secret_id" | "hash">): string {
  return secret_id ?? `sec_${crockford(createHash("sha256").update(hash).digest())}`;
}

/** Secrets that haven't ended. */
export function liveSecrets(now: number, { secrets }: Pick<ClientRecord, "secrets">): SecretRecord[] {
  return secrets.filter(({ expires_ms }) => expires_ms === undefined || expires_ms > now);
}

const time = (ms: number | undefined) => (ms === undefined ? null : iso(ms));

/** A secret as the API shows it: never what it is, nor its hash. */
export function secretView(secret: SecretRecord) {
  const { created_at, expires_ms, last_used = null } = secret;
  return { secret_id: secretId(secret), created_at, expires_at: time(expires_ms), last_used };
}

/** A client as the API shows it. */
export function clientView(now: number, record: ClientRecord, organization: string): ServiceClient {
  const { client_id, name, created_at, expires_ms, revoked_at = null, ...client } = currentClient(record);
  return {
    ...{ client_id, name, organization_id: organization, role: roleAtHome(record, organization) },
    scopes: client.scopes,
    grants: client.rights.grants.map(({ grant_id, on, workspace_id, role, actions, expires_ms: ends }) => ({
      ...{ grant_id, resource_id: on, workspace_id },
      ...(role === undefined ? { actions: [...actions] } : { role }),
      expires_at: time(ends),
    })),
    secrets: liveSecrets(now, record).map(secretView),
    ...{ created_at, created_by: record.made_by?.principal_id ?? null },
    ...{ expires_at: time(expires_ms), revoked_at },
  };
}

/** A client of the caller's organization. @throws WharfError not_found, forbidden */
export async function showClient(deps: TableDeps, call: Call, id: string): Promise<ServiceClient> {
  const { client, organization } = await findClient(deps, call, id);
  return clientView(deps.now(), client, organization);
}
