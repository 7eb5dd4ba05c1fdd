import { due, keys, openBy } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { judge } from "#core/access/authorize.ts";
import type { Located } from "#core/access/place.ts";
import type { Resource } from "#core/access/resource.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { ttl } from "#core/kernel/time.ts";
import { PART_URL_SECONDS } from "./limits.ts";
import { KEEP_MS, type UploadRecord, uploadRecord } from "./records.ts";

/** After the end of a form the sweep looks whether S3 has told of what came by it. */
const FORM_LOOK_MS = PART_URL_SECONDS * 1_000 + 15 * 60_000;

/** When (ms) the sweep looks at a new session. */
const firstDue = ({ form, created_at, expires_ms }: UploadRecord) =>
  form === undefined ? expires_ms : Date.parse(created_at) + FORM_LOOK_MS;

/** A session as the table stores it; `dueAt` (ms) is when the sweep looks at it. */
export function uploadItem(
  upload: UploadRecord,
  dueAt = firstDue(upload),
): Item & { pk: string; sk: string } {
  return {
    ...keys.upload(upload.upload_id),
    ...upload,
    ...due("upload", dueAt, upload.upload_id),
    // What came in one request nobody goes on with.
    ...(upload.s3_upload_id === undefined ? {} : openBy(upload.client_id, upload.upload_id)),
    ttl: ttl(upload.expires_ms + KEEP_MS),
  };
}

/**
 * The session `{id}`: its own client's, or of a workspace that the caller grants others rights to. Whether it may still
 * create there is decided where the session is.
 */
export const ofUpload: Resource<{ id: string }> = {
  reads: ({ id }) => [keys.upload(id)],
  locate: async ({ id }, { caller, ahead, deps }) => {
    const upload = uploadIn(ahead, id);
    // Whoever has an upload token knows of its session alone.
    if (upload === undefined || (caller.upload_id ?? id) !== id) return undefined;
    const { client_id } = upload;
    const located = placeOfUpload(upload);
    if (client_id === caller.id) return located;
    const manages = caller.scopes.has("admin") && (await judge(deps, caller, located, "grant"))?.allowed;
    return manages ? located : undefined;
  },
  what: ({ id }) => ["upload", id],
};

/** Where a session is: its folder, or the nearest that was there at its start. */
export function placeOfUpload({ workspace_id, folder_id, above }: UploadRecord): Located {
  return { workspace_id, folder_id: folder_id ?? above?.at(-1), above };
}

/** The session among items that were read. */
export function uploadIn(items: readonly Item[], uploadId: string): UploadRecord | undefined {
  const { pk } = keys.upload(uploadId);
  const found = items.find((item) => item["pk"] === pk);
  return found === undefined ? undefined : uploadRecord.parse(found);
}

/** The session, whose caller was decided on. @param ahead what was read for that. @throws WharfError not_found */
export async function findUpload(
  deps: Pick<Deps, "table">,
  uploadId: string,
  ahead: readonly Item[] = [],
): Promise<UploadRecord> {
  const upload = uploadIn(ahead, uploadId) ?? (await deps.table.get(uploadRecord, keys.upload(uploadId)));
  if (upload === undefined) throw notFound("upload", uploadId);
  return upload;
}
