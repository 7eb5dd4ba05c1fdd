import type { Call } from "#core/kernel/call.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { objectKey } from "./object-key.ts";
import type { UploadRecord } from "./records.ts";
import { joinFolders, type Place } from "./upload-place.ts";

/** What every session begins with, whichever way its bytes come: whose it is, and which file it becomes or changes. */
export function newSession(
  { caller, requestId }: Call,
  { workspace_id, folders, name, asked_name, file }: Place,
  {
    upload_id,
    folder_id,
    above,
    now,
    lifeMs,
  }: {
    upload_id: string;
    folder_id: string | undefined;
    above: readonly string[] | undefined;
    now: number;
    lifeMs: number;
  },
) {
  return {
    upload_id,
    state: "open",
    client_id: caller.id,
    request_id: requestId,
    workspace_id,
    folder_id,
    folder_path: joinFolders(folders),
    ...{ name, asked_name, above: above && [...above] },
    file_id: file?.node_id ?? newId("file", now),
    ...(file === undefined ? {} : { of_file: true as const }),
    object_key: objectKey(workspace_id, upload_id),
    created_at: iso(now),
    expires_ms: now + lifeMs,
  } satisfies Partial<UploadRecord>;
}
