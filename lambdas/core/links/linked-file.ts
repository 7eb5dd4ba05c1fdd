import { keys } from "#aws/keys.ts";
import type { Check, Else } from "#aws/table.ts";
import { type FileRecord, fileRecord, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { atVersion } from "#core/versions/at-version.ts";
import type { LinkRecord } from "./records.ts";

type Bound = Pick<LinkRecord, "file_id" | "version_id" | "name">;

/**
 * The file behind a link; `undefined` where it is gone. Where the link is bound to a version, with that one's content
 * and under the name that the link was made for.
 */
export async function linkedFile(
  deps: Pick<Deps, "table" | "objects" | "config">,
  { file_id, version_id, name }: Bound,
): Promise<FileRecord | undefined> {
  const [file, version] = await Promise.all([
    deps.table.get(fileRecord, keys.node(file_id)),
    version_id === undefined ? undefined : deps.table.get(versionRecord, keys.version(file_id, version_id)),
  ]);
  if (file === undefined || version_id === undefined) return file;
  if (version === undefined || version.removed_ms !== undefined) return undefined;
  return atVersion(deps, file, version, name);
}

/**
 * What a transaction checks of the file behind a link: it is there, and so is the version that the link is bound to.
 *
 * @param gone what is told where they aren't.
 */
export function linkedFileChecks({ file_id, version_id }: Bound, gone: Else): Check[] {
  const file: Check = {
    check: keys.node(file_id),
    condition: "attribute_exists(#pk) AND attribute_not_exists(#deleted_at)",
    else: gone,
  };
  if (version_id === undefined) return [file];
  const version: Check = {
    check: keys.version(file_id, version_id),
    condition: "attribute_exists(#pk) AND attribute_not_exists(#removed_ms)",
    else: gone,
  };
  return [file, version];
}
