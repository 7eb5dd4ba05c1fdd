import { due, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Caller, canUse } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { ttl } from "#core/kernel/time.ts";
import { KEEP_MS, type UploadRecord, uploadRecord } from "./records.ts";

/** A session as the table stores it; `dueAt` (ms) is when the sweep looks at it. */
export function uploadItem(
  upload: UploadRecord,
  dueAt = upload.expires_ms,
): Item & { pk: string; sk: string } {
  return {
    ...keys.upload(upload.upload_id),
    ...upload,
    ...due("upload", dueAt, upload.upload_id),
    ttl: ttl(upload.expires_ms + KEEP_MS),
  };
}

/** The session where the caller may know of it: its own, or any of a workspace that an admin asks about. */
export async function findUpload(
  deps: Pick<Deps, "table">,
  caller: Caller,
  uploadId: string,
): Promise<UploadRecord> {
  return visibleUpload(caller, uploadId, await deps.table.get(uploadRecord, keys.upload(uploadId)));
}

/** @throws WharfError not_found for another client's, which looks the same as none. */
export function visibleUpload(
  caller: Caller,
  uploadId: string,
  upload: UploadRecord | undefined,
): UploadRecord {
  const own = upload?.client_id === caller.client_id && canUse(caller, upload.workspace_id);
  if (upload === undefined || !(own || caller.scopes.has("admin"))) throw notFound("upload", uploadId);
  return upload;
}
