import { DUE_INDEX, type DueKind, dueShards, type Key } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { DueDeps } from "./deps.ts";
import { inParallel } from "./in-parallel.ts";
import { tally } from "./last-count.ts";
import { iso, ttl } from "./time.ts";

/** How long a count is kept that nobody counts again. */
const KEEP_MS = 86_400_000;
/** Pages of one shard in one count. */
const MAX_PAGES = 20;

export interface Counted {
  kind: DueKind;
  /** Of what is still to be due: filter and its values. */
  filter?: string;
  values?: Item;
  /** Whose an item is; `undefined` where it doesn't count. */
  holderOf(item: Item): string | undefined;
  /** Among which it counts. @default all together */
  groupOf?(item: Item): string;
  /** One client's part of them. */
  share: number;
  /** Where the count of a group is kept for `lastCount`. */
  keyOf(group: string): Key;
}

/** Groups that are written at once. */
const PARALLEL = 10;

interface Held {
  holder: string;
  group: string;
}

/**
 * Counts by client what lives, in the index of what is due, and keeps the count of each group. That of a group in which
 * nothing lives any more is too old to count (`lastCount`). @returns how many there are.
 */
export async function countLive(deps: DueDeps, counted: Counted): Promise<number> {
  const shards = dueShards(counted.kind).map((shard) => holdersIn(deps, counted, shard));
  const all = (await Promise.all(shards)).flat();
  const counted_ms = deps.now();
  const groups = Map.groupBy(all, ({ group }) => group);
  if (counted.groupOf === undefined && all.length === 0) groups.set("", []);
  await inParallel([...groups], PARALLEL, ([group, held]) => {
    const holders = held.map(({ holder }) => holder);
    return deps.table.put({
      put: {
        ...counted.keyOf(group),
        ...tally(holders, counted.share),
        ...{ counted_at: iso(counted_ms), counted_ms, ttl: ttl(counted_ms + KEEP_MS) },
      },
      blind: "an old count that comes late is corrected within a minute, as any count is",
    });
  });
  return all.length;
}

async function holdersIn(
  { table, now, timeLeft }: DueDeps,
  { filter, values, holderOf, groupOf = () => "" }: Counted,
  shard: string,
): Promise<Held[]> {
  const holders: Held[] = [];
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await table.query({
      index: DUE_INDEX,
      where: "#due_pk = :shard AND #due_sk > :now",
      ...(filter === undefined ? {} : { filter }),
      values: { shard, now: iso(now()), ...values },
      after,
    });
    for (const item of found.items) {
      const holder = holderOf(item);
      if (holder !== undefined) holders.push({ holder, group: groupOf(item) });
    }
    after = found.next;
    if (after === undefined || timeLeft?.() === false) break;
  }
  return holders;
}
