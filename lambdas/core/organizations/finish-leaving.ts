import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { endFurtherGrants, endGrants } from "#core/access/end-grants.ts";
import type { MemberRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { NewEvent } from "#core/kernel/outbox.ts";
import { ttl } from "#core/kernel/time.ts";
import { LEFT_KEEP_MS } from "#core/kernel/unchanged.ts";

/** Ends what a member's grants have beside its record, and those that its record had no room for. May be repeated. */
export async function finishLeaving(
  deps: TableDeps,
  by: Pick<NewEvent, "request_id" | "actor">,
  organization: string,
  { principal_id, ending, change }: MemberRecord,
): Promise<void> {
  if (ending === undefined) return;
  const of = { holder: principal_id, ...by };
  await endGrants(deps, { ...of, further: false }, ending);
  await endFurtherGrants(deps, of, organization);
  const done = deps.table.update({
    key: keys.member(organization, principal_id),
    update: { set: { ttl: ttl(deps.now() + LEFT_KEEP_MS) }, remove: ["ending"] },
    condition: "#change = :left",
    values: { left: change },
  });
  // It has joined again meanwhile, or another call has finished.
  await happened(done);
}
