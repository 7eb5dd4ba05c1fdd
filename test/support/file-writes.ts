/** Files and versions as finalize makes them: its own writes, without its session, its link and its event. */
import { sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { sniffContent } from "#core/content/judge-content.ts";
import { fileUpdate } from "#core/files/fenced-write.ts";
import { newFileWrites } from "#core/files/new-file.ts";
import type { FileRecord } from "#core/files/records.ts";
import { supersede } from "#core/files/supersede-version.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { objectKey } from "#core/uploads/object-key.ts";
import { newVersionWrite } from "#core/versions/new-version.ts";

interface Made {
  file_id: string;
  version_id: string;
  /** Where its bytes belong. */
  object_key: string;
  writes: Write[];
}

/** A new file of plain text in a folder that is there. */
export async function newFile(
  place: Parameters<typeof newFileWrites>[0],
  {
    now,
    file_id = newId("file", now),
    name,
    text,
  }: { now: number; file_id?: string; name: string; text: string },
): Promise<Made> {
  const { current, version } = await textOf({ ...place, file_id, name }, { now, text });
  const writes = [...newFileWrites(place, { file_id, name, current, now }), version];
  return { file_id, ...current, writes };
}

/** Plain text as the new current version of a file. */
export async function newVersion(
  file: FileRecord,
  { now, client_id, text }: { now: number; client_id: string; text: string },
): Promise<Made> {
  const { node_id: file_id, workspace_id, name } = file;
  const { current, version } = await textOf({ workspace_id, client_id, file_id, name }, { now, text });
  const { condition, values, write } = supersede(now, file);
  const update = fileUpdate(now, file_id, {}, { update: { set: current }, condition, values });
  return { file_id, ...current, writes: [update, write, version] };
}

/** What is told of an upload to a file that was refused. */
export function refusedVersion(
  { file_id, name, client_id }: { file_id: string; name: string; client_id: string },
  now: number,
): Write {
  return newVersionWrite(
    { upload_id: newId("upl", now), object_key: "o/gone", client_id },
    {
      ...{ file_id, version_id: newId("ver", now), name, state: "rejected", now },
      content: { size: 1, content_type: "text/plain" },
    },
  );
}

/** What a file's record says of its current version, and that version's own. */
async function textOf(
  of: { workspace_id: string; client_id: string; file_id: string; name: string },
  { now, text }: { now: number; text: string },
) {
  const upload_id = newId("upl", now);
  const object_key = objectKey(of.workspace_id, upload_id);
  const bytes = Buffer.from(text);
  const { kept: sniffed } = await sniffContent(bytes);
  const content = { size: bytes.length, content_type: "text/plain" };
  const current = {
    ...{ version_id: newId("ver", now), object_key, ...content, sniffed },
    ...{ mismatch: null, updated_at: iso(now) },
  };
  const version = newVersionWrite(
    { upload_id, object_key, client_id: of.client_id },
    {
      ...{ file_id: of.file_id, version_id: current.version_id, name: of.name },
      ...{ content: { ...content, sha256: sha256(text) }, sniffed, state: "ready", now },
    },
  );
  return { current, version };
}
