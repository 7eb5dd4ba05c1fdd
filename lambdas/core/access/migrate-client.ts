import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened, type Item, type Update, type Write } from "#aws/table.ts";
import { scope } from "#contract/scopes.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { ensureFirstOrganization } from "./ensure-first-organization.ts";
import { grantItems } from "./grant-writes.ts";
import { memberWrite } from "./organization-writes.ts";
import { FIRST_ORGANIZATION, type GrantRecord, type heldGrantRecord } from "./records.ts";
import { formerRights } from "./rights-of.ts";

/** Of a client's record, what says what it could do before there were organizations. */
const formerRecord = z.object({
  client_id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  default_workspace: z.string().optional(),
  workspaces: z.record(z.string(), z.string()),
  /** Of one of today. */
  organizations: z.unknown().optional(),
  created_at: z.string(),
  revoked_at: z.string().optional(),
});
type Former = z.infer<typeof formerRecord>;

/** As `share-workspace` says who gave what: that again is the same grant. */
const ADMINISTRATOR = "admin";
/** A client has up to 100 workspaces. */
const PARALLEL = 8;

/**
 * Makes a client from before there were organizations one of today, with the same rights: a member of the first
 * organization, with a grant on each of its workspaces. A revoked one stays revoked, and is no member.
 *
 * May be repeated, and may stop anywhere: its record, which is changed last and in one transaction, is read until then
 * as it will be (`currentClient`). What is brought over is no news: no event tells of it.
 *
 * @returns whether it was one.
 * @throws WharfError conflict where others keep changing it.
 */
export function migrateClient(deps: TableDeps, clientId: string): Promise<boolean> {
  return inRounds(async () => {
    const client = await deps.table.get(formerRecord.optional(), keys.client(clientId));
    if (client === undefined || client.organizations !== undefined) return false;
    const [owned] = await Promise.all([madeBy(deps, clientId), ensureFirstOrganization(deps)]);
    const rights = formerRights(client, owned.add(client.default_workspace));
    if (client.revoked_at === undefined) await giveGrants(deps, client, rights);
    await deps.table.transact([
      recordWrite(client, rights),
      ...rights.further.map(
        ([grant_id, held]): Write => ({
          put: { ...keys.furtherGrant(clientId, held.workspace_id, grant_id), grant_id, ...held },
          condition: "attribute_not_exists(#pk)",
        }),
      ),
      ...listingWrites(client, rights),
    ]);
    return true;
  }, "Others change this client too; it is brought over in a minute.");
}

/** Workspaces that a client made: their names are its own. */
async function madeBy({ table }: TableDeps, clientId: string): Promise<Set<string | undefined>> {
  const own = new Set<string | undefined>();
  let after: Item | undefined;
  do {
    const { pk } = keys.workspaceName(clientId, "");
    const page = await table.query({ where: "#pk = :pk", values: { pk }, after });
    for (const { workspace_id } of page.items) own.add(String(workspace_id));
    after = page.next;
  } while (after !== undefined);
  return own;
}

type Rights = ReturnType<typeof formerRights>;

/** The grants themselves. Their ids are the same each time: those that are there, or have ended, stay as they are. */
async function giveGrants({ table }: TableDeps, client: Former, rights: Rights): Promise<void> {
  const all = [...Object.entries(rights.grants), ...rights.further];
  await inParallel(all, PARALLEL, ([grant_id, held]) =>
    happened(table.transact(grantItems(formerGrant(client, grant_id, held)))),
  );
}

/** A grant in the place of what a client could do without one. */
export function formerGrant(
  { client_id, created_at }: Pick<Former, "client_id" | "created_at">,
  grant_id: string,
  held: z.infer<typeof heldGrantRecord>,
): GrantRecord {
  // What was another's the administrator shared.
  const created_by = held.role === "owner" ? client_id : ADMINISTRATOR;
  const place = { organization_id: FIRST_ORGANIZATION, created_at, created_by };
  return { grant_id, principal_id: client_id, ...held, ...place };
}

/** A share that came in between changes `workspaces`: what was read isn't all then. */
function recordWrite(client: Former, { organizations, grants, further, scopes }: Rights): Update {
  const lives = client.revoked_at === undefined;
  return {
    key: keys.client(client.client_id),
    update: {
      set: {
        ...{ organizations, organization_id: FIRST_ORGANIZATION, grants, more_grants: further.length },
        ...{ groups: [], scopes, makes_workspaces: true },
      },
    },
    condition: `attribute_exists(#pk) AND attribute_not_exists(#organizations) AND #workspaces = :seen AND #scopes = :before AND ${
      lives ? "attribute_not_exists(#revoked_at)" : "attribute_exists(#revoked_at)"
    }`,
    values: { seen: client.workspaces, before: client.scopes },
  };
}

function listingWrites(
  { client_id, name, created_at, revoked_at }: Former,
  { organizations }: Rights,
): Write[] {
  const organization = FIRST_ORGANIZATION;
  const joined = { organization, principal: client_id, role: organizations[organization] };
  return [
    {
      put: { ...keys.organizationClient(organization, client_id), client_id, name, created_at },
      condition: "attribute_not_exists(#pk)",
    },
    ...(revoked_at === undefined ? [memberWrite(Date.parse(created_at), joined)] : []),
  ];
}
