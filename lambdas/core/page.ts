export interface PageQuery {
  limit: number;
  cursor?: string | undefined;
}

/**
 * One page of a list from up to `limit + 1` rows: the one too many only tells that the list goes on.
 *
 * @param cursor the cursor after a row.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursor: (last: Row) => string,
  view: (row: Row) => Item,
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    next_cursor: rows.length > limit && last !== undefined ? cursor(last) : null,
  };
}
