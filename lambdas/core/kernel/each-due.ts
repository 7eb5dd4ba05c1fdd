import { asideShard, DUE_INDEX, type DueKind, dueShards } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import type { Item } from "#aws/table.ts";
import type { Deps, DueDeps } from "./deps.ts";
import { inParallel } from "./in-parallel.ts";
import { dueAfterFailure, dueAsBefore, dueOf } from "./put-aside.ts";
import { iso } from "./time.ts";
import { within } from "./within.ts";

/** Pages of one shard in one run; what is left waits for the next minute. */
const MAX_PAGES = 20;
/** How long one item may take (ms); what can take longer ends itself before, by its `timeLeft`. */
const ITEM_MS = 10_000;
/** What is due for longer than this (ms) may have ended the run that had it. */
const SUSPECT_MS = 3 * 60_000;
/** Items of a page that are made due later at once. */
const PARALLEL_WRITES = 10;
/** Of what is put aside, so many items are looked at in one run. */
const MAX_ASIDE = 50;

/** What the handling of one item may know of it. */
export interface Chance {
  /** False once this item should end; it is due again in the next minute. */
  timeLeft(): boolean;
  /** How often it has failed, this time counted in where it may fail by ending the whole run. */
  failures: number;
}

/**
 * Hands every item of a kind that is due now to `handle`, the shards side by side, and counts what was done.
 *
 * The index lags behind the table, so `handle` must find out by a condition whether its item still is as it says.
 * One item's or shard's failure keeps no other waiting: each has its time, is due later and later after each failure,
 * and is put aside after some. What has been due for long is made due later before it is handled, since it may be what
 * ended earlier runs: nothing in JavaScript can end a loop that never does.
 *
 * @throws AggregateError of all that failed, at the end.
 */
export function eachDue(
  deps: DueDeps,
  kind: DueKind,
  handle: (item: Item, chance: Chance) => Promise<boolean>,
): Promise<number> {
  return eachPage(deps, kind, async (items, failed) => {
    let done = 0;
    for (const item of items) {
      if (deps.timeLeft?.() === false) break;
      try {
        if (await attempt(deps, kind, item, handle)) done += 1;
      } catch (error) {
        await failed(item, error);
      }
    }
    return done;
  });
}

async function attempt(
  deps: DueDeps,
  kind: DueKind,
  item: Item,
  handle: (item: Item, chance: Chance) => Promise<boolean>,
): Promise<boolean> {
  const { failures } = dueOf(kind, item);
  const suspect = isSuspect(deps, kind, item);
  const claimed = suspect ? await claim(deps, kind, item) : item;
  if (claimed === undefined) return false;
  const { itemMs = ITEM_MS } = deps;
  const until = performance.now() + 0.8 * itemMs;
  const chance = {
    timeLeft: () => deps.timeLeft?.() !== false && performance.now() < until,
    failures: suspect ? failures + 1 : 0,
  };
  const done = await within(itemMs, handle(claimed, chance));
  if (suspect) await dueAsBefore(deps, kind, { claimed, before: item });
  return done;
}

/** Tells of an item that failed; `undefined` is one that has been made due later already. */
type Failed = (item: Item | undefined, error: unknown) => Promise<void>;
type HandlePage = (items: readonly Item[], failed: Failed) => Promise<number>;

/**
 * The same by pages, of up to 1 MB each: `handle` returns how many it has done, and tells of items that failed. What it
 * throws is no item's fault and counts against none.
 *
 * What has been due for long is made due later before it is handled, here too, and what has failed before is handled
 * alone: a page that ends each run would be nobody's turn.
 */
export function eachDueBatch(deps: DueDeps, kind: DueKind, handle: HandlePage): Promise<number> {
  return eachPage(deps, kind, async (items, failed) => {
    const {
      fresh = [],
      late = [],
      failing = [],
    } = Object.groupBy(items, (item) => {
      const { failures, aside } = dueOf(kind, item);
      return failures > 0 || aside ? "failing" : isSuspect(deps, kind, item) ? "late" : "fresh";
    });
    let done = fresh.length > 0 ? await handle(fresh, failed) : 0;
    done += await handleLate(late, failed);
    for (const item of failing) {
      if (deps.timeLeft?.() === false) break;
      done += await handleAlone(item, failed);
    }
    return done;
  });

  async function handleAlone(item: Item, failed: Failed): Promise<number> {
    try {
      const claimed = await claim(deps, kind, item);
      return claimed === undefined ? 0 : await handle([claimed], asMoved(failed));
    } catch (error) {
      // It keeps none of those behind it.
      await failed(undefined, error);
      return 0;
    }
  }

  async function handleLate(items: readonly Item[], failed: Failed): Promise<number> {
    const claims = await inParallel(items, PARALLEL_WRITES, async (before) => ({
      before,
      claimed: await claim(deps, kind, before),
    }));
    const mine = claims.map(({ claimed }) => claimed).filter((item) => item !== undefined);
    if (mine.length === 0) return 0;
    try {
      return await handle(mine, asMoved(failed));
    } catch (error) {
      await inParallel(claims, PARALLEL_WRITES, async ({ before, claimed }) => {
        if (claimed !== undefined) await dueAsBefore(deps, kind, { claimed, before });
      });
      throw error;
    }
  }
}

/** What is claimed has been made due later already: a failure is only told of. */
function asMoved(failed: Failed): Failed {
  return (_, error) => failed(undefined, error);
}

/** Makes an item due later, as if it had failed; `undefined` where another run has it, or this was its last failure. */
async function claim(deps: DueDeps, kind: DueKind, item: Item): Promise<Item | undefined> {
  const { failures, aside } = dueOf(kind, item);
  const claimed = await dueAfterFailure(deps, kind, item, failures + 1);
  return claimed === undefined || (!aside && dueOf(kind, claimed).aside) ? undefined : claimed;
}

/** Whether it may be what ended earlier runs. */
function isSuspect({ now }: Pick<Deps, "now">, kind: DueKind, item: Item): boolean {
  const { at, failures, aside } = dueOf(kind, item);
  return failures > 0 || aside || at + SUSPECT_MS < now();
}

async function eachPage(deps: DueDeps, kind: DueKind, handle: HandlePage): Promise<number> {
  // `~` sorts after the `#` and any id that follow the time.
  const until = `${iso(deps.now())}~`;
  const errors: unknown[] = [];
  const shards = dueShards(kind);
  const failing: Item[] = [];
  const counts = await Promise.all(shards.map((shard) => guarded(() => sweepShard(shard))));
  // One by one: who is made due later beside what ends the run would come again beside it, and be ended again.
  for (const item of failing) {
    if (deps.timeLeft?.() === false) break;
    counts.push(await guarded(() => handle([item], failed)));
  }
  // Last, so that it takes no time from what may go well.
  counts.push(await guarded(sweepAside));
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} failures among what is due of kind ${kind}`);
  return counts.reduce((sum, count) => sum + count, 0);

  async function guarded(run: () => Promise<number>): Promise<number> {
    try {
      return await run();
    } catch (error) {
      errors.push(error);
      return 0;
    }
  }

  async function failed(item: Item | undefined, error: unknown): Promise<void> {
    errors.push(error);
    if (item === undefined) return;
    try {
      // Where it was made due later before, this finds it moved on.
      await dueAfterFailure(deps, kind, item, dueOf(kind, item).failures + 1);
    } catch (cause) {
      say("warn", "what failed could not be made due later", { kind, error: describe(cause) });
    }
  }

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
      const others: Item[] = [];
      for (const item of found.items) (dueOf(kind, item).failures > 0 ? failing : others).push(item);
      if (others.length > 0) done += await guarded(() => handle(others, failed));
      after = found.next;
      if (after === undefined) break;
    }
    return done;
  }

  /** What is put aside is counted as long as it is there. */
  async function sweepAside(): Promise<number> {
    const { items } = await deps.table.query({
      index: DUE_INDEX,
      where: "#due_pk = :shard",
      values: { shard: asideShard(kind) },
      limit: MAX_ASIDE,
    });
    if (items.length === 0) return 0;
    emitMetric(deps.table.name, "PutAside", items.length, deps.now());
    const again = items.filter((item) => String(item["due_sk"]) <= until);
    return again.length === 0 ? 0 : handle(again, failed);
  }
}
