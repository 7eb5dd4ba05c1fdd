import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { workspaceRecord } from "#core/access/records.ts";
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
  const all = records.map((item) => transferRecord.parse(item));
  const places = await table.batchGet(
    [...new Set(all.map((one) => one.workspace_id))].map((id) => keys.workspace(id)),
  );
  const workspaces = new Map(
    places.map((item) => workspaceRecord.parse(item)).map((one) => [one.workspace_id, one]),
  );
  const found = new Map(
    all.map((one) => [one.transfer_id, transferView(now(), one, workspaces.get(one.workspace_id))]),
  );
  return { ...page, items: page.items.flatMap((id) => found.get(id) ?? []) };
}
