import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import { FIRST_WINDOW, SESSION_DAYS, type StartAnswer, type StartRequest } from "#contract/uploads.ts";
import { type Call, hasScope } from "./call.ts";
import { algorithmFor } from "./checksum.ts";
import { type Deps, iso, newId } from "./deps.ts";
import { isWharfError, WharfError } from "./error.ts";
import { freeName } from "./free-name.ts";
import { makeFolders } from "./make-folders.ts";
import { nameTaken } from "./name-taken.ts";
import { planParts } from "./plan-parts.ts";
import { type EntryRecord, entryRecord, fileRecord } from "./records.ts";
import { signWindow } from "./sign-parts.ts";
import { findUpload, objectKey, type UploadRecord, uploadItem } from "./upload-record.ts";
import { rootFolder, useWorkspace } from "./workspace.ts";

const SESSION_MS = SESSION_DAYS * 86_400_000;

/**
 * Starts an upload: a session, S3's multipart upload behind it, and the first window of URLs.
 *
 * Two sequential round trips into a folder that exists; a third where the name turns out to be taken below the root.
 * What the name leads to is decided again when the upload is finalized.
 *
 * @throws WharfError invalid_request, checksum_unsupported, name_taken, not_found (workspace).
 */
export async function startUpload(deps: Deps, call: Call, request: StartRequest): Promise<StartAnswer> {
  const plan = planParts(request);
  const { folders, name } = splitPath(request);
  const workspace_id = await useWorkspace(deps, call, request.workspace);
  const now = deps.now();
  const upload_id = newId("upl", now);
  const object_key = objectKey(workspace_id, upload_id);

  const [multipart, placed] = await Promise.allSettled([
    deps.objects.createMultipart(object_key, algorithmFor(request.checksum)),
    place(deps, workspace_id, folders, name),
  ]);
  if (multipart.status === "rejected") throw multipart.reason;
  const s3_upload_id = multipart.value;
  try {
    if (placed.status === "rejected") throw placed.reason;
    const draft: UploadRecord = {
      upload_id,
      state: "open",
      client_id: call.caller.client_id,
      request_id: call.requestId,
      workspace_id,
      folder_id: placed.value.folderId,
      name,
      if_exists: request.if_exists,
      file_id: newId("file", now),
      object_key,
      s3_upload_id,
      size: request.size,
      ...plan,
      content_type: request.content_type,
      checksum: request.checksum,
      metadata: request.metadata,
      created_at: iso(now),
      expires_ms: now + SESSION_MS,
    };
    return await startAnswer(deps, await save(deps, call, draft, placed.value.entry));
  } catch (error) {
    // Where it isn't known whether the session was written, the sweep ends both; a repeated request may be using it.
    const decided = placed.status === "rejected" || isWharfError(error) || error instanceof TransactionFailed;
    if (decided) await deps.objects.abort(object_key, s3_upload_id).catch(() => {});
    throw error;
  }
}

/** The answer to a repeated request: the same session, with URLs that are signed anew. */
export async function restartAnswer(deps: Deps, call: Call, uploadId: string): Promise<StartAnswer> {
  return startAnswer(deps, await findUpload(deps, call.caller, uploadId));
}

async function startAnswer(deps: Pick<Deps, "objects">, upload: UploadRecord): Promise<StartAnswer> {
  const { upload_id, file_id, workspace_id, folder_id, name, part_size, part_count } = upload;
  const count = Math.min(FIRST_WINDOW, part_count ?? FIRST_WINDOW);
  const { parts, urls_expire_at } = await signWindow(deps, upload, { first: 1, count });
  return {
    ...{ upload_id, file_id, workspace_id, folder_id, name, part_size },
    ...(part_count === undefined ? {} : { part_count }),
    ...{ expires_at: iso(upload.expires_ms), parts, urls_expire_at },
  };
}

/** Folders and name that a request's `path` and `filename` lead to. */
export function splitPath({
  path = [],
  filename,
}: {
  path?: readonly string[] | undefined;
  filename: string;
}): {
  folders: string[];
  name: string;
} {
  const folders = [...path, ...filename.split("/")];
  const name = folders.pop() ?? filename;
  if (folders.length > MAX_DEPTH) {
    throw new WharfError(
      "invalid_request",
      `path and filename have ${folders.length} folders; at most ${MAX_DEPTH}.`,
      {
        max_depth: MAX_DEPTH,
      },
    );
  }
  return { folders, name };
}

/** The folder, and what stands under the name: `undefined` where nothing does, `"unread"` below the root. */
async function place(deps: Deps, workspaceId: string, folders: readonly string[], name: string) {
  if (folders.length > 0)
    return { folderId: await makeFolders(deps, workspaceId, folders), entry: "unread" as const };
  const folderId = rootFolder(workspaceId);
  return { folderId, entry: await deps.table.get(entryRecord, keys.entry(folderId, name)) };
}

/** Writes the session, with the file that its name leads to; in the transaction of the call's record, if it has one. */
async function save(
  deps: Deps,
  call: Call,
  draft: UploadRecord,
  known: EntryRecord | "unread" | undefined,
): Promise<UploadRecord> {
  const recording = call.record({ status: 201, body: { upload_id: draft.upload_id } });
  const readEntry = () => deps.table.get(entryRecord, keys.entry(draft.folder_id, draft.name));
  if (known === "unread" && recording.length === 0) {
    // The name is free nearly always, so the session is written beside the look, and mended where it isn't.
    const [entry] = await Promise.all([readEntry(), deps.table.put({ put: uploadItem(draft) })]);
    if (entry === undefined) return draft;
    try {
      const upload = await meet(deps, call, draft, entry);
      await deps.table.put({ put: uploadItem(upload) });
      return upload;
    } catch (error) {
      if (isWharfError(error)) await deps.table.remove({ remove: keys.upload(draft.upload_id) });
      throw error;
    }
  }
  const entry = known === "unread" ? await readEntry() : known;
  const upload = entry === undefined ? draft : await meet(deps, call, draft, entry);
  const write = { put: uploadItem(upload) };
  await (recording.length === 0 ? deps.table.put(write) : deps.table.transact([write, ...recording]));
  return upload;
}

/** What `if_exists` makes of a name that is taken. @throws WharfError name_taken */
async function meet(
  deps: Deps,
  { caller }: Call,
  draft: UploadRecord,
  entry: EntryRecord,
): Promise<UploadRecord> {
  if (draft.if_exists === "rename")
    return { ...draft, name: await freeName(deps, draft.folder_id, draft.name) };
  if (draft.if_exists === "version" && entry.kind === "file") {
    const file = hasScope(caller, "files:read")
      ? undefined
      : await deps.table.get(fileRecord, keys.node(entry.node_id));
    if (file === undefined || file.created_by === caller.client_id)
      return { ...draft, file_id: entry.node_id };
  }
  throw nameTaken(draft, entry);
}
