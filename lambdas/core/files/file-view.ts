import { keys } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { pathOf } from "#core/tree/reach.ts";
import type { File, FileDetail } from "./contract.ts";
import type { FileRecord } from "./records.ts";
import { versionRecord } from "./records.ts";

/** How a file is shown. */
interface Shown {
  /** The folders from below the root down to its own. */
  trail: readonly TrailFolder[];
  /** To a caller that sees nothing but what it made: by the name that it asked for. @default false */
  own?: boolean | undefined;
}

/** How the file of a route is shown to its caller, by what was decided of it. */
export const shownTo = ({ access }: Pick<Call, "access">): Shown => ({
  trail: access?.trail ?? [],
  own: access?.own,
});

/** A file as the API shows it. */
export function fileView({ asked_name, ...file }: FileRecord, { trail, own = false }: Shown): File {
  const path = pathOf([...trail, file]);
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
  shown: Shown,
): Promise<FileDetail> {
  const version = await table.get(versionRecord, keys.version(file.node_id, file.version_id));
  const { crc32, crc32c, sha256, metadata } = version ?? {};
  return { ...fileView(file, shown), crc32, crc32c, sha256, metadata };
}
