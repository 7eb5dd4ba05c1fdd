import { ifNone } from "#aws/changes.ts";
import { due, keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { scopesFor } from "#contract/scopes.ts";
import { authorize, forbidden } from "#core/access/authorize.ts";
import { enforce } from "#core/access/enforce.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import { locateNode } from "#core/access/place.ts";
import { requireSupported } from "#core/content/checksum.ts";
import { judgedUpload } from "#core/content/judged-upload.ts";
import type { Preconditions } from "#core/files/fenced-write.ts";
import { type Call, requireScope } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError, notFound, WharfError } from "#core/kernel/error.ts";
import { inHashPlace } from "#core/kernel/in-hash-place.ts";
import { type LinkLife, linkLife } from "#core/links/link-terms.ts";
import { linkToken } from "#core/links/link-token.ts";
import { hashPassword } from "#core/links/password.ts";
import { newAttempt } from "#core/uploads/assembly.ts";
import { uploadIn } from "#core/uploads/find-upload.ts";
import { type Intent, type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { reopenUpload } from "#core/uploads/reopen-upload.ts";
import { stillFinalizing, uploadExpired } from "#core/uploads/require-open.ts";
import { keepReserved } from "#core/uploads/reserve-name.ts";
import { withdrawIntent } from "#core/uploads/withdraw-intent.ts";
import { assemble, beginAssembly, listParts } from "./assemble-upload.ts";
import { checkParts } from "./check-parts.ts";
import { chooseTarget, type Target } from "./choose-target.ts";
import { completeUpload } from "./complete-upload.ts";
import type { FinalizeAnswer, FinalizeRequest } from "./contract.ts";
import { endLost } from "./end-lost.ts";
import { makeEmpty } from "./make-empty.ts";
import { recordLate } from "./record-late.ts";
import type { AskedTerms, LinkTerms } from "./same-terms.ts";
import { type AskedEnd, endOf } from "./upload-end.ts";

/** After this the sweep takes a look at what a finalize that never ended has left. */
const FINISH_AFTER_MS = 5 * 60_000;
/** How long a call waits for S3 to put the parts together: API Gateway waits for 29 s, and the commit comes after. */
const PATIENCE_MS = 22_000;

/** What the headers of finalize demand. */
export type Demands = Preconditions & { createOnly?: boolean };

/**
 * Makes a file of an upload's parts: at once or not at all. Repeating gives the same answer and the same link.
 *
 * Five sequential round trips: the intent; S3's list beside what stands at the name; S3 puts the parts together; a look
 * at the object; the transaction. A function that dies in between leaves its intent to ingest or the sweep, and so does
 * one that S3 keeps waiting.
 *
 * @throws WharfError finalizing (S3 is at it: ask again), parts_missing, size_mismatch, chunk_too_small (the session
 * stays open), checksum_mismatch, type_mismatch (it is over), name_taken, version_mismatch, file_locked, lock_lost,
 * upload_closed, upload_expired; terms_mismatch where it was finalized on others.
 */
export async function finalizeUpload(
  deps: Deps,
  call: Call,
  uploadId: string,
  request: FinalizeRequest,
  demanded: Demands = {},
): Promise<FinalizeAnswer> {
  refuseUnposted(call, uploadId);
  const until = Math.min(deps.now() + PATIENCE_MS, call.until ?? Number.POSITIVE_INFINITY);
  const asked = await intentOf(deps, call, request, demanded, uploadIn(call.ahead ?? [], uploadId));
  const terms = { ...request, mayShare: mayShare(call) };
  const { upload, intent, ended } = await recordIntent(deps, uploadId, { intent: asked, terms });
  if (ended !== undefined) return recordLate(deps, call, ended);
  let current = upload;
  try {
    requireSupported(upload.checksum, request.checksum);
    requirePosted(upload);
    const [parts, target] = await Promise.all([
      upload.assembled === undefined ? listParts(deps, upload) : undefined,
      chooseTarget(deps, upload, intent),
      keepReserved(deps, upload),
      // Reads the key of links once per environment, here rather than as a round trip of its own.
      intent.share ? linkToken(deps, uploadId) : undefined,
    ]);
    await requireThere(deps, call, upload, target);
    const size = parts && checkParts(upload, parts, request.parts);
    const policy = call.access?.workspace.policy;
    // What can be refused before S3 puts it together stays open to be finished otherwise.
    enforce(policy, beforeAssembly(upload, request, size));
    if (parts !== undefined) current = await beginAssembly(deps, upload, intent);
    const completion = { upload: current, intent, terms, target, policy, record: call.record };
    if (parts?.length === 0) return await makeEmpty(deps, completion);
    if (parts !== undefined && size !== undefined)
      await assemble(deps, current, intent, { parts, size, patience: until - deps.now() });
    return await completeUpload(deps, { ...completion, from: "open", listed: size });
  } catch (error) {
    // Where the outcome isn't known, whoever looks next finds out.
    if (!isWharfError(error) || error.code === "finalizing") throw error;
    if (error.code === "upload_expired") await endLost(deps, current, intent);
    else if (current.assembling === undefined) await withdrawIntent(deps, upload, intent, { settled: true });
    else await reopenUpload(deps, current, intent);
    throw error;
  }
}

/** The same before anything is written, where the session was read with the call. @throws WharfError parts_missing */
function refuseUnposted({ ahead = [] }: Call, uploadId: string): void {
  const upload = uploadIn(ahead, uploadId);
  if (upload?.state === "open") requirePosted(upload);
}

/** An upload as far as it is known before S3 puts it together. */
function beforeAssembly(upload: UploadRecord, request: FinalizeRequest, size: number | undefined) {
  const { name, content_type: declared } = upload;
  const has_checksum = (request.checksum ?? upload.checksum) !== undefined;
  return judgedUpload({ name, declared, size, has_checksum });
}

/** A form's bytes become parts by themselves. @throws WharfError parts_missing while they haven't. */
function requirePosted({ form, s3_upload_id, upload_id }: UploadRecord): void {
  if (form === undefined || s3_upload_id !== undefined) return;
  throw new WharfError(
    "parts_missing",
    `Nothing has come by the form of ${upload_id} yet. What is posted to it is finalized by itself, within moments.`,
    { received: [], bytes_received: 0 },
  );
}

/** A file that was moved since the session began is written where it is now. @throws WharfError not_found, forbidden */
async function requireThere(deps: Deps, call: Call, upload: UploadRecord, target: Target): Promise<void> {
  if (target.kind === "create" || target.file.folder_id === upload.folder_id) return;
  const { file } = target;
  const located = locateNode(upload.client_id, { ...file });
  await authorize(deps, call, located, { action: "write", what: ["file", file.node_id] });
}

/** Whether the caller may make a link to what it uploads there. */
const mayShare = ({ access }: Pick<Call, "access">) => access?.onOwn.has("share") === true;

/**
 * The link that comes with the file: where the client may make links and the policy takes one like that, unless it says no.
 * What was asked for is refused where the policy takes none.
 *
 * @param before how long a link was to live when the session began
 * @throws WharfError forbidden, policy_denied
 */
function linkWanted(call: Call, terms: LinkTerms, before: number | null | undefined): LinkLife | undefined {
  const { share, expire_in = before, max_downloads, password } = terms;
  const asks =
    share === true || [terms.expire_in, max_downloads, password].some((term) => term !== undefined);
  if (asks) requireScope(call.caller, "shares:write");
  if (asks && !mayShare(call)) throw forbidden("share", scopesFor("share"), ["folder", "that it goes into"]);
  if (share === false || !mayShare(call)) return undefined;
  const isAsked = asks || before !== undefined;
  const policy = call.access?.workspace.policy;
  if (!isAsked && policy?.["links.on_upload"] === "asked") return undefined;
  try {
    return linkLife(policy, { expire_in, max_downloads, password });
  } catch (error) {
    if (!isAsked && isWharfError(error, "policy_denied")) return undefined;
    throw error;
  }
}

/** What a call asks for, as it is kept for whoever may have to finish it. */
export async function intentOf(
  deps: Pick<Deps, "table" | "now" | "config">,
  call: Call,
  request: FinalizeRequest,
  { lockToken, ifMatch, createOnly = false }: Demands,
  startedWith?: Pick<UploadRecord, "expire_in">,
): Promise<Intent> {
  const { password } = request;
  const link = linkWanted(call, request, startedWith?.expire_in);
  const by = { client: call.caller.id };
  return {
    attempt: newAttempt(deps.now()),
    request_id: call.requestId,
    share: link !== undefined,
    ttl_seconds: link?.ttl_seconds,
    clamped_by: link?.clamped_by,
    declined: request.share === false ? true : undefined,
    reads_all: call.access?.sees === true,
    writes_all: call.access?.has.has("write") === true,
    expire_in: request.expire_in,
    max_downloads: request.max_downloads,
    // Never the password itself: the intent is stored.
    password_hash:
      password === undefined ? undefined : await inHashPlace(deps, by, () => hashPassword(password)),
    checksum: request.checksum,
    lock_hash: lockToken === undefined ? undefined : sha256(lockToken),
    if_match: ifMatch,
    epoch: call.access && epochOf(call.access.workspace),
    create_only: createOnly,
  };
}

/** Each round that is lost to the order of attempts is another call's at the same moment, or that of a clock ahead. */
const ROUNDS = 5;
/** Later than every attempt before it, or this very write, come twice: what was withdrawn is never armed again. */
const IN_ORDER =
  "(attribute_not_exists(#latest_attempt) OR #latest_attempt < :latest_attempt OR #intent.#attempt = :latest_attempt)";

/**
 * Writes the intent into the session, or finds how the session ended. The session's `assembling` is what earlier calls
 * may have begun: none where there were none. The intent's attempt is a later one where another call's was ahead.
 */
async function recordIntent(
  deps: Deps,
  uploadId: string,
  { intent: asked, terms }: { intent: Intent; terms: AskedTerms },
): Promise<{ upload: UploadRecord; intent: Intent; ended?: FinalizeAnswer }> {
  let intent = asked;
  for (let round = 1; ; round++) {
    const now = deps.now();
    const { attempt } = intent;
    try {
      const item = await deps.table.update({
        key: keys.upload(uploadId),
        update: {
          set: {
            ...{ state: "finalizing", intent, latest_attempt: attempt },
            ...due("upload", now + FINISH_AFTER_MS, uploadId),
            assembling: ifNone({ attempt, since_ms: now }),
          },
        },
        condition: `#state IN (:open, :finalizing) AND #expires_ms > :now AND ${IN_ORDER}`,
        values: { open: "open", finalizing: "finalizing", now },
      });
      const upload = uploadRecord.parse(item);
      const earlier = upload.assembling?.attempt === attempt ? undefined : upload.assembling;
      return { upload: { ...upload, assembling: earlier }, intent };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const refused = await whyNot(deps, { uploadId, item: error.item, asked: { ...intent, terms } });
      if (refused.ended !== undefined) return { ...refused, intent };
      if (round === ROUNDS) throw stillFinalizing();
      intent = { ...intent, attempt: newAttempt(now, refused.upload.latest_attempt) };
    }
  }
}

async function whyNot(
  deps: Deps,
  { uploadId, item, asked }: { uploadId: string; item: Item | undefined; asked: AskedEnd },
) {
  if (item === undefined) throw notFound("upload", uploadId);
  const upload = uploadRecord.parse(item);
  const ended = await endOf(deps, item, asked);
  if (ended === undefined && upload.expires_ms <= deps.now()) throw uploadExpired(upload);
  return { upload, ended };
}
