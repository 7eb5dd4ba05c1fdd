import { DUE_INDEX, DUE_SHARDS, type DueKind } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Deps, iso } from "./deps.ts";

/** Pages of one shard in one run; what is left waits for the next minute. */
const MAX_PAGES = 20;

/**
 * Hands every item of a kind that is due now to `handle`, the shards side by side, and counts what was done.
 *
 * The index lags behind the table, so `handle` must find out by a condition whether its item still is as it says.
 * One item's or shard's failure keeps no other waiting. @throws AggregateError of all that failed, at the end.
 */
export async function eachDue(
  deps: Pick<Deps, "table" | "now">,
  kind: DueKind,
  handle: (item: Item) => Promise<boolean>,
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
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await deps.table.query({
        index: DUE_INDEX,
        where: "#due_pk = :shard AND #due_sk <= :until",
        values: { shard, until },
        after,
      });
      for (const item of found.items) {
        try {
          if (await handle(item)) done += 1;
        } catch (error) {
          errors.push(error);
        }
      }
      after = found.next;
      if (after === undefined) break;
    }
    return done;
  }
}
