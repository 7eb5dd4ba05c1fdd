import { keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";

/** Pages of one file's versions in one run of the sweep, of up to 1 MB each; what is left stays due. */
const MAX_PAGES = 200;

/** A file's versions, the newest first, page by page. @throws Error past 200 pages, which are 200,000 records or so. */
export async function* versionsOf(
  { table }: Pick<Deps, "table">,
  fileId: string,
): AsyncGenerator<VersionRecord> {
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.node(fileId).pk, prefix: under.versions },
      descending: true,
      after,
    });
    for (const item of items) yield versionRecord.parse(item);
    if (next === undefined) return;
    after = next;
  }
  throw new Error(`${fileId} has more versions than one run looks at; the next goes on`);
}
