import { due, keys } from "#aws/keys.ts";
import { roleNow } from "#core/access/organization-now.ts";
import { organizationRecord } from "#core/access/records.ts";
import { actorOf, type Call, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { newChange } from "#core/kernel/unchanged.ts";
import { organizationView } from "#core/organizations/organization-view.ts";
import { asClosed, type ClosedOrganization } from "./close-organization.ts";

/** Opens a closed organization again, with `organization_restored` and all that was in it. @throws WharfError not_found */
export async function restoreOrganization(deps: TableDeps, call: Call, id: string) {
  const attempt = async () => {
    const closed = await findClosed(deps, call, id);
    const open = { ...closed, closed_at: undefined, purge_ms: undefined };
    const answer = { ...organizationView(open, "owner"), kind: "organization" as const };
    await deps.table.transact([
      {
        key: keys.organization(id),
        update: {
          // What was there before it was handed over is still to be ended.
          set: { change: newChange(), ...(closed.tidying && due("organization", deps.now(), id)) },
          remove: [
            ...["closed_at", "closed_by", "purge_ms"],
            ...(closed.tidying === undefined ? ["due_pk", "due_sk"] : []),
          ],
        },
        ...asClosed(closed),
      },
      eventWrite(deps.now(), {
        type: "organization_restored",
        ...{ request_id: call.requestId, organization_id: id, actor: actorOf(call.caller) },
        data: { name: closed.name },
      }),
      ...call.record(answer),
    ]);
    return answer;
  };
  return inRounds(attempt, "It is being restored or purged elsewhere; look again.");
}

/**
 * A closed organization, for its owners.
 *
 * @throws WharfError not_found for all others too; forbidden where the token lacks the scope.
 */
export async function findClosed(
  deps: Pick<TableDeps, "table">,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  id: string,
): Promise<ClosedOrganization> {
  decided?.();
  requireScope(caller, "members:write");
  const found = await deps.table.get(organizationRecord.optional(), keys.organization(id));
  const role = found && roleNow(caller, id, found);
  const isOwner = role === "owner" && caller.rights.details === undefined;
  if (!isOwner || found?.closed_at === undefined || found.purged_ms !== undefined)
    throw notFound("item in the trash", id);
  return { ...found, closed_at: found.closed_at };
}
