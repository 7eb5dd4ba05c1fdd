import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { nodeIn } from "#core/access/place.ts";
import { nodeRecord } from "#core/access/records.ts";
import { belongings, organizationsNow } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isIdOf } from "#core/kernel/ids.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { epochOfBelonging } from "./find-offered.ts";
import { type TransferRecord, transferRecord } from "./records.ts";
import { type StandsNow, transferView } from "./transfer-view.ts";

const entry = z.object({ transfer_id: z.string() });
const isTransferId = isIdOf("trf");

/** The transfers that somebody has made, the oldest first; strongly consistent. @throws WharfError invalid_cursor */
export async function listTransfers(deps: TableDeps, caller: Caller, { limit, cursor }: PageQuery) {
  const { table } = deps;
  const { id: maker } = caller;
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
  const workspaces = all.flatMap(({ workspace_id }) => workspace_id ?? []);
  const whole = all.filter(({ type }) => type === "organization");
  const things = all.filter(({ type }) => type === "file" || type === "folder");
  const [places, organizations, nodes] = await Promise.all([
    belongings(deps, caller, workspaces),
    organizationsNow(
      deps,
      caller,
      whole.map(({ resource_id }) => resource_id),
    ),
    deps.table.batchGet(
      [...new Set(things.map(({ resource_id }) => resource_id))].map((id) => keys.node(id)),
    ),
  ]);
  const standsNow = ({ type, resource_id, workspace_id = "" }: TransferRecord): StandsNow => {
    if (type === "organization") return { epoch: organizations.get(resource_id)?.epoch };
    const place = places.get(workspace_id);
    const node = nodeRecord.safeParse(nodeIn(nodes, resource_id)).data;
    return { epoch: place && epochOfBelonging(place), workspace_id: node?.workspace_id };
  };
  const found = new Map(all.map((one) => [one.transfer_id, transferView(deps.now(), one, standsNow(one))]));
  return { ...page, items: page.items.flatMap((id) => found.get(id) ?? []) };
}
