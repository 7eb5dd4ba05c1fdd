import { DUE_INDEX, DUE_SHARDS, type DueKind } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Deps, iso } from "./deps.ts";

/** Pages of one shard in one run; what is left waits for the next minute. */
const MAX_PAGES = 20;

export interface DueDeps extends Pick<Deps, "table" | "now"> {
  /** False once the run should end; what is left is due in the next one too. @default always true */
  timeLeft?(): boolean;
}

/**
 * Hands every item of a kind that is due now to `handle`, the shards side by side, and counts what was done.
 *
 * The index lags behind the table, so `handle` must find out by a condition whether its item still is as it says.
 * One item's or shard's failure keeps no other waiting. @throws AggregateError of all that failed, at the end.
 */
export function eachDue(
  deps: DueDeps,
  kind: DueKind,
  handle: (item: Item) => Promise<boolean>,
): Promise<number> {
  return eachDueBatch(deps, kind, async (items, failed) => {
    let done = 0;
    for (const item of items) {
      try {
        if (await handle(item)) done += 1;
      } catch (error) {
        failed(error);
      }
    }
    return done;
  });
}

/** The same by pages, of up to 1 MB each: `handle` returns how many it has done, and may tell of single failures. */
export async function eachDueBatch(
  deps: DueDeps,
  kind: DueKind,
  handle: (items: readonly Item[], failed: (error: unknown) => void) => Promise<number>,
): Promise<number> {
  // `~` sorts after the `#` and any id that follow the time.
  const until = `${iso(deps.now())}~`;
  const errors: unknown[] = [];
  const counts = await Promise.all(
    Array.from({ length: DUE_SHARDS }, (_, shard) =>
      sweepShard(`${kind}#${shard}`).catch((error: unknown) => {
        errors.push(error);
        return 0;
      }),
    ),
  );
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} failures among what is due of kind ${kind}`);
  return counts.reduce((sum, count) => sum + count, 0);

  async function sweepShard(shard: string): Promise<number> {
    let done = 0;
    let after: Item | undefined;
    for (let page = 0; page < MAX_PAGES && deps.timeLeft?.() !== false; page++) {
      const found = await deps.table.query({
        index: DUE_INDEX,
        where: "#due_pk = :shard AND #due_sk <= :until",
        values: { shard, until },
        after,
      });
      try {
        if (found.items.length > 0) done += await handle(found.items, (error) => errors.push(error));
      } catch (error) {
        errors.push(error);
      }
      after = found.next;
      if (after === undefined) break;
    }
    return done;
  }
}
