import { due, keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import type { SniffedRecord } from "#core/content/judge-content.ts";
import { addEntry, hintPath } from "#core/files/file-entry.ts";
import { notFound } from "#core/kernel/error.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import type { Intent, Outcome, PlacedUpload, Rejection, Terms, UploadRecord } from "#core/uploads/records.ts";

/** How long a version's record tells of an upload that was refused. */
const REJECTED_KEEP_MS = 90 * 86_400_000;

/** In which states a session may be committed: `ours` only while it still holds the very intent that is carried out. */
export type From = "open" | "ours";

/** What is known of an upload's bytes. */
export interface Content {
  size: number;
  content_type: string;
  crc32?: string | undefined;
  crc32c?: string | undefined;
  sha256?: string | undefined;
}

/** A new file: its record and its name, in a folder that is there. */
export function newFileWrites(
  upload: PlacedUpload,
  { file_id, name, current, now }: { file_id: string; name: string; current: Item; now: number },
): Write[] {
  const { workspace_id, folder_id, client_id } = upload;
  const hint_path = hintPath(upload.folder_path, name);
  const placed = { workspace_id, folder_id, name, hint_path, node_id: file_id, created_by: client_id };
  return [
    {
      put: {
        ...keys.node(file_id),
        kind: "file",
        ...placed,
        ...current,
        created_at: iso(now),
        fencing: 0,
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      check: keys.node(folder_id),
      condition: "#kind = :folder AND #workspace_id = :workspace_id",
      values: { folder: "folder", workspace_id },
      else: () => notFound("folder", folder_id),
    },
    ...addEntry(placed),
  ];
}

/** A version's record; what an upload that was refused left is told by one too. */
export function versionWrite(
  upload: UploadRecord,
  {
    file_id,
    version_id,
    name,
    content,
    sniffed,
    state,
    now,
  }: {
    file_id: string;
    version_id: string;
    /** What the file is called as this becomes a version of it. */
    name: string;
    content: Content;
    sniffed?: SniffedRecord;
    state: "ready" | "rejected";
    now: number;
  },
): Write {
  return {
    put: {
      ...keys.version(file_id, version_id),
      ...{ version_id, file_id, state, name },
      object_key: upload.object_key,
      ...content,
      sniffed,
      upload_id: upload.upload_id,
      created_at: iso(now),
      created_by: upload.client_id,
      // No retention ends one that was rejected, since nothing takes its place. Many must not weigh on what is kept.
      ...(state === "rejected" ? { ttl: ttl(now + REJECTED_KEEP_MS) } : { metadata: upload.metadata }),
    },
    condition: "attribute_not_exists(#pk)",
  };
}

/** The session's last change, which happens once. */
export function sessionWrite(
  { upload_id }: UploadRecord,
  {
    intent,
    from,
    end,
    now,
  }: {
    intent: Intent;
    from: From;
    end:
      | { state: "completed"; outcome: Outcome; terms: Terms; share_bound: boolean }
      | { state: "rejected"; rejection: Rejection };
    now: number;
  },
): Write {
  // The bytes of a rejected upload are still to be removed: due at once, for the sweep where nobody else does it.
  const set = {
    ...end,
    // The call that ended it: S3's word of the object is still to come, and is to be found by this id too.
    request_id: intent.request_id,
    ...(end.state === "rejected" ? due("upload", now, upload_id) : {}),
  };
  return {
    key: keys.upload(upload_id),
    update: { set, remove: ["intent", ...(end.state === "rejected" ? [] : ["due_pk", "due_sk"])] },
    condition:
      from === "open"
        ? "#state IN (:open, :finalizing)"
        : "#state = :finalizing AND #intent.#attempt = :attempt",
    values: {
      finalizing: "finalizing",
      ...(from === "open" ? { open: "open" } : { attempt: intent.attempt }),
    },
  };
}
