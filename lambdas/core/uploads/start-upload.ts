import * as z from "zod";
import { type Key, keys } from "#aws/keys.ts";
import { happened, TransactionFailed } from "#aws/table.ts";
import { scopesFor } from "#contract/scopes.ts";
import { forbidden } from "#core/access/authorize.ts";
import { enforce } from "#core/access/enforce.ts";
import { fileMadeBy } from "#core/access/place.ts";
import { authorizeOn } from "#core/access/resource.ts";
import { newUploadToken } from "#core/accounts/authenticate.ts";
import { madeByOf } from "#core/accounts/maker.ts";
import { algorithmFor } from "#core/content/checksum.ts";
import { judgedUpload } from "#core/content/judged-upload.ts";
import { fileRecord } from "#core/files/records.ts";
import { type Call, type Caller, hasScope, requireScope } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { freeName } from "#core/tree/free-name.ts";
import { type EntryRecord, entryRecord } from "#core/tree/records.ts";
import { addUpload } from "./add-upload.ts";
import type { StartAnswer, StartRequest } from "./contract.ts";
import { findUpload, ofUpload } from "./find-upload.ts";
import { FIRST_WINDOW, FORM_PIECE_BYTES, FORM_SESSION_HOURS, SESSION_DAYS } from "./limits.ts";
import { nameTaken } from "./name-taken.ts";
import { newSession } from "./new-session.ts";
import { objectKey } from "./object-key.ts";
import { planParts } from "./plan-parts.ts";
import type { UploadRecord } from "./records.ts";
import { saveReserved } from "./reserve-name.ts";
import { refuseAtSessionLimit } from "./session-limit.ts";
import { signForm } from "./sign-form.ts";
import { signWindow } from "./sign-parts.ts";
import { lookAround, type Place, placeOf } from "./upload-place.ts";

const SESSION_MS = SESSION_DAYS * 86_400_000;
const FORM_SESSION_MS = FORM_SESSION_HOURS * 3_600_000;

/**
 * Starts an upload: a session, S3's multipart upload behind it, and the first window of URLs.
 *
 * Two sequential round trips into a folder that exists, three into one that doesn't (which is made with the file);
 * under an Idempotency-Key, whose claim comes first and whose record knows the answer, two more. What the name leads to is decided again when the upload is finalized.
 *
 * @param window URLs in the answer at most.
 * @throws WharfError invalid_request, policy_denied, checksum_unsupported, name_taken, not_found (workspace), session_limit.
 */
export async function startUpload(
  deps: Deps,
  call: Call,
  request: StartRequest,
  window = FIRST_WINDOW,
): Promise<StartAnswer> {
  if (request.expire_in !== undefined) requireScope(call.caller, "shares:write");
  const form = request.form === true;
  const plan = planParts(form ? { ...request, part_size: FORM_PIECE_BYTES } : request);
  const now = deps.now();
  const upload_id = newId("upl", now);
  const multipart = multipartFor(deps, upload_id, request);
  let counting: Promise<void> | undefined;
  const counted = async () => {
    counting ??= refuseAtSessionLimit(deps, call.caller.id);
    await counting;
  };
  const beside = (workspaceId: string) => {
    counting = refuseAtSessionLimit(deps, call.caller.id);
    // Whoever waits for it hears of it.
    counting?.catch(() => {});
    if (!form) void multipart.begin(workspaceId);
  };
  const allowedPlace = async () => {
    const found = await placeOf(deps, call, request, beside);
    requireAllowed(found, request);
    return found;
  };
  const place = await allowedPlace().catch(async (error: unknown) => {
    await multipart.giveUp();
    throw error;
  });
  const { access } = place;

  const [begun, placed, allowed] = await Promise.allSettled([
    form ? undefined : multipart.begin(place.workspace_id),
    lookAround(deps, place),
    counted(),
  ]);
  if (begun.status === "rejected") throw begun.reason;
  const s3_upload_id = begun.value;
  try {
    if (placed.status === "rejected") throw placed.reason;
    if (allowed.status === "rejected") throw allowed.reason;
    const lifeMs = form ? FORM_SESSION_MS : SESSION_MS;
    const { upload_token_expires_in: asked = lifeMs / 1_000 } = request;
    const token =
      request.upload_token === true
        ? newUploadToken(upload_id, now + Math.min(lifeMs, asked * 1_000))
        : undefined;
    const draft: UploadRecord = {
      ...newSession(call, place, {
        upload_id,
        folder_id: placed.value.folderId,
        above: placed.value.above,
        now,
        lifeMs,
      }),
      ...(form ? { form } : {}),
      ...(form || request.upload_token === true
        ? { scopes: laterScopes(call.caller), made_by: madeByOf(call.caller) }
        : {}),
      if_exists: request.if_exists,
      s3_upload_id,
      size: request.size,
      ...plan,
      content_type: request.content_type,
      checksum: request.checksum,
      restrict: request.restrict,
      ...(request.restrict?.max_bytes === undefined && token === undefined ? {} : { bounded: true }),
      upload_token: token?.kept,
      metadata: request.metadata,
      expire_in: request.expire_in,
    };
    const told = { upload_token: token?.token };
    const saved = await save(deps, { ...call, access }, draft, {
      ...told,
      hintedFile: placed.value.hintedFile,
    });
    return await signedAnswer(deps, saved, { ...told, window });
  } catch (error) {
    // Where it isn't known whether the session was written, the sweep ends both; a repeated request may be using it.
    const ready = placed.status === "fulfilled" && allowed.status === "fulfilled";
    const decided = !ready || isWharfError(error) || error instanceof TransactionFailed;
    if (decided) await multipart.giveUp();
    throw error;
  }
}

/** Refuses what is refused by the policy as it is, before any byte is sent. @throws WharfError policy_denied */
function requireAllowed(
  { access, name }: Place,
  { size, content_type: declared, expire_in }: StartRequest,
): void {
  const { policy } = access.workspace;
  if (policy === undefined && expire_in === undefined) return;
  enforce(policy, judgedUpload({ name, size, declared }));
  // Of a link only its life is known yet.
  if (expire_in !== undefined)
    enforce(policy, { action: "create_share", expire_in, has_password: true, has_max_downloads: true });
}

/** What a session needs of its maker's scopes where it goes on without it: to write its file, by who may see what there. */
const laterScopes = (caller: Caller) =>
  (["files:read", "files:write"] as const).filter((scope) => hasScope(caller, scope));

/** S3's part of a session, which begins once, also before it is known whether there may be one. */
function multipartFor({ objects }: Pick<Deps, "objects">, uploadId: string, { checksum }: StartRequest) {
  let begun: { key: string; id: Promise<string> } | undefined;
  return {
    begin(workspaceId: string): Promise<string> {
      if (begun === undefined) {
        const key = objectKey(workspaceId, uploadId);
        begun = { key, id: objects.createMultipart(key, algorithmFor(checksum)) };
        // Whoever waits for it hears of it.
        begun.id.catch(() => {});
      }
      return begun.id;
    },
    /** What fails here the bucket's rule for incomplete uploads ends. */
    async giveUp(): Promise<void> {
      if (begun === undefined) return;
      const { key, id } = begun;
      await id.then((s3UploadId) => objects.abort(key, s3UploadId)).catch(() => {});
    },
  };
}

/** What is recorded of an answer: the rest follows from the session. */
const recorded = z.object({
  upload_id: z.string(),
  name: z.string(),
  upload_token: z.string().optional(),
});

/** The answer to a repeated request: the same session, with URLs that are signed anew. */
export async function restartAnswer(
  deps: Deps,
  call: Call,
  answer: unknown,
  window = FIRST_WINDOW,
): Promise<StartAnswer> {
  const { upload_id, name, upload_token } = recorded.parse(answer);
  const params = { id: upload_id };
  const ahead = await deps.table.batchGet(ofUpload.reads(params));
  await authorizeOn(ofUpload, params, { ...call, ahead, deps }, { action: "create" });
  return signedAnswer(
    deps,
    { ...(await findUpload(deps, upload_id, ahead)), name },
    { upload_token, window },
  );
}

async function signedAnswer(
  deps: Pick<Deps, "objects">,
  upload: UploadRecord,
  { upload_token, window }: { upload_token: string | undefined; window: number },
): Promise<StartAnswer> {
  const { upload_id, file_id, workspace_id, folder_id, part_size, part_count } = upload;
  const name = upload.asked_name ?? upload.name;
  const count = Math.min(window, part_count ?? window);
  const signed = upload.form
    ? { parts: [], ...(await signForm(deps, upload)) }
    : await signWindow(deps, upload, { first: 1, count });
  return {
    ...{ upload_id, file_id, workspace_id, name, part_size },
    ...(folder_id === undefined ? {} : { folder_id }),
    ...(part_count === undefined ? {} : { part_count }),
    ...{ expires_at: iso(upload.expires_ms), ...signed },
    ...(upload_token === undefined || upload.upload_token === undefined
      ? {}
      : { upload_token, upload_token_expires_at: iso(upload.upload_token.expires_ms) }),
  };
}

/**
 * Writes the session for the file that its name leads to; in the transaction of the call's record, if it has one.
 *
 * @returns the session as its client is told of it: with `if_exists: rename` under the name that is free now, though
 * it keeps the one that was asked for.
 */
async function save(
  deps: Deps,
  call: Call,
  draft: UploadRecord,
  { hintedFile, upload_token }: { hintedFile: string | undefined; upload_token: string | undefined },
): Promise<UploadRecord> {
  const { upload_id, folder_id } = draft;
  const recording = (told: UploadRecord) =>
    call.record({ upload_id, name: told.name, upload_token } satisfies z.infer<typeof recorded>);
  if (draft.if_exists === "fail") return saveReserved(deps, draft, recording(draft));
  if (draft.of_file) {
    await addUpload(deps, draft, recording(draft));
    return draft;
  }
  const look = async () => {
    const [stands, free] = await Promise.all([
      // Where there is no folder, there is no file in it.
      folder_id === undefined
        ? { entry: undefined, writable: true }
        : lookAt(deps, call, draft, { key: keys.entry(folder_id, draft.name), hintedFile }),
      folder_id !== undefined && draft.if_exists === "rename" ? freeName(deps, folder_id, draft) : undefined,
    ]);
    return { ...stands, free };
  };
  if (recording(draft).length > 0) {
    const told = meet(draft, await look());
    await addUpload(deps, { ...told, name: draft.name }, recording(told));
    return told;
  }
  // The hint is right nearly always, so the session is written beside the look, and mended where it isn't.
  const guess = draft.if_exists === "version" && hintedFile !== undefined ? hintedFile : draft.file_id;
  const looking = look();
  // What the look throws is heard when the write has ended, so that it can be taken back.
  await Promise.all([addUpload(deps, { ...draft, file_id: guess }), looking.catch(() => {})]);
  try {
    const told = meet(draft, await looking);
    if (told.file_id !== guess) await lead(deps, upload_id, { from: guess, to: told.file_id });
    return told;
  } catch (error) {
    if (isWharfError(error)) await takeBack(deps, upload_id);
    throw error;
  }
}

/** Leads a session that nobody knows of yet to another file than was guessed. */
async function lead(
  { table }: Pick<Deps, "table">,
  uploadId: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await table.update({
    key: keys.upload(uploadId),
    update: { set: { file_id: to } },
    condition: "#state = :open AND #file_id IN (:from, :file_id)",
    values: { open: "open", from },
  });
}

/** Ends a session of which nobody is told. Its record stays: a copy of its first write that came late would open it. */
async function takeBack({ table }: Pick<Deps, "table">, uploadId: string): Promise<void> {
  // The first copy of this write got through.
  await happened(
    table.update({
      key: keys.upload(uploadId),
      update: { set: { state: "aborted" }, remove: ["due_pk", "due_sk", "open_pk"] },
      condition: "#state = :open",
      values: { open: "open" },
    }),
  );
}

/** What `if_exists` makes of what stands under the name. @throws WharfError name_taken. */
function meet(
  draft: UploadRecord,
  { entry, free, writable }: { entry: EntryRecord | undefined; free: string | undefined; writable: boolean },
): UploadRecord {
  if (entry === undefined) return draft;
  if (free !== undefined) return { ...draft, name: free };
  if (draft.if_exists === "version" && entry.kind === "file" && writable)
    return { ...draft, file_id: entry.node_id };
  throw nameTaken(draft, entry);
}

/**
 * What stands under the name, and whether the caller may make a version of it; finalize decides again. For a client
 * whose own file it must be, the file comes in the same round trip where the hint is right.
 */
async function lookAt(
  { table }: Pick<Deps, "table">,
  { caller, access }: Call,
  { name, if_exists }: UploadRecord,
  { key, hintedFile }: { key: Key; hintedFile: string | undefined },
): Promise<{ entry: EntryRecord | undefined; writable: boolean }> {
  if (access?.sees) {
    const entry = await table.get(entryRecord, key);
    const writable = access.has.has("write");
    if (entry?.kind === "file" && if_exists === "version" && !writable)
      throw forbidden("write", scopesFor("write"), ["file", name]);
    return { entry, writable };
  }
  const hinted = hintedFile === undefined ? [] : [keys.node(hintedFile)];
  const items = await table.batchGet([key, ...hinted]);
  const entry = items.find(({ pk }) => pk === key.pk);
  if (entry === undefined) return { entry, writable: true };
  const found = entryRecord.parse(entry);
  if (found.kind === "folder" || found.created_by !== caller.id) return { entry: found, writable: false };
  const node = keys.node(found.node_id);
  const file = fileRecord.safeParse(
    items.find(({ pk }) => pk === node.pk) ?? (await table.batchGet([node]))[0],
  ).data;
  return { entry: found, writable: file !== undefined && fileMadeBy(caller.id, file) === "own" };
}
