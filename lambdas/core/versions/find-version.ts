import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { locateNode, madeBy, nodeIn } from "#core/access/place.ts";
import { ofFile, type Resource } from "#core/access/resource.ts";
import { readFiles } from "#core/files/read-files.ts";
import { type FileRecord, type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";

/** A version `{v}` of a file `{id}`: for callers that see nothing else, whoever made that version has it. */
export const ofVersion: Resource<{ id: string; v: string }> = {
  reads: ({ id, v }) => [keys.node(id), keys.version(id, v)],
  locate: ({ id, v }, { caller, ahead }) => {
    const located = locateNode(caller.id, nodeIn(ahead, id));
    if (located?.made === undefined) return located;
    const version = versionIn(ahead, id, v);
    const thing = madeBy(caller.id, version?.created_by);
    return { ...located, made: { ...located.made, by: "thing", thing } };
  },
  what: ofFile.what,
};

function versionIn(items: readonly Item[], fileId: string, versionId: string): VersionRecord | undefined {
  const { pk, sk } = keys.version(fileId, versionId);
  const found = items.find((item) => item["pk"] === pk && item["sk"] === sk);
  return found === undefined ? undefined : versionRecord.parse(found);
}

/**
 * A file and one of its versions whose bytes are there, in one round trip; none for what `ahead` has.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function findVersion(
  deps: Pick<Deps, "table">,
  fileId: string,
  versionId: string,
  ahead: readonly Item[] = [],
): Promise<{ file: FileRecord; version: VersionRecord }> {
  const [[file], version] = await Promise.all([
    readFiles(deps, [fileId], ahead),
    versionIn(ahead, fileId, versionId) ?? deps.table.get(versionRecord, keys.version(fileId, versionId)),
  ]);
  if (file === undefined) throw notFound("file", fileId);
  if (version === undefined || version.state !== "ready" || version.removed_ms !== undefined)
    throw notFound("version", versionId);
  return { file, version };
}
