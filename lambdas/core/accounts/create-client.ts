import { randomBytes } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { ensureFirstOrganization } from "#core/access/ensure-first-organization.ts";
import { grantItems, heldBy } from "#core/access/grant-writes.ts";
import { memberWrite, ownerGained, unknownOrganization } from "#core/access/organization-writes.ts";
import { FIRST_ORGANIZATION, type OrganizationRecord, organizationRecord } from "#core/access/records.ts";
import { storedRole } from "#core/access/stored-role.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { workspaceWrites } from "#core/workspaces/make-workspace.ts";
import type { ClientRecord } from "./records.ts";

/** 256 random bits behind a prefix that secret scanners can find. */
export function newSecret(): string {
  return `whs_${randomBytes(32).toString("base64url")}`;
}

interface NewClient {
  /** 1–64 characters of A-Za-z0-9._-; also its workspace's name, unless that is given. */
  name: string;
  scopes: readonly Scope[];
  workspace?: string | undefined;
  /** @default the first, which is made where it isn't there */
  organization?: string | undefined;
  /** @default by its scopes: see `roleFor` */
  role?: MemberRole | undefined;
}

/**
 * Makes a client of an organization, with a workspace of its own, and returns its secret, which is shown this once.
 *
 * @throws WharfError not_found for an organization that isn't there.
 */
export async function createClient(deps: TableDeps, { workspace, ...given }: NewClient) {
  return inRounds(async () => {
    const organization = await findOrganization(deps, given.organization);
    const role = given.role ?? roleFor(given.scopes, organization);
    return makeClient(deps, { ...given, workspace: workspace ?? given.name, organization, role });
  }, "Others make clients of this organization too; try again.");
}

async function findOrganization(
  deps: TableDeps,
  organization = FIRST_ORGANIZATION,
): Promise<OrganizationRecord> {
  if (organization === FIRST_ORGANIZATION) return ensureFirstOrganization(deps);
  const found = await deps.table.get(organizationRecord, keys.organization(organization));
  if (found === undefined) throw unknownOrganization(organization);
  return found;
}

/** With `admin` the organization's owner, where that has none, else an admin; a member where it makes workspaces. */
function roleFor(scopes: readonly Scope[], { owners }: OrganizationRecord): MemberRole {
  if (scopes.includes("admin")) return owners === 0 ? "owner" : "admin";
  return scopes.includes("workspaces:write") ? "member" : "guest";
}

async function makeClient(
  { table, now: clock }: TableDeps,
  given: Pick<NewClient, "name" | "scopes"> & {
    workspace: string;
    organization: OrganizationRecord;
    role: MemberRole;
  },
) {
  const { name, scopes, workspace, role } = given;
  const { organization_id, epoch } = given.organization;
  const now = clock();
  const created_at = iso(now);
  const client_id = newId("cli", now);
  const client_secret = newSecret();
  const secret = { secret_id: newId("sec", now), hash: sha256(client_secret), created_at };
  const owned = { name: workspace, owner: client_id, organization: organization_id, epoch };
  const { workspaceId, grant, writes } = workspaceWrites(now, owned);
  const record: ClientRecord = {
    ...{ client_id, name, scopes: [...new Set(scopes)], secrets: [secret] },
    organization_id,
    default_workspace: workspaceId,
    workspaces: { [workspaceId]: workspace },
    organizations: { [organization_id]: storedRole(role, epoch) },
    grants: { [grant.grant_id]: heldBy(grant) },
    ...{ more_grants: 0, groups: [] },
    created_at,
  };
  const entry = { client_id, name, created_at };
  await table.transact([
    ...(role === "owner" ? [ownerWrite(given.organization)] : []),
    ...writes,
    ...grantItems(grant),
    { put: { ...keys.client(client_id), ...record }, condition: "attribute_not_exists(#pk)" },
    { put: { ...keys.clientEntry(client_id), ...entry }, condition: "attribute_not_exists(#pk)" },
    {
      put: { ...keys.organizationClient(organization_id, client_id), ...entry },
      condition: "attribute_not_exists(#pk)",
    },
    memberWrite(now, { organization: organization_id, principal: client_id, role, epoch }),
    eventWrite(now, {
      type: "member_joined",
      request_id: `create-${client_id}`,
      organization_id,
      actor: { type: "system", id: "administrator" },
      data: { principal_id: client_id, role },
    }),
  ]);
  return { client_id, client_secret, workspace_id: workspaceId, workspace, organization_id, role };
}

/** Where it becomes the owner since there was none, there is still none. */
function ownerWrite({ organization_id, owners, epoch }: OrganizationRecord): Write {
  if (owners > 0) return ownerGained(organization_id, epoch);
  return {
    key: keys.organization(organization_id),
    update: { add: { owners: 1 } },
    condition: "#owners = :none",
    values: { none: 0 },
  };
}
