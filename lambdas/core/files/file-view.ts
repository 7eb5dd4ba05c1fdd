import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { File, FileDetail } from "./contract.ts";
import type { FileRecord } from "./records.ts";
import { versionRecord } from "./records.ts";

/** A file as the API shows it. */
export function fileView(file: FileRecord): File {
  return {
    kind: "file",
    file_id: file.node_id,
    workspace_id: file.workspace_id,
    folder_id: file.folder_id,
    name: file.name,
    path: file.hint_path ?? file.name,
    description: file.description,
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
export async function fileDetailView({ table }: Pick<Deps, "table">, file: FileRecord): Promise<FileDetail> {
  const version = await table.get(versionRecord, keys.version(file.node_id, file.version_id));
  const { crc32, crc32c, sha256, metadata } = version ?? {};
  return { ...fileView(file), crc32, crc32c, sha256, metadata };
}
