import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { versionRecord } from "#core/files/records.ts";
import type { LinkRecord } from "./records.ts";

/** Of these links the ones that lead nowhere, because the version that they are bound to has been deleted. */
export async function orphanedLinks<L extends Pick<LinkRecord, "file_id" | "version_id">>(
  table: Table,
  links: readonly L[],
): Promise<ReadonlySet<L>> {
  const bound = links.flatMap((link) => {
    const { file_id, version_id } = link;
    return version_id === undefined
      ? []
      : [{ link, place: placeOf({ file_id, version_id }), key: keys.version(file_id, version_id) }];
  });
  const wanted = new Map(bound.map(({ place, key }) => [place, key]));
  const items = await table.batchGet([...wanted.values()]);
  const there = items
    .map((item) => versionRecord.parse(item))
    .filter(({ removed_ms }) => removed_ms === undefined)
    .map(placeOf);
  return new Set(bound.flatMap(({ link, place }) => (there.includes(place) ? [] : [link])));
}

const placeOf = ({ file_id, version_id }: { file_id: string; version_id: string }) =>
  `${file_id}/${version_id}`;
