import { keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import type { ObjectFacts } from "#aws/objects.ts";
import { TransactionFailed } from "#aws/table.ts";
import { policyDenied, toldFinding } from "#core/access/enforce.ts";
import { requireLiveClient } from "#core/accounts/require-live-client.ts";
import { contradiction, EMPTY_FACTS } from "#core/content/checksum.ts";
import { describeMismatch, type Mismatch, sniffContent } from "#core/content/judge-content.ts";
import { SNIFF_BYTES } from "#core/content/sniff-type.ts";
import { typeOf } from "#core/content/type-of.ts";
import { fileRecord, isStanding } from "#core/files/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { Finding, Values } from "#core/policy/rule.ts";
import { nearestFolder } from "#core/tree/make-folders.ts";
import { assembledBy } from "#core/uploads/assembly.ts";
import { cleanUpload } from "#core/uploads/clean-upload.ts";
import { type Intent, type Rejection, type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { stillFinalizing, uploadLost } from "#core/uploads/require-open.ts";
import { splitFolders } from "#core/uploads/upload-place.ts";
import { type Content, newVersionWrite } from "#core/versions/new-version.ts";
import { listParts } from "./assemble-upload.ts";
import type { Target } from "./choose-target.ts";
import { commitUpload } from "./commit-upload.ts";
import type { FinalizeAnswer } from "./contract.ts";
import { endSession, type From } from "./end-session.ts";
import { recordLate } from "./record-late.ts";
import type { AskedTerms } from "./same-terms.ts";
import { endOf, rejected } from "./upload-end.ts";

export interface Completion {
  upload: UploadRecord;
  intent: Intent;
  /** What the client asked for that waits for the answer. */
  terms?: AskedTerms | undefined;
  from: From;
  /** Bytes of the parts that S3 was asked to put together. */
  listed?: number | undefined;
  target?: Target | undefined;
  /** What holds in the session's workspace now. */
  policy: Values | undefined;
  record: Call["record"];
}

/**
 * The one way from bytes in S3 to a file: finalize, ingest and sweep all come here once the object is whole.
 *
 * Looks at what S3 holds, then commits the file or rejects the upload for good. Two sequential round trips.
 *
 * @throws WharfError finalizing where S3 may still be making the object, upload_expired where it never will;
 * upload_closed where it has made another than this call asked for, parts_missing where parts have come to an empty one;
 * type_mismatch, checksum_mismatch, policy_denied, and what `commitUpload` throws.
 */
export async function completeUpload(deps: Deps, completion: Completion): Promise<FinalizeAnswer> {
  const { object_key, upload_id } = completion.upload;
  const [facts, prefix] = await Promise.all([
    deps.objects.head(object_key),
    deps.objects.readPrefix(object_key, SNIFF_BYTES),
    requireLiveClient(deps, completion.upload.client_id),
  ]);
  if (facts === undefined || prefix === undefined) {
    // An abort or another finalize may have ended the session meanwhile.
    const ended = await endOf(deps, await deps.table.get(uploadRecord, keys.upload(upload_id)), {
      ...completion.intent,
      terms: completion.terms,
    });
    if (ended !== undefined) return recordLate(deps, completion, ended);
    if (assembledBy(completion.upload) > deps.now()) throw stillFinalizing();
    throw uploadLost(upload_id);
  }
  if (completion.listed !== undefined) requireListed(completion.upload, completion.listed, facts.size);
  else if (facts.size === 0) await requireNoParts(deps, completion.upload);
  return judgeUpload(deps, { ...completion, facts: facts.size === 0 ? EMPTY_FACTS : facts, prefix });
}

/**
 * An empty object may be what a finalize has put that had found no parts; what has come since is more.
 *
 * @throws WharfError parts_missing
 */
async function requireNoParts(deps: Pick<Deps, "objects">, upload: UploadRecord): Promise<void> {
  const parts = await listParts(deps, upload);
  if (parts === undefined || parts.length === 0) return;
  throw new WharfError("parts_missing", "Parts have come since a finalize found none. Finalize again.", {
    retry_after_seconds: 1,
  });
}

/** Another finalize that had found fewer parts may have been faster. @throws WharfError upload_closed */
function requireListed({ upload_id }: UploadRecord, listed: number, size: number): void {
  if (listed === size) return;
  throw new WharfError(
    "upload_closed",
    `Another finalize of ${upload_id} has had S3 put ${size} bytes together, before the ${listed} were there that this one found. Start a new upload, and finalize it when all parts have arrived.`,
    { state: "finalizing" },
  );
}

/** Commits or rejects an upload by what is known of its bytes. */
export async function judgeUpload(
  deps: Deps,
  { facts, prefix, ...completion }: Completion & { facts: ObjectFacts; prefix: Uint8Array },
): Promise<FinalizeAnswer> {
  const { upload, intent } = completion;
  const sniffed = await sniffContent(prefix);
  const content = {
    size: facts.size,
    crc32: facts.crc32,
    crc32c: facts.crc32c,
    sha256: facts.sha256 ?? intent.checksum?.sha256 ?? upload.checksum?.sha256,
  };
  const refuse = (name: string, rejection: Rejection) => {
    const content_type = typeOf(name, upload.content_type, sniffed);
    return reject(deps, completion, {
      name,
      rejection,
      content: { ...content, content_type, sha256: facts.sha256 },
    });
  };
  const wrong = contradiction([upload.checksum, intent.checksum], facts);
  if (wrong !== undefined) return refuse(upload.name, wrongChecksum(wrong));
  return commitUpload(deps, {
    ...completion,
    ...{ content, sniffed },
    refuse: (name, why) => refuse(name, "rule" in why ? notAllowed(why) : wrongType(name, why)),
  });
}

function wrongChecksum({
  algorithm,
  expected,
  actual,
}: NonNullable<ReturnType<typeof contradiction>>): Rejection {
  return {
    code: "checksum_mismatch",
    detail: `The ${algorithm} is not ${expected}${actual === undefined ? "" : ` but ${actual}`}. The bytes are removed; start a new upload.`,
    facts: { algorithm, expected, ...(actual === undefined ? {} : { actual }) },
  };
}

function wrongType(name: string, mismatch: Mismatch): Rejection {
  return {
    code: "type_mismatch",
    detail: `${describeMismatch(name, mismatch)}. The bytes are removed; upload it under a name and type that say what it is.`,
    facts: { ...mismatch },
  };
}

function notAllowed(finding: Finding): Rejection {
  const { rule, limit, given } = toldFinding(finding);
  return {
    code: "policy_denied",
    detail: `${policyDenied(finding).message} The bytes are removed.`,
    facts: { rule, limit, given },
  };
}

/** Ends the session for good, with `upload_rejected` and the version's record, then removes the bytes. */
async function reject(
  deps: Deps,
  { upload, intent, terms, from }: Completion,
  { name, rejection, content }: { name: string; rejection: Rejection; content: Content },
): Promise<FinalizeAnswer> {
  const folder_id = await folderOfRejected(deps, upload);
  const now = deps.now();
  const { file_id } = upload;
  const version_id = newId("ver", now);
  const session = endSession(upload, { intent, from, end: { state: "rejected", rejection }, now });
  try {
    await deps.table.transact([
      session,
      newVersionWrite(upload, { file_id, version_id, name, content, state: "rejected", now }),
      eventWrite(now, {
        type: "upload_rejected",
        request_id: intent.request_id,
        workspace_id: upload.workspace_id,
        file_id,
        actor: actorOf({ id: upload.client_id }),
        data: {
          ...{ upload_id: upload.upload_id, version_id, folder_id, name, size: content.size },
          reason: rejection.code,
          ...rejection.facts,
        },
      }),
    ]);
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    const ended = await endOf(deps, error.failed.get(session), { ...intent, terms });
    if (ended !== undefined) return ended;
    throw new WharfError("conflict", "The upload is being finalized elsewhere. Send the request again.", {
      retry_after_seconds: 1,
    });
  }
  if (rejection.code === "type_mismatch") emitMetric(deps.table.name, "RefusedDisguises", 1, now);
  // What fails here the sweep does again.
  await cleanUpload(deps, { ...upload, state: "rejected" }).catch((error: unknown) =>
    say("warn", "the bytes of a rejected upload are left to the sweep", { error: describe(error) }),
  );
  throw rejected(rejection);
}

/** Where those hear of it who listen to a folder: where its file is, or would have been. */
async function folderOfRejected(
  { table }: Pick<Deps, "table">,
  { file_id, folder_id, folder_path, workspace_id }: UploadRecord,
): Promise<string> {
  const file = await table.get(fileRecord, keys.node(file_id));
  // What has gone to another workspace is no matter of this one's, which is told.
  if (isStanding(file) && file.workspace_id === workspace_id) return file.folder_id;
  return folder_id ?? nearestFolder({ table }, workspace_id, splitFolders(folder_path));
}
