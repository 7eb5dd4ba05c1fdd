import { keys } from "#aws/keys.ts";
import type { Check, Table } from "#aws/table.ts";
import { type FileRecord, fileRecord, type LinkRecord, versionRecord } from "./records.ts";

type Bound = Pick<LinkRecord, "file_id" | "version_id">;

/** The file behind a link, with the content of the version that the link is bound to; `undefined` where it is gone. */
export async function linkedFile(
  table: Table,
  { file_id, version_id }: Bound,
): Promise<FileRecord | undefined> {
  const [file, version] = await Promise.all([
    table.get(fileRecord, keys.node(file_id)),
    version_id === undefined ? undefined : table.get(versionRecord, keys.version(file_id, version_id)),
  ]);
  if (file === undefined || version_id === undefined) return file;
  if (version === undefined || version.removed_ms !== undefined) return undefined;
  const { size, content_type, object_key } = version;
  return { ...file, version_id, size, content_type, object_key };
}

/** What a transaction checks of the file behind a link: it is there, and so is the version that the link is bound to. */
export function linkedFileChecks({ file_id, version_id }: Bound): Check[] {
  const file: Check = {
    check: keys.node(file_id),
    condition: "attribute_exists(#pk) AND attribute_not_exists(#deleted_at)",
  };
  if (version_id === undefined) return [file];
  const version: Check = {
    check: keys.version(file_id, version_id),
    condition: "attribute_exists(#pk) AND attribute_not_exists(#removed_ms)",
  };
  return [file, version];
}
