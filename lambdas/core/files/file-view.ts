import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { File, FileDetail } from "./contract.ts";
import type { FileRecord } from "./records.ts";
import { versionRecord } from "./records.ts";

/** A file as the API shows it. @param own to a caller that sees nothing but what it made: by the name that it asked for. */
export function fileView({ asked_name, ...file }: FileRecord, own = false): File {
  const path = file.hint_path ?? file.name;
  return {
    kind: "file",
    file_id: file.node_id,
    workspace_id: file.workspace_id,
    folder_id: file.folder_id,
    ...(own && asked_name !== undefined ? { name: asked_name, path: asked_name } : { name: file.name, path }),
    description: file.description,
    tags: file.tags,
    size: file.size,
    content_type: file.content_type,
    ...(file.mismatch ? { mismatch: file.mismatch } : {}),
    version_id: file.version_id,
    created_at: file.created_at,
    created_by: file.created_by,
    updated_at: file.updated_at,
  };
}

/** A file with checksums and metadata of its current version: one read more. */
export async function fileDetailView(
  { table }: Pick<Deps, "table">,
  file: FileRecord,
  own = false,
): Promise<FileDetail> {
  const version = await table.get(versionRecord, keys.version(file.node_id, file.version_id));
  const { crc32, crc32c, sha256, metadata } = version ?? {};
  return { ...fileView(file, own), crc32, crc32c, sha256, metadata };
}
