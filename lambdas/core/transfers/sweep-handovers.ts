import { keys, under } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";
import { grantRecord, type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { isOfBefore } from "#core/files/fenced-write.ts";
import { fileRecord } from "#core/files/records.ts";
import { endGrant } from "#core/grants/end-grant.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { HANDED_OVER } from "#core/locks/acquire-lock.ts";
import { breakLease } from "#core/locks/break-lock.ts";
import { type Met, placeAfter, walk } from "#core/tree/walk.ts";

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
  return eachDue(deps, "handover", (item, chance) => tidy(deps, workspaceRecord.parse(item), chance));
}

async function tidy(deps: DueDeps, seen: WorkspaceRecord, chance: Chance): Promise<boolean> {
  const { workspace_id, epoch } = seen;
  const top = { folder_id: rootFolder(workspace_id), trail: [] };
  if (seen.tidying?.path === undefined && !(await endStale(deps, seen, workspace_id, chance))) return false;
  let { path, folder_id } = seen.tidying ?? {};
  for (let isWhole = false; !isWhole; ) {
    const met: Met[] = [];
    const after = path === undefined || folder_id === undefined ? undefined : { path, folder_id };
    const walking = walk(deps, top, { deep: true, after, most: STEP });
    let next = await walking.next();
    for (; next.done !== true; next = await walking.next()) met.push(next.value);
    isWhole = next.value;
    const done = await inParallel(met, PARALLEL, ({ entry }) => tidyOne(deps, seen, entry.node_id, chance));
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
        condition: "#epoch = :epoch AND attribute_exists(#tidying) AND attribute_not_exists(#deleted_at)",
        values: { epoch },
      }),
    );
    if (!kept || (!isWhole && !chance.timeLeft())) return false;
  }
  return true;
}

async function tidyOne(
  deps: DueDeps,
  workspace: WorkspaceRecord,
  id: string,
  chance: Chance,
): Promise<boolean> {
  if (!chance.timeLeft()) return false;
  if (id.startsWith("file_")) {
    const [node] = await deps.table.batchGet([keys.node(id)]);
    const file = fileRecord.safeParse(node).data;
    if (file?.lock !== undefined && isOfBefore(file.lock, workspace.epoch))
      await breakLease(deps, file, {
        ...{ requestId: requestOf(workspace), actor: SYSTEM, reason: HANDED_OVER },
      });
  }
  return endStale(deps, workspace, id, chance);
}

const requestOf = ({ workspace_id }: WorkspaceRecord) => `handover-${workspace_id}`;

/** Ends the grants on a thing that are from before. */
async function endStale(
  deps: DueDeps,
  workspace: WorkspaceRecord,
  on: string,
  { timeLeft }: Chance,
): Promise<boolean> {
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
      if (grant.workspace_id !== workspace.workspace_id || (grant.epoch ?? 0) >= workspace.epoch) continue;
      if (!timeLeft()) return false;
      const by = { request_id: requestOf(workspace), actor: SYSTEM };
      await happened(endGrant(deps, grant, { reason: "handed_over", ...by }));
    }
    after = next;
  } while (after !== undefined);
  return true;
}
