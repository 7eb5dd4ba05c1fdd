import * as z from "zod";
import type { Key } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import type { TableDeps } from "./deps.ts";

/**
 * What is limited is counted by the sweep each minute, and each environment reads the count at most once a minute: a
 * counter that every call wrote would be everyone's hot item.
 */
const FRESH_MS = 60_000;
/** Clients that are counted by name: those that hold the most. */
const MAX_CLIENTS = 200;

const countRecord = z.object({
  live: z.number(),
  clients: z.record(z.string(), z.number()).default({}),
  counted_ms: z.number().optional(),
});

/** A count that is older is of what has ended since: the sweep counts every minute what lives. */
const OLD_MS = 300_000;

export interface Count {
  live: number;
  clients: ReadonlyMap<string, number>;
}

/**
 * What the sweep's count says: each client's, and of all together those that count against everybody. One that got past
 * its share before it was counted counts with no more than that, and takes nobody else's place.
 */
export function tally(
  holders: Iterable<string>,
  share: number,
): { live: number; clients: Record<string, number> } {
  const held = new Map<string, number>();
  for (const holder of holders) held.set(holder, (held.get(holder) ?? 0) + 1);
  let live = 0;
  for (const count of held.values()) live += Math.min(count, share);
  const most = [...held].sort(([, a], [, b]) => b - a).slice(0, MAX_CLIENTS);
  return { live, clients: Object.fromEntries(most) };
}

const lastCounts = new WeakMap<Table, Map<string, Count & { readAt: number }>>();

/** The count that this environment knows, where it is fresh enough to go by. */
export function knownCount({ table, now }: TableDeps, { pk }: Key): Count | undefined {
  const known = lastCounts.get(table)?.get(pk);
  const fresh = known !== undefined && known.readAt <= now() && now() - known.readAt <= FRESH_MS;
  return fresh ? known : undefined;
}

/** The sweep's last count: what this environment knows, or one read that need not be consistent. */
export async function lastCount(deps: TableDeps, key: Key): Promise<Count> {
  const known = knownCount(deps, key);
  if (known !== undefined) return known;
  const readAt = deps.now();
  const found = await deps.table.get(countRecord, key, { consistent: false });
  const count = found !== undefined && readAt - (found.counted_ms ?? readAt) < OLD_MS ? found : undefined;
  const read = { live: count?.live ?? 0, clients: new Map(Object.entries(count?.clients ?? {})), readAt };
  const all = lastCounts.get(deps.table) ?? new Map<string, Count & { readAt: number }>();
  lastCounts.set(deps.table, all.set(key.pk, read));
  return read;
}
