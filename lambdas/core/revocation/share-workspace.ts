import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import { grantEvent } from "#core/access/grant-event.ts";
import { grantLimit, grantWrites, type NewGrant } from "#core/access/grant-writes.ts";
import { grantRecord, type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { OF_SHARED } from "#core/access/rights-of.ts";
import { requireLive, unknownClient } from "#core/accounts/client-secrets.ts";
import { clientRecord, isFormer } from "#core/accounts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";

/** Who an administrator's grants are by. */
const ADMINISTRATOR = "admin";

/**
 * Lets a client use another's workspace: all there but to grant, and to manage the workspace itself. May be repeated.
 *
 * @throws WharfError not_found; conflict for a client that was revoked; grant_limit.
 */
export async function shareWorkspace(
  deps: TableDeps,
  { clientId, workspaceId }: { clientId: string; workspaceId: string },
): Promise<{ client_id: string; workspace_id: string; workspace: string }> {
  const workspace = await deps.table.get(workspaceRecord, keys.workspace(workspaceId));
  if (workspace === undefined) {
    throw new WharfError(
      "not_found",
      `No workspace has the id ${JSON.stringify(workspaceId)}; ids (ws_…) are needed, not names, and list-clients shows them.`,
    );
  }
  const grant_id = newId("grt", deps.now());
  /** Of the same terms, and ended. */
  let instead: string | undefined;
  await inRounds(
    async (round) => {
      const client = await deps.table.get(clientRecord, keys.client(clientId));
      if (client === undefined) throw unknownClient(clientId);
      requireLive(client);
      if (isFormer(client)) return deps.table.transact(formerWrites(clientId, workspace));
      const grant = grantOf(deps.now(), workspace, { grant_id, clientId });
      // Where its record has no room, its partition has.
      const given = grantWrites(grant, { further: round % 2 === 1, instead });
      const told = { type: "grant_created", grant, request_id: ADMINISTRATOR } as const;
      const event = grantEvent({ ...told, actor: { type: "system", id: ADMINISTRATOR } });
      try {
        return await deps.table.transact([...given, eventWrite(deps.now(), event)]);
      } catch (error) {
        const [same] = given;
        if (!(error instanceof TransactionFailed) || same === undefined || !error.failed.has(same))
          throw error;
        const there = String(error.failed.get(same)?.["grant_id"]);
        const found = await deps.table.get(grantRecord, keys.grant(there));
        if (found !== undefined && found.ended_at === undefined) return;
        instead = there;
        throw error;
      }
    },
    () => grantLimit(clientId),
  );
  return { client_id: clientId, workspace_id: workspaceId, workspace: workspace.name };
}

function grantOf(
  now: number,
  { workspace_id, organization_id, name }: WorkspaceRecord,
  { grant_id, clientId }: { grant_id: string; clientId: string },
): NewGrant {
  return {
    ...{ grant_id, principal_id: clientId, on: workspace_id, workspace_id, organization_id },
    ...{ actions: [...OF_SHARED], created_at: iso(now), created_by: ADMINISTRATOR },
    workspace_name: name,
  };
}

/** Of a client from before there were grants, which reads what it may use from its own record. */
function formerWrites(clientId: string, { workspace_id, name }: WorkspaceRecord): Write[] {
  return [
    {
      key: keys.client(clientId),
      update: { set: { [`workspaces.${workspace_id}`]: name } },
      condition: "attribute_exists(#pk) AND attribute_not_exists(#organizations)",
    },
    {
      key: keys.workspace(workspace_id),
      update: { add: { members: new Set([clientId]) } },
      condition: "attribute_exists(#pk)",
    },
  ];
}
