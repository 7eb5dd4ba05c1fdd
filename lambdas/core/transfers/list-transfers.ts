import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isIdOf } from "#core/kernel/ids.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { transferRecord } from "./records.ts";
import { transferView } from "./transfer-view.ts";

const entry = z.object({ transfer_id: z.string() });
const isTransferId = isIdOf("trf");

/** The transfers that somebody has made, the oldest first; strongly consistent. @throws WharfError invalid_cursor */
export async function listTransfers({ table, now }: TableDeps, maker: string, { limit, cursor }: PageQuery) {
  const list = `transfers ${maker}`;
  const after = readCursor(list, cursor, isTransferId);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.transferEntry(maker, "").pk },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.transferEntry(maker, after),
  });
  const page = pageOf(
    { rows: items.map((item) => entry.parse(item).transfer_id), next },
    limit,
    (last) => cursorAfter(list, last),
    (id) => id,
  );
  const records = await table.batchGet(page.items.map((id) => keys.transfer(id)));
  const found = new Map(
    records
      .map((item) => transferView(now(), transferRecord.parse(item)))
      .map((one) => [one.transfer_id, one]),
  );
  return { ...page, items: page.items.flatMap((id) => found.get(id) ?? []) };
}
