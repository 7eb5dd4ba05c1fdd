export interface PageQuery {
  limit: number;
  cursor?: string | undefined;
}

/**
 * One page of a list from up to `limit + 1` rows: the one too many tells that the list goes on. So does `next`, the key
 * after which a query stopped. DynamoDB: a query ends at 1 MB, so that few rows are no end.
 *
 * @param cursor the cursor after a row.
 */
export function pageOf<Row, Item>(
  { rows, next }: { rows: readonly Row[]; next?: unknown },
  limit: number,
  cursor: (last: Row) => string,
  view: (row: Row) => Item,
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const goesOn = rows.length > limit || next !== undefined;
  return {
    items: shown.map(view),
    next_cursor: goesOn && last !== undefined ? cursor(last) : null,
  };
}
