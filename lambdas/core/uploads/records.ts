import * as z from "zod";
import { scope } from "#contract/scopes.ts";
import { madeByRecord } from "#core/access/records.ts";
import { uploadTokenRecord } from "#core/accounts/records.ts";
import { mismatchRecord } from "#core/files/records.ts";
import { ruleId } from "#core/policy/contract.ts";
import { ifExists } from "./contract.ts";

const digests = z.object({
  crc32: z.string().optional(),
  crc32c: z.string().optional(),
  sha256: z.string().optional(),
});

/** What finalize was asked for, so that ingest and sweep can finish what a dead function began. */
const intent = z.object({
  /** Which call's it is: one call must not take back another's. */
  attempt: z.string(),
  request_id: z.string(),
  share: z.boolean(),
  /** `share: false` was said. */
  declined: z.literal(true).optional(),
  /** The caller sees what is there, and not only what it made itself. */
  reads_all: z.boolean(),
  /** It may write versions of files that it didn't make; as `reads_all` where that isn't said. */
  writes_all: z.boolean().optional(),
  expire_in: z.number().nullish(),
  /** What the link gets by the policy: seconds, or no end; and the rule that has shortened it. */
  ttl_seconds: z.number().nullish(),
  clamped_by: z.string().optional(),
  max_downloads: z.number().optional(),
  /** As `hashPassword` makes it. */
  password_hash: z.string().optional(),
  checksum: digests.optional(),
  /** SHA-256 of the Lock-Token; the token itself is nobody's but the caller's. */
  lock_hash: z.string().optional(),
  if_match: z.string().optional(),
  /** The workspace's when it was asked for; none of one that was never handed over. */
  epoch: z.number().optional(),
  /** `If-None-Match: *` */
  create_only: z.boolean(),
});

export type Intent = z.infer<typeof intent>;

/** What finalize answered, but for the link's URL, which derives from `share_id`. */
export const outcome = z.object({
  file_id: z.string(),
  version_id: z.string(),
  folder_id: z.string(),
  name: z.string(),
  size: z.number(),
  content_type: z.string(),
  crc32: z.string().optional(),
  crc32c: z.string().optional(),
  sha256: z.string().optional(),
  mismatch: mismatchRecord.optional(),
  share_id: z.string().nullable(),
  expires_at: z.string().nullable(),
  /** See the intent. */
  clamped_by: z.string().optional(),
  /** Of a version of a file that had gone to another workspace by then. */
  workspace_id: z.string().optional(),
});

export type Outcome = z.infer<typeof outcome>;

/** On which terms a file was made, so that a repeat is told from another request: of its link, where it has one. */
const terms = z.object({
  declined: z.literal(true).optional(),
  expire_in: z.number().nullish(),
  max_downloads: z.number().optional(),
  /** As `hashPassword` makes it. */
  password_hash: z.string().optional(),
});

export type Terms = z.infer<typeof terms>;

/** Why an upload was refused for good, as its client is told every time that it asks. */
const rejection = z.union([
  z.object({
    code: z.literal("checksum_mismatch"),
    detail: z.string(),
    facts: z.object({
      algorithm: z.enum(["crc32", "crc32c", "sha256"]),
      expected: z.string(),
      actual: z.string().optional(),
    }),
  }),
  z.object({ code: z.literal("type_mismatch"), detail: z.string(), facts: mismatchRecord }),
  z.object({
    code: z.literal("policy_denied"),
    detail: z.string(),
    facts: z.object({ rule: ruleId, limit: z.unknown(), given: z.unknown() }),
  }),
]);

export type Rejection = z.infer<typeof rejection>;

/**
 * An upload session.
 *
 * `open` → `finalizing` (an intent is recorded) → `completed` or `rejected`, or back to `open` where finalize was
 * refused or S3 has made nothing in 15 minutes; `open` and `finalizing` → `aborted` by their client, `open` → `expired`
 * by the sweep. While something of it is, or may yet be, in S3 it is in the index `due`.
 */
export const uploadRecord = z.object({
  upload_id: z.string(),
  state: z.enum(["open", "finalizing", "completed", "rejected", "aborted", "expired"]),
  client_id: z.string(),
  request_id: z.string(),
  workspace_id: z.string(),
  /** None where the folder wasn't there at the start: folders are made when the file is. */
  folder_id: z.string().optional(),
  /** From the root, as it was asked for; the root has none. */
  folder_path: z.string().optional(),
  name: z.string(),
  /** Where its client learns nothing of what stands in the folder: the name that it asked for, and is shown. */
  asked_name: z.string().optional(),
  /** Folders from below the root down to its own, or to the nearest that was there: a hint. */
  above: z.array(z.string()).optional(),
  if_exists: ifExists,
  /** The file that this becomes, or becomes a version of, as the client was told at the start. */
  file_id: z.string(),
  /** The client named the file: this becomes a version of it, wherever it is by then, or nothing. */
  of_file: z.literal(true).optional(),
  /** Until when (ms) the name is reserved, where `if_exists` is `fail`. */
  reserved_until_ms: z.number().optional(),
  object_key: z.string(),
  /** S3's id of the multipart upload; none where the bytes came in the request itself, or wait for a form. */
  s3_upload_id: z.string().optional(),
  /** Its bytes come by a form: what was posted first becomes the parts, and nobody sends others. */
  form: z.literal(true).optional(),
  /** What its bytes are held to, whoever sends them. */
  restrict: z
    .object({ max_bytes: z.number().optional(), types: z.array(z.string().max(127)).max(20).optional() })
    .optional(),
  /** Part URLs take the planned lengths alone, so that what they can store is the declared size. */
  bounded: z.literal(true).optional(),
  /** By what it was started, where it goes on without its client's own token. */
  scopes: z.array(scope).optional(),
  made_by: madeByRecord.optional(),
  /** Whoever shows it may go on with this session. */
  upload_token: uploadTokenRecord.optional(),
  size: z.number().optional(),
  part_size: z.number(),
  part_count: z.number().optional(),
  content_type: z.string().optional(),
  checksum: digests.optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  /** Seconds, or no end; what finalize says counts before it. */
  expire_in: z.number().nullish(),
  created_at: z.string(),
  expires_ms: z.number(),
  /**
   * Which finalize first may have had S3 put the parts together, and when (ms). S3 works on for minutes after a call
   * that nobody waits for any more, and shows neither the parts nor the object meanwhile.
   */
  assembling: z.object({ attempt: z.string(), since_ms: z.number() }).optional(),
  /** It ended before its time: S3 had forgotten it, and made nothing of it. */
  lost: z.literal(true).optional(),
  /** S3 has put the parts together already; no more of them can come. */
  assembled: z.object({ parts: z.number(), size: z.number() }).optional(),
  intent: intent.optional(),
  /** The latest finalize's, also where its intent was withdrawn: one that comes after it and isn't later is a copy. */
  latest_attempt: z.string().optional(),
  outcome: outcome.optional(),
  terms: terms.optional(),
  /** The link that came with it leads to its version, and not to whatever becomes current. */
  share_bound: z.boolean().optional(),
  rejection: rejection.optional(),
});

export type UploadRecord = z.infer<typeof uploadRecord>;

/** S3's id of the multipart upload. @throws Error for an upload in one request, which has none. */
export function multipartOf({ upload_id, s3_upload_id }: UploadRecord): string {
  if (s3_upload_id === undefined) throw new Error(`${upload_id} came in one request and has no parts`);
  return s3_upload_id;
}

/** One whose folder is there. */
export type PlacedUpload = UploadRecord & { folder_id: string };

/** How long a finished session still answers: longer than any of S3's late events. */
export const KEEP_MS = 14 * 86_400_000;
