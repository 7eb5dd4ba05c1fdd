import { DUE_INDEX, DUE_SHARDS, type DueKind, type Key } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { DueDeps } from "./deps.ts";
import { tally } from "./last-count.ts";
import { iso } from "./time.ts";

/** Pages of one shard in one count. */
const MAX_PAGES = 20;

export interface Counted {
  kind: DueKind;
  /** Of what is still to be due: filter and its values. */
  filter?: string;
  values?: Item;
  /** Whose an item is; `undefined` where it doesn't count. */
  holderOf(item: Item): string | undefined;
  /** One client's part of them. */
  share: number;
  /** Where the count is kept for `lastCount`. */
  key: Key;
}

/** Counts by client what lives, in the index of what is due, and keeps the count. @returns how many there are. */
export async function countLive(deps: DueDeps, counted: Counted): Promise<number> {
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => holdersIn(deps, counted, shard));
  const holders = (await Promise.all(shards)).flat();
  const counted_at = iso(deps.now());
  await deps.table.put({
    put: { ...counted.key, ...tally(holders, counted.share), counted_at },
    blind: "an old count that comes late is corrected within a minute, as any count is",
  });
  return holders.length;
}

async function holdersIn(
  { table, now, timeLeft }: DueDeps,
  { kind, filter, values, holderOf }: Counted,
  shard: number,
): Promise<string[]> {
  const holders: string[] = [];
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await table.query({
      index: DUE_INDEX,
      where: "#due_pk = :shard AND #due_sk > :now",
      ...(filter === undefined ? {} : { filter }),
      values: { shard: `${kind}#${shard}`, now: iso(now()), ...values },
      after,
    });
    holders.push(...found.items.map(holderOf).filter((holder) => holder !== undefined));
    after = found.next;
    if (after === undefined || timeLeft?.() === false) break;
  }
  return holders;
}
