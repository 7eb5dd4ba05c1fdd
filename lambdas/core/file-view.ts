import type { File } from "#contract/files.ts";
import type { FileRecord } from "./records.ts";

/** A file as the API shows it. */
export function fileView(file: FileRecord): File {
  return {
    kind: "file",
    file_id: file.node_id,
    workspace_id: file.workspace_id,
    folder_id: file.folder_id,
    name: file.name,
    size: file.size,
    content_type: file.content_type,
    version_id: file.version_id,
    created_at: file.created_at,
    created_by: file.created_by,
    updated_at: file.updated_at,
  };
}
