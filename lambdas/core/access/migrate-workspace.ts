import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { ensureFirstOrganization } from "./ensure-first-organization.ts";
import { grantWrites } from "./grant-writes.ts";
import { formerGrant } from "./migrate-client.ts";
import { organizationEntries } from "./organization-entries.ts";
import { FIRST_ORGANIZATION, type WorkspaceRecord, workspaceRecord } from "./records.ts";
import { formerGrantId, formerRole } from "./rights-of.ts";

/** As it stands there, where nobody says whose it is. */
const storedRecord = workspaceRecord.extend({ organization_id: z.string().optional() });
type Stored = z.infer<typeof storedRecord>;

const memberRecord = z.object({
  client_id: z.string(),
  created_at: z.string(),
  organizations: z.unknown().optional(),
  revoked_at: z.string().optional(),
});
const named = z.object({ workspace_id: z.string() });

const PARALLEL = 4;

/**
 * Whether a workspace, as it stands in the table, is from before there were organizations, or a program from then has
 * shared it since; what can't be read is for whoever looks at it alone.
 */
export function isFormerWorkspace(stored: unknown): boolean {
  const workspace = storedRecord.safeParse(stored).data;
  return workspace?.organization_id === undefined || unbrought(workspace).length > 0;
}

const unbrought = ({ members, brought }: Stored) =>
  [...(members ?? [])].filter((id) => brought?.has(id) !== true);

/**
 * Lists a workspace from before there were organizations in the first of them, and gives those whom a program from then
 * has let use it since they were brought over the grant that says so today.
 *
 * May be repeated, and may stop anywhere: it is read as one of the first organization's before too.
 *
 * @returns whether it was one.
 * @throws WharfError conflict where others keep changing it.
 */
export function migrateWorkspace(deps: TableDeps, workspaceId: string): Promise<boolean> {
  return inRounds(async () => {
    const workspace = await deps.table.get(storedRecord.optional(), keys.workspace(workspaceId));
    if (workspace === undefined || !isFormerWorkspace(workspace)) return false;
    await ensureFirstOrganization(deps);
    const { organization_id, name, member_access } = workspace;
    const members = unbrought(workspace);
    await inParallel(members, PARALLEL, (id) => giveLate(deps, id, { workspace_id: workspaceId, name }));
    const isNew = organization_id === undefined;
    await deps.table.transact([
      {
        key: keys.workspace(workspaceId),
        update: {
          set: { organization_id: isNew ? FIRST_ORGANIZATION : undefined },
          add: members.length === 0 ? {} : { brought: new Set(members) },
        },
        condition: `#name = :seen AND ${isNew ? "attribute_not_exists" : "attribute_exists"}(#organization_id)`,
        values: { seen: name },
      },
      ...(isNew ? organizationEntries(FIRST_ORGANIZATION, { workspaceId, name, member_access }) : []),
    ]);
    return true;
  }, "Others change this workspace too; it is brought over in a minute.");
}

/**
 * The grant of a client that has been brought over without this workspace. One that hasn't been gets it with all others;
 * one that had it, and lost it, stays without.
 */
async function giveLate(
  { table }: TableDeps,
  clientId: string,
  { workspace_id, name }: Pick<WorkspaceRecord, "workspace_id" | "name">,
): Promise<void> {
  const grant_id = formerGrantId(clientId, workspace_id);
  const [client, given, own] = await Promise.all([
    table.get(memberRecord.optional(), keys.client(clientId)),
    table.get(z.unknown(), keys.grant(grant_id)),
    table.get(named.optional(), keys.workspaceName(clientId, name)),
  ]);
  if (client?.organizations === undefined || client.revoked_at !== undefined || given !== undefined) return;
  const held = { on: workspace_id, workspace_id, ...formerRole(own?.workspace_id === workspace_id) };
  const grant = { ...formerGrant(client, grant_id, held), workspace_name: name };
  for (const further of [false, true])
    if (await happened(table.transact(grantWrites(grant, { further })))) return;
}
