import { keys, under } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { isGrantOfNow } from "#core/access/organization-now.ts";
import { rootFolder } from "#core/access/place.ts";
import { grantRecord, workspaceRecord } from "#core/access/records.ts";
import { type Belonging, organizationNow } from "#core/access/standing.ts";
import { isOfBefore } from "#core/files/fenced-write.ts";
import { fileRecord } from "#core/files/records.ts";
import { endGrant } from "#core/grants/end-grant.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { HANDED_OVER } from "#core/locks/acquire-lock.ts";
import { breakLease } from "#core/locks/break-lock.ts";
import { placeAfter, stepOf } from "#core/tree/walk.ts";
import { epochOfBelonging } from "./find-offered.ts";

/** Names that are looked at in one step. */
const STEP = 200;
const PARALLEL = 8;
/** Grants of one thing that are read at once. */
const PAGE = 50;
const SYSTEM = { type: "system", id: "handover" } as const;

/**
 * Ends what was granted and locked in workspaces before they were handed over, page by page. It had no effect from the claim
 * on; this only tidies up. Returns how many workspaces are done.
 */
export function sweepHandovers(deps: DueDeps): Promise<number> {
  return eachDue(deps, "handover", async (item, chance) => {
    const workspace = workspaceRecord.parse(item);
    const organization = await organizationNow(deps, {}, workspace.organization_id);
    return tidy(deps, { workspace, organization }, chance);
  });
}

async function tidy(deps: DueDeps, place: Belonging, chance: Chance): Promise<boolean> {
  const { workspace: seen } = place;
  const { workspace_id, epoch } = seen;
  const top = { folder_id: rootFolder(workspace_id), trail: [] };
  if (seen.tidying?.path === undefined && !(await endStale(deps, place, workspace_id, chance))) return false;
  let { path, folder_id } = seen.tidying ?? {};
  for (let isWhole = false; !isWhole; ) {
    const after = path === undefined || folder_id === undefined ? undefined : { path, folder_id };
    const step = await stepOf(deps, top, { deep: true, after, most: STEP });
    const { met } = step;
    ({ isWhole } = step);
    const done = await inParallel(met, PARALLEL, ({ entry }) => tidyOne(deps, place, entry.node_id, chance));
    if (done.includes(false)) return false;
    const last = met.at(-1);
    if (last !== undefined) ({ path, folder_id } = placeAfter(top, last, { deep: true }));
    // A folder whose names are all looked at elsewhere has none: the walk is at its end there.
    if (!isWhole && last === undefined) return false;
    const kept = await happened(
      deps.table.update({
        key: keys.workspace(workspace_id),
        update: isWhole
          ? { remove: ["tidying", "due_pk", "due_sk"] }
          : { set: { tidying: { path, folder_id } } },
        condition: `${sameEpoch(epoch)} AND attribute_exists(#tidying) AND attribute_not_exists(#deleted_at)`,
        values: epoch === 0 ? {} : { epoch },
      }),
    );
    if (!kept || (!isWhole && !chance.timeLeft())) return false;
  }
  return true;
}

/** That a workspace hasn't been handed over by itself since. */
const sameEpoch = (epoch: number) =>
  epoch === 0 ? "attribute_exists(#pk) AND attribute_not_exists(#epoch)" : "#epoch = :epoch";

async function tidyOne(deps: DueDeps, place: Belonging, id: string, chance: Chance): Promise<boolean> {
  if (!chance.timeLeft()) return false;
  if (id.startsWith("file_")) {
    const [node] = await deps.table.batchGet([keys.node(id)]);
    const file = fileRecord.safeParse(node).data;
    if (file?.lock !== undefined && isOfBefore(file.lock, epochOfBelonging(place)))
      await breakLease(deps, file, {
        ...{ requestId: requestOf(place), actor: SYSTEM, reason: HANDED_OVER },
      });
  }
  return endStale(deps, place, id, chance);
}

const requestOf = ({ workspace }: Belonging) => `handover-${workspace.workspace_id}`;

/** Ends the grants on a thing that are from before. */
async function endStale(deps: DueDeps, place: Belonging, on: string, { timeLeft }: Chance): Promise<boolean> {
  const { workspace, organization } = place;
  let after: Record<string, unknown> | undefined;
  do {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.resourceGrant(on, "").pk, prefix: under.resourceGrants },
      limit: PAGE,
      after,
    });
    for (const item of items) {
      const grant = grantRecord.parse(item);
      const isElsewhere = grant.workspace_id !== workspace.workspace_id;
      if (isElsewhere || isGrantOfNow(grant, workspace, organization)) continue;
      if (!timeLeft()) return false;
      const by = { request_id: requestOf(place), actor: SYSTEM };
      await happened(endGrant(deps, grant, { reason: "handed_over", ...by }));
    }
    after = next;
  } while (after !== undefined);
  return true;
}
