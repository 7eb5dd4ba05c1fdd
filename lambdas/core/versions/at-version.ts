import { judgeName } from "#core/content/judge-name.ts";
import type { FileRecord, VersionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";

/**
 * A file with the content of one of its versions, under a name that this content was judged with: the one that is
 * given, else the version's own. The file's name may be another content's.
 *
 * Reads bytes only of an old version that was made before versions kept their names, to judge it as it is served.
 */
export async function atVersion(
  deps: Pick<Deps, "objects" | "config">,
  file: FileRecord,
  version: VersionRecord,
  name?: string,
): Promise<FileRecord> {
  const { version_id, size, content_type, object_key } = version;
  const own = name ?? version.name ?? (await judgedName(deps, file, version));
  return { ...file, version_id, size, content_type, object_key, name: own };
}

/** The file's name where the content may pass under it; else with an extension that nothing opens. */
async function judgedName(
  deps: Pick<Deps, "objects" | "config">,
  { name, version_id }: FileRecord,
  version: VersionRecord,
): Promise<string> {
  if (version_id === version.version_id) return name;
  try {
    await judgeName(deps, version, name);
    return name;
  } catch (error) {
    if (!isWharfError(error, "type_mismatch")) throw error;
    return `${name}.bin`;
  }
}
