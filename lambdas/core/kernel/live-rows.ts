import type * as z from "zod";
import type { Key } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/** Queries of one list, of up to 1 MB each: some 100,000 rows. */
const MAX_QUERIES = 20;

/**
 * Rows of a list, without those of who has left: as many as are wanted, or all that there are.
 *
 * @param after the key after which they begin.
 */
export async function liveRows<R extends { left_at?: string | undefined }>(
  { table }: TableDeps,
  schema: z.ZodType<R>,
  {
    after,
    prefix,
    limit,
    wanted = () => true,
  }: { after: Key; prefix: string; limit: number; wanted?: (row: R) => boolean },
): Promise<R[]> {
  const rows: R[] = [];
  let from: Item | Key = after;
  for (let query = 0; query < MAX_QUERIES; query++) {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: after.pk, prefix },
      filter: "attribute_not_exists(#left_at)",
      // The first is enough where few have left, and all roles are wanted.
      ...(query === 0 ? { limit } : {}),
      after: from,
    });
    rows.push(...items.map((item) => schema.parse(item)).filter(wanted));
    if (next === undefined || rows.length >= limit) return rows.slice(0, limit);
    from = next;
  }
  throw new Error(`${after.pk} has more rows than one answer looks at`);
}

/** All rows of a partition whose sort keys begin so, however many pages they take; strongly consistent. */
export async function allRows(
  { table }: Pick<TableDeps, "table">,
  { pk }: Pick<Key, "pk">,
  prefix: string,
): Promise<Item[]> {
  const rows: Item[] = [];
  let after: Item | undefined;
  do {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix },
      after,
    });
    rows.push(...items);
    after = next;
  } while (after !== undefined);
  return rows;
}
