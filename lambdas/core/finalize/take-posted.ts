import { keys } from "#aws/keys.ts";
import { note } from "#aws/log.ts";
import { happened } from "#aws/table.ts";
import { authorize } from "#core/access/authorize.ts";
import { actingAs, makerKeys } from "#core/accounts/authenticate.ts";
import { algorithmFor } from "#core/content/checksum.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { placeOfUpload } from "#core/uploads/find-upload.ts";
import { FORM_PIECE_BYTES } from "#core/uploads/limits.ts";
import { postedKey } from "#core/uploads/object-key.ts";
import { type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { finalizeUpload } from "./finalize-upload.ts";

/** Pieces that S3 copies at once. */
const PARALLEL_PIECES = 8;

/**
 * Makes a file of what was posted to a form: its bytes become the session's parts, and the ordinary finalize judges and
 * commits them, with the right that whoever started the session has now. Then what was posted goes.
 *
 * The first that is looked at is taken: a form can be posted again, late, and by many. Idempotent, and safe beside
 * itself: each copies into an upload of S3's of its own, and one of those becomes the session's. What fails in passing
 * is thrown, to be tried again. Where finalize is refused, or its maker may not create there now (the folder may be in the
 * trash), the session is open, with its parts, for its client.
 */
export async function takePosted(
  deps: Deps,
  uploadId: string,
): Promise<"completed" | "refused" | "removed" | "left"> {
  const upload = await deps.table.get(uploadRecord, keys.upload(uploadId));
  // Without a session nothing says whose it is: the bucket's rule removes it.
  if (upload?.form === undefined) return "left";
  note({ request_id: upload.request_id, client: upload.client_id });
  const isOver = upload.state !== "open" || upload.expires_ms <= deps.now();
  const call = isOver ? "ended" : await callOf(deps, upload);
  if (call === "ended") {
    await deps.objects.remove(postedKey(upload));
    return "removed";
  }
  if (upload.s3_upload_id === undefined) {
    const taken = await take(deps, upload);
    if (taken === "overtaken") return takePosted(deps, uploadId);
    if (taken === "gone") return "left";
  }
  const isRefused =
    call === "refused" ||
    (await finalizeUpload(deps, call, uploadId, { share: false }).then(() => false, refusedFor));
  await deps.objects.remove(postedKey(upload));
  return isRefused ? "refused" : "completed";
}

/** What trying again would be refused for as well. @throws what may pass */
function refusedFor(error: unknown): true {
  if (!isWharfError(error) || error.code === "conflict" || error.code === "finalizing") throw error;
  note({ refused: error.code });
  return true;
}

/** The call that whoever started the session would make now; `refused` where it may not, `ended` where it is no more. */
async function callOf(deps: Deps, upload: UploadRecord): Promise<Call | "refused" | "ended"> {
  const caller = actingAs(deps, upload, await deps.table.batchGet(makerKeys(upload)));
  if (caller === undefined) return "ended";
  const asked = { action: "create", what: ["upload", upload.upload_id], whole: true } as const;
  try {
    const access = await authorize(deps, { caller }, placeOfUpload(upload), asked);
    // Nobody waits for the answer.
    return { caller, access, requestId: upload.request_id, record: () => [] };
  } catch (error) {
    if (isWharfError(error, "not_found") || isWharfError(error, "forbidden")) return "refused";
    throw error;
  }
}

/**
 * Makes what was posted the session's parts. `gone`: there is nothing, or others have posted meanwhile, which S3 tells of
 * too. `overtaken`: the session has parts, or has ended.
 */
async function take(deps: Deps, upload: UploadRecord): Promise<"taken" | "gone" | "overtaken"> {
  const { upload_id, object_key } = upload;
  const facts = await deps.objects.head(postedKey(upload));
  if (facts?.etag === undefined) return "gone";
  const s3_upload_id = await deps.objects.createMultipart(object_key, algorithmFor(upload.checksum));
  const to = { key: object_key, uploadId: s3_upload_id };
  const isWhole = await copyPieces(deps, { from: postedKey(upload), to, size: facts.size, etag: facts.etag });
  // Where it isn't known whether it was written, nothing is given up: its copy may come yet.
  const isTaken =
    isWhole &&
    (await happened(
      deps.table.update({
        key: keys.upload(upload_id),
        update: { set: { s3_upload_id } },
        condition:
          "#state = :open AND (attribute_not_exists(#s3_upload_id) OR #s3_upload_id = :s3_upload_id)",
        values: { open: "open" },
      }),
    ));
  if (isTaken) return "taken";
  await deps.objects.abort(object_key, s3_upload_id);
  return isWhole ? "overtaken" : "gone";
}

/** False where other bytes stand there by now, or none. */
async function copyPieces(
  { objects }: Pick<Deps, "objects">,
  {
    from,
    to,
    size,
    etag,
  }: { from: string; to: { key: string; uploadId: string }; size: number; etag: string },
): Promise<boolean> {
  const count = Math.ceil(size / FORM_PIECE_BYTES);
  const pieces = Array.from({ length: count }, (_, index) => index);
  const copied = await inParallel(pieces, PARALLEL_PIECES, (index) => {
    const first = index * FORM_PIECE_BYTES;
    const last = Math.min(first + FORM_PIECE_BYTES, size) - 1;
    // S3 takes a range only of an object of more than 5 MB.
    const range = count === 1 ? undefined : ([first, last] as const);
    return objects.copyPart({ ...to, part: index + 1 }, { key: from, etag, range });
  });
  return copied.every(Boolean);
}
