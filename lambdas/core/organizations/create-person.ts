import { keys } from "#aws/keys.ts";
import type { MemberRole } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { ensureFirstOrganization } from "#core/access/ensure-first-organization.ts";
import { memberWrite, ownerGained, unknownOrganization } from "#core/access/organization-writes.ts";
import { FIRST_ORGANIZATION, type OrganizationRecord, organizationRecord } from "#core/access/records.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { newApiKey } from "#core/accounts/new-api-key.ts";
import type { PersonRecord } from "#core/accounts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { emailAddress } from "./email-address.ts";

interface NewPerson {
  /** Taken as verified: whoever makes the person vouches for it. */
  email: string;
  name: string;
  /** @default the first, which is made where it isn't there */
  organization?: string | undefined;
  /** @default member */
  role?: MemberRole | undefined;
  /** The API key that is made with the person. */
  key: { scopes: readonly Scope[]; days: number };
}

const DAY_MS = 86_400_000;

/**
 * Makes a person, member of an organization, with a verified address and an API key, which is shown this once.
 *
 * @throws WharfError invalid_request for what is no address; conflict for one that somebody has; not_found for an
 * organization that isn't there.
 */
export async function createPerson(
  deps: TableDeps,
  { email, name, organization = FIRST_ORGANIZATION, role = "member", key }: NewPerson,
) {
  const mail = emailAddress(email);
  if (mail === undefined)
    throw new WharfError(
      "invalid_request",
      `${JSON.stringify(email)} is no e-mail address such as zoe@example.com.`,
    );
  const { epoch } = await requireOrganization(deps, organization);
  const now = deps.now();
  const created_at = iso(now);
  const person_id = newId("usr", now);
  const expires_ms = now + key.days * DAY_MS;
  const { key_id, api_key, write } = newApiKey(now, person_id, { name, scopes: key.scopes, expires_ms });
  const record: PersonRecord = {
    ...{ person_id, name, emails: [{ address: mail.address, verified_at: created_at }] },
    organizations: { [organization]: storedRole(role, epoch) },
    ...{ workspaces: {}, grants: {}, more_grants: 0, groups: [], created_at },
  };
  await deps.table.transact([
    {
      put: { ...keys.emailAddress(mail.unique), person_id },
      condition: "attribute_not_exists(#pk)",
      else: (taken) =>
        new WharfError("conflict", `${mail.address} is the address of ${taken?.["person_id"]} already.`),
    },
    {
      // Its key is one of those that count.
      put: { ...keys.principal(person_id), ...record, live_keys: 1 },
      condition: "attribute_not_exists(#pk)",
    },
    memberWrite(now, { organization, principal: person_id, role, epoch }),
    ...(role === "owner" ? [ownerGained(organization, epoch)] : []),
    write,
    eventWrite(now, {
      type: "member_joined",
      request_id: `create-${person_id}`,
      organization_id: organization,
      actor: { type: "system", id: "administrator" },
      data: { principal_id: person_id, role },
    }),
  ]);
  const { address } = mail;
  return {
    ...{ person_id, name, email: address, organization_id: organization, role },
    ...{ key_id, api_key, expires_at: iso(expires_ms) },
  };
}

/** @throws WharfError not_found */
async function requireOrganization(deps: TableDeps, organization: string): Promise<OrganizationRecord> {
  if (organization === FIRST_ORGANIZATION) return ensureFirstOrganization(deps);
  const found = await deps.table.get(organizationRecord, keys.organization(organization));
  if (found === undefined) throw unknownOrganization(organization);
  return found;
}
