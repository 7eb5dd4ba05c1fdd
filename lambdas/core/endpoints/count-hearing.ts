import { isGoodIn } from "#core/access/standing.ts";
import { mayHearIn } from "#core/events/may-hear.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { keysOfMakers, makersOf, readHooks } from "./match-endpoints.ts";

const PARALLEL = 10;

/** How many endpoints hear of something in a workspace now. */
export async function countHearing(deps: TableDeps, workspaceId: string): Promise<number> {
  const hooks = (await readHooks(deps)).filter(({ disabled_at }) => disabled_at === undefined);
  const makers = makersOf(deps, hooks, await deps.table.batchGet(keysOfMakers(hooks)));
  const heard = await inParallel([...makers], PARALLEL, async ([maker, its]) =>
    (await mayHearIn(deps, maker, workspaceId))
      ? its.filter(({ webhook_id }) => isGoodIn(maker, workspaceId, webhook_id)).length
      : 0,
  );
  return heard.reduce((sum, count) => sum + count, 0);
}
