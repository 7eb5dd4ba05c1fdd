import { type Item, TransactionFailed, type Write } from "#aws/table.ts";
import { DEFAULT_EXPIRE_IN } from "#contract/common.ts";
import { ownedNow } from "#core/access/standing.ts";
import { readTrail } from "#core/access/trail.ts";
import { judgeAllowed } from "#core/content/judge-allowed.ts";
import { judgeContent, type Mismatch, type SniffedContent } from "#core/content/judge-content.ts";
import { judgedUpload } from "#core/content/judged-upload.ts";
import { typeOf } from "#core/content/type-of.ts";
import { fileUpdate } from "#core/files/fenced-write.ts";
import { newFileWrites } from "#core/files/new-file.ts";
import { type FileRecord, isStanding } from "#core/files/records.ts";
import { supersede } from "#core/files/supersede-version.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { LinkLife } from "#core/links/link-terms.ts";
import { newShare } from "#core/links/share.ts";
import { judge } from "#core/policy/judge.ts";
import type { Finding, Values } from "#core/policy/rule.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { ofName } from "#core/tree/reach.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";
import {
  type Intent,
  outcome as outcomeShape,
  type PlacedUpload,
  type UploadRecord,
} from "#core/uploads/records.ts";
import { splitFolders } from "#core/uploads/upload-place.ts";
import { type Content, newVersionWrite } from "#core/versions/new-version.ts";
import { chooseTarget, demands, folderGone, type Target } from "./choose-target.ts";
import type { FinalizeAnswer } from "./contract.ts";
import { endSession, type From } from "./end-session.ts";
import { recordLate } from "./record-late.ts";
import { type AskedTerms, termsOf } from "./same-terms.ts";
import { answerOf, endOf } from "./upload-end.ts";

/** Many may write one name or file at once. */
const ROUNDS = 20;

/**
 * The upload with its folder, which is made where it isn't there: below the nearest one that was there at the start, wherever
 * that has been moved to since, for it was decided on that.
 *
 * @throws WharfError not_found where that one is gone.
 */
async function placed(deps: Deps, upload: UploadRecord): Promise<PlacedUpload> {
  if (isPlaced(upload)) return upload;
  const { workspace_id, name, above = [] } = upload;
  const missing = splitFolders(upload.folder_path).slice(above.length);
  const there = await readTrail(deps, { workspace_id, folder_id: above.at(-1), above });
  if (there === undefined) throw folderGone(upload);
  const segments = [...there.map((folder) => folder.name), ...missing];
  requirePath([...segments, name].join("/"));
  const way = { workspace_id, trail: there, isWhole: missing.length === 0, seen: [] };
  const known = above.length === 0 ? {} : { way };
  const trail = await makeFolders(deps, workspace_id, segments, { ...known, reach: ofName(name) });
  return { ...upload, folder_id: lastOf({ workspace_id, trail }), above: idsOf(trail) };
}

/** What a session that takes certain types alone holds instead. */
function notAllowed(
  { restrict, content_type: declared }: UploadRecord,
  name: string,
  sniffed: SniffedContent,
): Mismatch | undefined {
  return restrict?.types && judgeAllowed({ name, declared, allowed: restrict.types }, sniffed);
}

/** Why the policy of where the file will be doesn't take it: as it is now, whatever it was when the session began. */
async function denied(
  deps: Deps,
  { upload, intent, content, sniffed, policy }: Commit,
  { name, workspaceId }: { name: string; workspaceId: string },
): Promise<Finding | undefined> {
  const isHere = workspaceId === upload.workspace_id;
  const values = isHere ? policy : (await ownedNow(deps, workspaceId))?.policy;
  if (values === undefined) return undefined;
  const { content_type: declared, s3_upload_id } = upload;
  // What came in the request itself was compared with what it was sent as.
  const has_checksum = (intent.checksum ?? upload.checksum) !== undefined || s3_upload_id === undefined;
  const act = judgedUpload({ name, size: content.size, declared, has_checksum }, sniffed);
  return judge(values, act).findings.find(({ kind }) => kind === "deny");
}

function isPlaced(upload: UploadRecord): upload is PlacedUpload {
  return upload.folder_id !== undefined;
}

interface Commit {
  upload: UploadRecord;
  intent: Intent;
  /** What the client asked for that waits for the answer. */
  terms?: AskedTerms | undefined;
  content: Omit<Content, "content_type">;
  sniffed: SniffedContent;
  from: From;
  /** What was chosen before the bytes were put together; chosen anew where it no longer holds. */
  target?: Target | undefined;
  /** What holds in the session's workspace now. */
  policy: Values | undefined;
  /** Ends the session where the content may not pass under the name that it would get, or by the policy. */
  refuse(name: string, why: Mismatch | Finding): Promise<FinalizeAnswer>;
  record: Call["record"];
}

/**
 * Makes the file: session, version, file, name, link and events in one transaction, or nothing. Folders that aren't
 * there are made before.
 *
 * Whoever comes second finds the session ended and gets the first one's answer.
 *
 * @throws WharfError name_taken, version_mismatch, file_locked, lock_lost, upload_closed, terms_mismatch, conflict.
 */
export async function commitUpload(deps: Deps, commit: Commit): Promise<FinalizeAnswer> {
  const { intent } = commit;
  const upload = await placed(deps, commit.upload);
  const decidedIn = [upload.workspace_id, workspaceOf(upload, commit.target)];
  const attempt = async (round: number) => {
    // A folder that was only made now may hold what it was chosen without.
    const chosen = round === 0 && upload === commit.upload ? commit.target : undefined;
    const target = chosen ?? (await chooseTarget(deps, upload, intent));
    // Moved since it was decided on: whoever finalizes again is judged where it is.
    if (!decidedIn.includes(workspaceOf(upload, target))) throw notFound("file", upload.file_id);
    const now = deps.now();
    // The name is the file's, which may have been renamed since the start.
    const { name } = target.kind === "version" ? target.file : target;
    const { refused, flagged } = judgeContent(
      { name, declared: upload.content_type },
      commit.sniffed.kept,
      deps.config.contentMismatch,
    );
    const stray =
      refused ??
      notAllowed(upload, name, commit.sniffed) ??
      (await denied(deps, commit, { name, workspaceId: workspaceOf(upload, target) }));
    // Told in the session's workspace: what a file is called in another isn't.
    const told = workspaceOf(upload, target) === upload.workspace_id ? name : upload.name;
    if (stray !== undefined) return commit.refuse(told, stray);
    const { session, writes, answer } = await writesOf(
      deps,
      { ...commit, upload },
      { target, mismatch: flagged, now },
    );
    try {
      await deps.table.transact([session, ...writes]);
      return answer;
    } catch (error) {
      if (!(error instanceof TransactionFailed && error.failed.has(session))) throw error;
      const ended = await endOf(deps, error.failed.get(session), { ...intent, terms: commit.terms });
      if (ended !== undefined) return recordLate(deps, commit, ended);
      throw new WharfError("conflict", "The same request is being answered elsewhere. Send it again.", {
        retry_after_seconds: 1,
      });
    }
  };
  return inRounds(attempt, "Others keep changing this name or file. Send the request again.", ROUNDS);
}

/** The workspace of what an upload becomes: its session's, but for a version of a file that has gone to another. */
const workspaceOf = (upload: UploadRecord, target: Target | undefined) =>
  target?.kind === "version" ? target.file.workspace_id : upload.workspace_id;

async function writesOf(
  deps: Deps,
  { upload, intent, content: known, sniffed, from, record }: Commit & { upload: PlacedUpload },
  { target, mismatch, now }: { target: Target; mismatch: Mismatch | undefined; now: number },
) {
  const file_id = target.kind === "version" ? target.file.node_id : target.fileId;
  const { folder_id, name } =
    target.kind === "version"
      ? target.file
      : { folder_id: lastOf({ workspace_id: upload.workspace_id, trail: target.trail }), name: target.name };
  const content: Content = { ...known, content_type: typeOf(name, upload.content_type, sniffed) };
  const actor = actorOf({ id: upload.client_id });
  const workspace_id = workspaceOf(upload, target);
  const said = { request_id: intent.request_id, workspace_id, file_id, actor };
  const above = target.kind === "version" ? target.file.above : idsOf(target.trail);
  const version_id = newId("ver", now);
  const bound = intent.reads_all ? undefined : { version_id, name: upload.asked_name ?? name };
  const share = intent.share
    ? await newShare(deps, {
        file: { ...said, above, epoch: intent.epoch },
        bound,
        createdBy: upload.client_id,
        requestId: intent.request_id,
        actor,
        life: lifeOf(intent, upload),
        maxDownloads: intent.max_downloads,
        passwordHash: intent.password_hash,
      })
    : undefined;
  // In the schema's order, as repeats read it from the table: the answers are the same to the letter.
  const outcome = outcomeShape.parse({
    ...{ file_id, version_id, folder_id, name },
    ...content,
    mismatch,
    share_id: share?.share_id ?? null,
    expires_at: share?.expires_at ?? null,
    clamped_by: share === undefined ? undefined : intent.clamped_by,
    ...(workspace_id === upload.workspace_id ? {} : { workspace_id }),
  });
  const { workspace_id: _, clamped_by: __, ...told } = outcome;
  const link = { share_bound: bound !== undefined };
  const answer = await answerOf(deps, { ...upload, ...link }, outcome, intent);
  const current = {
    version_id,
    size: content.size,
    content_type: content.content_type,
    object_key: upload.object_key,
    sniffed: sniffed.kept,
    mismatch: mismatch ?? null,
    updated_at: iso(now),
  };
  const session = endSession(upload, {
    intent,
    from,
    end: { state: "completed", outcome, terms: termsOf(intent, upload), ...link },
    now,
  });
  const writes: Write[] = [
    ...(target.kind === "version"
      ? newVersion(target.file, { upload, intent, current, now })
      : newFileWrites({ ...upload, trail: target.trail }, { file_id, name, current, now })),
    newVersionWrite(upload, {
      file_id,
      version_id,
      name,
      content,
      sniffed: sniffed.kept,
      state: "ready",
      now,
    }),
    eventWrite(now, {
      type: "upload_completed",
      ...said,
      data: { upload_id: upload.upload_id, ...told },
    }),
    ...(share?.writes ?? []),
    ...record(answer),
  ];
  return { session, writes, answer };
}

/** What the link was found to get; by what was asked alone of an intent of the release before. */
function lifeOf({ ttl_seconds, clamped_by, expire_in }: Intent, upload: UploadRecord): LinkLife {
  if (ttl_seconds !== undefined) return { ttl_seconds, clamped_by: clamped_by as LinkLife["clamped_by"] };
  return { ttl_seconds: expire_in ?? upload.expire_in ?? DEFAULT_EXPIRE_IN };
}

function newVersion(
  file: FileRecord,
  { upload, intent, current, now }: { upload: UploadRecord; intent: Intent; current: Item; now: number },
): Write[] {
  const { condition, values, write } = supersede(now, file);
  const mixed = upload.client_id === file.created_by ? undefined : true;
  const change = {
    update: { set: { ...current, mixed } },
    // The name too: the content was judged by it. And the folder: answer and event say where the file is.
    condition: `${condition} AND #name = :judged_name AND #folder_id = :told_folder`,
    values: { ...values, judged_name: file.name, told_folder: file.folder_id },
  };
  const fenced = fileUpdate(now, file.node_id, demands(intent), change);
  // Gone, its name leads elsewhere, or nowhere.
  return [{ ...fenced, else: (item) => (isStanding(item) ? fenced.else?.(item) : undefined) }, write];
}
