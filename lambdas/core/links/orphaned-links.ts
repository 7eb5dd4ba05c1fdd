import { type Key, keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { versionRecord } from "#core/files/records.ts";
import type { LinkRecord } from "./records.ts";

type Bound = Pick<LinkRecord, "file_id" | "version_id">;

/** Of these links the ones that lead nowhere, because the version that they are bound to has been deleted. */
export async function orphanedLinks<L extends Bound>(
  table: Table,
  links: readonly L[],
): Promise<ReadonlySet<L>> {
  const bound = links.filter(({ version_id }) => version_id !== undefined);
  const wanted = new Map(bound.map((link): [string, Key] => [place(link), versionKey(link)]));
  const items = await table.batchGet([...wanted.values()]);
  const there = items
    .map((item) => versionRecord.parse(item))
    .filter(({ removed_ms }) => removed_ms === undefined)
    .map(place);
  return new Set(bound.filter((link) => !there.includes(place(link))));
}

const versionKey = ({ file_id, version_id = "" }: Bound) => keys.version(file_id, version_id);
const place = ({ file_id, version_id = "" }: Bound) => `${file_id}/${version_id}`;
