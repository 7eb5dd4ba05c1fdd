import { keys, OPEN_INDEX, openShards } from "#aws/keys.ts";
import { id } from "#contract/common.ts";
import { judge } from "#core/access/authorize.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { iso } from "#core/kernel/time.ts";
import type { OpenUpload } from "./contract.ts";
import { placeOfUpload } from "./find-upload.ts";
import { type UploadRecord, uploadRecord } from "./records.ts";

const LIST = "open uploads";

/**
 * The caller's own uploads that haven't ended, the newest first: which there are by an index, what they are by their
 * records, which are read strongly. Left out is what lies where the caller may not create any more.
 */
export async function listUploads(
  deps: Pick<Deps, "table" | "now">,
  caller: Caller,
  { limit, cursor }: PageQuery,
) {
  const after = readCursor(LIST, cursor, (last) => id("upl").safeParse(last).success);
  const rows = await newestIn(deps, openShards(caller.id), { after, limit: limit + 1 });
  const uploads = await openOnes(deps, caller, rows.slice(0, limit));
  const page = pageOf(
    { rows },
    limit,
    (last) => cursorAfter(LIST, last),
    (uploadId) => uploads.get(uploadId),
  );
  const items = page.items.filter((upload) => upload !== undefined);
  return { ...page, items: await whereAllowed(deps, caller, items) };
}

/** Ids of the newest uploads of some index partitions together; ids are in the order of their times. */
async function newestIn(
  { table }: Pick<Deps, "table">,
  shards: readonly string[],
  { after, limit }: { after: string | undefined; limit: number },
): Promise<string[]> {
  const before = keys.upload(after ?? "~").pk;
  const pages = await Promise.all(
    shards.map((shard) =>
      table.query({
        index: OPEN_INDEX,
        where: "#open_pk = :shard AND #pk < :before",
        values: { shard, before },
        descending: true,
        limit,
      }),
    ),
  );
  const prefix = keys.upload("").pk.length;
  const ids = pages.flatMap(({ items }) => items.map(({ pk }) => String(pk).slice(prefix)));
  return ids.sort().reverse().slice(0, limit);
}

/** Those that haven't ended since the index was written, by their ids. */
async function openOnes(
  { table, now }: TableDeps,
  { id: clientId }: Caller,
  ids: readonly string[],
): Promise<Map<string, UploadRecord>> {
  const items = await table.batchGet(ids.map((uploadId) => keys.upload(uploadId)));
  const uploads = items
    .map((item) => uploadRecord.parse(item))
    .filter(({ state }) => state === "open" || state === "finalizing")
    .filter(({ client_id, expires_ms }) => client_id === clientId && expires_ms > now());
  return new Map(uploads.map((upload) => [upload.upload_id, upload]));
}

/** Those where the caller may still create: decided once for each folder. */
async function whereAllowed(
  deps: TableDeps,
  caller: Caller,
  uploads: readonly UploadRecord[],
): Promise<OpenUpload[]> {
  const folders = Map.groupBy(uploads, (upload) => {
    const { workspace_id, folder_id } = placeOfUpload(upload);
    return `${workspace_id} ${folder_id}`;
  });
  const allowed = await Promise.all(
    [...folders.values()].map(async (some) => {
      const [first] = some;
      const decision = first && (await judge(deps, caller, placeOfUpload(first), "create"));
      return decision?.allowed === true ? some : [];
    }),
  );
  const shown = new Set(allowed.flat());
  return uploads.filter((upload) => shown.has(upload)).map(openView);
}

function openView(upload: UploadRecord): OpenUpload {
  const { upload_id, state, file_id, workspace_id, folder_id, size, part_size, part_count } = upload;
  return {
    ...{ upload_id, state, file_id, workspace_id, folder_id },
    name: upload.asked_name ?? upload.name,
    ...{ size, part_size, part_count, created_at: upload.created_at, expires_at: iso(upload.expires_ms) },
  };
}
