import { keys, under } from "#aws/keys.ts";
import { findFile } from "#core/files/find-file.ts";
import type { FileRecord } from "#core/files/records.ts";
import { type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { Version } from "./contract.ts";

/** A file's versions, the newest first; strongly consistent. @throws WharfError not_found, not_a_file. */
export async function listVersions(
  deps: Pick<Deps, "table">,
  call: Call,
  fileId: string,
  { limit, cursor }: PageQuery,
) {
  const file = await findFile(deps, fileId, call.ahead);
  const list = `versions ${fileId}`;
  const after = readCursor(list, cursor);
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.node(fileId).pk, prefix: under.versions },
    limit: limit + 1,
    descending: true,
    after: after === undefined ? undefined : keys.version(fileId, after),
  });
  const rows = items.map((item) => versionRecord.parse(item));
  const page = pageOf(
    { rows, next },
    limit,
    (last) => cursorAfter(list, last.version_id),
    (version) => (version.removed_ms === undefined ? versionView(version, file) : undefined),
  );
  // What waits for its removal is left out.
  return { ...page, items: page.items.filter((item) => item !== undefined) };
}

/** A version as the API shows it. */
export function versionView(version: VersionRecord, file: Pick<FileRecord, "version_id">): Version {
  const { version_id, file_id, size, content_type, state, created_at, created_by } = version;
  const { name, crc32, crc32c, sha256, metadata, restored_from } = version;
  return {
    ...{ version_id, file_id, current: version_id === file.version_id, state, name, size, content_type },
    ...{ crc32, crc32c, sha256, metadata, restored_from, created_at, created_by },
  };
}
