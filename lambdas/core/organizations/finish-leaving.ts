import { keys, under } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import { endGrants } from "#core/access/end-grants.ts";
import { heldGrantId, type MemberRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { ttl } from "#core/kernel/time.ts";
import { workspacesOf } from "./what-is-lost.ts";

/** Who has left stays in lists' rows for so long, so that no late copy of its joining brings it back. */
export const LEFT_KEEP_MS = 30 * 86_400_000;

/** Ends what a member's grants have beside its record, and those that its record had no room for. May be repeated. */
export async function finishLeaving(
  deps: TableDeps,
  organization: string,
  { principal_id, ending, change }: MemberRecord,
): Promise<void> {
  if (ending === undefined) return;
  await endGrants(deps, { holder: principal_id, further: false }, ending);
  await endFurther(deps, { holder: principal_id, further: true }, organization);
  const done = deps.table.update({
    key: keys.member(organization, principal_id),
    update: { set: { ttl: ttl(deps.now() + LEFT_KEEP_MS) }, remove: ["ending"] },
    condition: "#change = :left",
    values: { left: change },
  });
  // It has joined again meanwhile, or another call has finished.
  await happened(done);
}

/**
 * Ends the grants that stand in a holder's partition.
 *
 * @param organization only those on its workspaces. @default all
 */
export async function endFurther(
  deps: TableDeps,
  of: { holder: string; further: true; counted?: boolean },
  organization?: string,
): Promise<void> {
  let after: Item | undefined;
  do {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.principal(of.holder).pk, prefix: under.furtherGrants },
      after,
    });
    const all = items.map((item) => heldGrantId.parse(item));
    const ids = all.map(({ workspace_id }) => workspace_id);
    const ours = organization === undefined ? new Set(ids) : await workspacesOf(deps, organization, ids);
    await endGrants(
      deps,
      of,
      all.filter(({ workspace_id }) => ours.has(workspace_id)),
    );
    after = next;
  } while (after !== undefined);
}
