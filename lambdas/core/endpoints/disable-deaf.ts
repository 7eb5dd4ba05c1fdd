import type { Event, EventType } from "#contract/events.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { disableEndpoint } from "./disable-endpoint.ts";
import { keysOfMakers, makersOf, readHooks } from "./match-endpoints.ts";
import { mayHaveHooks } from "./may-have-hooks.ts";

/** Events by which their principal may have lost what its endpoints hear. */
const LOSSES: ReadonlySet<EventType> = new Set([
  "grant_ended",
  "member_changed",
  "member_left",
  "group_left",
]);
const PARALLEL = 10;

/**
 * Disables endpoints that can hear of nothing any more, since their maker has lost what they need: of whom these events
 * say that it lost something, or of anybody where a group did. What else happens costs nothing.
 */
export async function disableDeaf(deps: TableDeps, events: readonly Event[]): Promise<void> {
  const losses = events.filter(({ type }) => LOSSES.has(type));
  if (losses.length === 0) return;
  const hooks = (await readHooks(deps)).flatMap((hook) => {
    const loss = losses.find(({ data: { principal_id } }) => isOf(String(principal_id), hook.client_id));
    return loss === undefined || hook.disabled_at !== undefined ? [] : [{ hook, loss }];
  });
  const items = await deps.table.batchGet(keysOfMakers(hooks.map(({ hook }) => hook)));
  const why = new Map(hooks.map(({ hook, loss }) => [hook, loss]));
  await inParallel([...makersOf(deps, [...why.keys()], items)], PARALLEL, async ([maker, its]) => {
    for (const alike of Map.groupBy(its, ({ folders }) => folders.join(" ")).values()) {
      if (await mayHaveHooks(deps, maker, alike[0]?.folders)) continue;
      for (const hook of alike)
        await disableEndpoint(deps, hook, "no_access", why.get(hook)?.request_id ?? hook.webhook_id);
    }
  });
}

const isOf = (loser: string, maker: string) => loser === maker || loser.startsWith("grp_");
