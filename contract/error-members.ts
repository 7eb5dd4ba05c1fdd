/** What each code's problems tell beside the conventional members (RFC 9457, 3.2): for programs, as `detail` is for people. */
import * as z from "zod";
import { attempt } from "#core/attempts/contract.ts";
import { invitationEnd } from "#core/invitations/contract.ts";
import { shareState } from "#core/links/contract.ts";
import { lockedMembers } from "#core/locks/contract.ts";
import { ruleId } from "#core/policy/contract.ts";
import { transferEnd } from "#core/transfers/contract.ts";
import { uploadState } from "#core/uploads/contract.ts";
import { MAX_DIRECT_BYTES } from "#core/uploads/limits.ts";
import { partRanges } from "#core/uploads/parts-contract.ts";
import { refusedItem } from "./batch.ts";
import { at, id, idOf, mismatch, orNull } from "./common.ts";
import { type ErrorCode, errorCodes, isErrorCode } from "./errors.ts";
import { problemWith } from "./problem-with.ts";
import { memberRole } from "./roles.ts";
import { action, scope } from "./scopes.ts";

const count = (what: string) => z.int().meta({ description: `${what}.` });
const bytes = (what: string) => z.int().meta({ description: `${what}, in bytes.` });
const retry = (what: string) =>
  z
    .int()
    .min(1)
    .meta({ description: `Seconds until ${what}; also \`Retry-After\`.` });

const again = retry("it is worth another try");
const raced = retry("the same request is worth another try, where others got in its way").optional();
const offset = bytes(
  "Where the first byte stands that can't be read, counted from the value's first",
).optional();
const supported = z
  .array(z.enum(["crc32", "crc32c", "sha256"]).meta({ id: "ChecksumAlgorithm" }))
  .meta({ description: "Checksums that this upload can be sent with." })
  .optional();
const smallPart = {
  part_number: count("The part that is too small, counted from 1"),
  size: bytes("What S3 holds of it"),
  min_bytes: bytes("The least that any part but the last has"),
};
const received = partRanges.meta({
  description: "Numbers of the parts that S3 holds, as ranges with both ends.",
});
const items = z
  .array(refusedItem)
  .meta({ description: "Of a batch of which nothing was done: each, in the order of the request." });
const currentVersion = id("ver").meta({ description: "The file's current version." });

const fault = z
  .object({
    pointer: z.string().meta({
      description: "JSON Pointer (RFC 6901) to the value, or to the parameter's name; empty: the whole.",
    }),
    detail: z.string().meta({ description: "What is wrong with it and what is allowed." }),
  })
  .meta({ id: "Fault" });
const faults = {
  in: z
    .enum(["path", "query", "header", "body"])
    .meta({ description: "Which part of the request is not valid." }),
  errors: z.array(fault).meta({ description: "Each value that is not valid: the first 20." }),
};

/**
 * The members of each code that has any. Those that every problem of the code has are required.
 *
 * What is thrown is typed by it (`WharfError`), `/openapi.json` and `/docs` show it, and the tests' clients take no
 * refusal with a member that it lacks.
 */
const errorMembers = {
  invalid_request: {
    in: faults.in.optional(),
    errors: faults.errors.optional(),
    header: z.string().meta({ description: "The header that is not valid, in lower case." }).optional(),
    offset,
    size: bytes("The declared size that the request goes past").optional(),
    last_part: count("The highest part that an upload of this size can have").optional(),
    part_count: count("The upload's parts").optional(),
    min_part_size: bytes(
      "The least `part_size` by which the file fits into the parts that S3 takes",
    ).optional(),
    max_path_bytes: bytes("The longest path of a file, folders included, in UTF-8").optional(),
    max_depth: count("Folders that a path can have").optional(),
  },
  workspace_ambiguous: {
    workspace_ids: z
      .array(id("ws"))
      .meta({ description: "The workspaces that have the name: say which by its id." }),
  },
  invalid_authorization_details: {
    index: z.int().optional().meta({ description: "Which element of the list it is, from 0." }),
  },
  grant_limit: { max: count("As many as there may be").optional() },
  unknown_field: faults,
  invalid_json: { offset },
  chunk_too_small: smallPart,
  checksum_unsupported: { supported },
  forbidden: {
    required_scopes: z.array(scope).meta({
      description: "Scopes that would do: any one of them, or all for an Idempotency-Key's recorded answer.",
    }),
    required_action: action
      .optional()
      .meta({ description: "What the caller would have to be granted there, where it sees the resource." }),
    grantors: z
      .array(idOf("usr", "cli", "grp"))
      .optional()
      .meta({
        description:
          "Who could grant it, the nearest first, five at most: for members of the organization whose token has `members:read`.",
      }),
    required_role: z
      .array(memberRole)
      .optional()
      .meta({ description: "Roles in the organization of which any one would do." }),
  },
  policy_denied: {
    rule: ruleId.meta({ description: "Which field of the policy forbids it." }),
    limit: z.unknown().meta({ description: "What that is set to; `null` where it isn't told." }),
    given: z.unknown().meta({ description: "What was asked for, or is so." }),
  },
  policy_mismatch: { version: z.int().meta({ description: "How often the policy was set by now." }) },
  wrong_password: {
    retry_after_seconds: retry("another password can be tried, where that isn't at once").optional(),
  },
  conflict: {
    retry_after_seconds: raced,
    version_id: currentVersion.optional(),
    bytes_received: bytes("What S3 holds of the upload").optional(),
    size: bytes("The upload's declared size").optional(),
    expected_offset: bytes("Where the next chunk in order begins").optional(),
    part_size: bytes("What a chunk has, but the last, that is to come out of order").optional(),
  },
  name_taken: {
    name: z.string().meta({ description: "The name that is taken." }).optional(),
    kind: z
      .enum(["file", "folder", "upload", "workspace"])
      .meta({ description: "What has the name; `upload`: a session that keeps it." })
      .optional(),
    file_id: id("file").meta({ description: "The file that stands where a folder is to be." }).optional(),
    folder_id: id("fld").meta({ description: "The folder that stands there already." }).optional(),
    reserved_until: at("Until when the session keeps the name at least").optional(),
    upload_id: id("upl").meta({ description: "That session, where it is the caller's own." }).optional(),
  },
  parts_missing: {
    missing_parts: partRanges
      .meta({ description: "Numbers of the parts to send, as ranges with both ends: `[[2,4]]`." })
      .optional(),
    different_parts: partRanges
      .meta({
        description: "Numbers of the parts that S3 doesn't hold as the request lists them, as ranges.",
      })
      .optional(),
    received: received.optional(),
    bytes_received: bytes("What those parts have together").optional(),
    retry_after_seconds: raced,
  },
  size_mismatch: {
    expected: bytes("The declared size"),
    actual: bytes("The size that has arrived"),
    received: received.optional(),
  },
  terms_mismatch: {
    terms: z
      .array(
        z.enum(["share", "expire_in", "max_downloads", "password", "checksum"]).meta({ id: "UploadTerm" }),
      )
      .meta({ description: "On which terms the request differs from the one that made the file." }),
    file_id: id("file").meta({ description: "The file that was made." }),
    version_id: id("ver").meta({ description: "The version that was made." }),
  },
  upload_closed: {
    state: uploadState.meta({ description: "The session's state." }).optional(),
    file_id: id("file").meta({ description: "Where it is completed: the file." }).optional(),
    version_id: id("ver").meta({ description: "Where it is completed: the version." }).optional(),
  },
  idempotency_in_progress: {
    retry_after_seconds: retry("the key's first request has been answered or given up at the latest"),
  },
  lock_lost: {
    fencing_token: z
      .int()
      .meta({
        description: "The file's fencing number as it is now; higher than the lease's: another had it.",
      })
      .optional(),
    version_id: currentVersion.optional(),
  },
  lock_limit: {
    live: count("Locks that are held, by the client or in the deployment, as `max` is"),
    max: count("Locks that may be"),
    retry_after_seconds: again,
  },
  endpoint_limit: { max_endpoints: count("Endpoints that one client can have") },
  session_limit: {
    open: count("Uploads that the client has open"),
    max: count("Uploads that it may have open"),
    retry_after_seconds: again,
  },
  wait_limit: { max: count("Calls that may wait at once"), retry_after_seconds: again },
  password_limit: {
    max: count("Passwords that may be hashed at once, of those that the caller has a share of"),
    retry_after_seconds: again,
  },
  renewal_limit: {
    acquired_at: at("When the lock was acquired, from which its longest life counts"),
    expires_at: at("When the lease ends"),
  },
  webhook_disabled: {
    attempt: attempt.meta({ description: "The test that `enable` sent and that failed." }).optional(),
  },
  recovery_running: { job_id: id("job").meta({ description: "The recovery that is still running." }) },
  upload_expired: { expires_at: at("When the session expired").optional() },
  link_gone: {
    reason: shareState
      .exclude(["active"])
      .meta({ id: "LinkEnd", description: "Why the link leads nowhere; `deleted`: its file or version is." }),
  },
  invitation_gone: { reason: invitationEnd },
  transfer_gone: { reason: transferEnd },
  version_mismatch: {
    version_id: orNull(id("ver"), "The file's current version; `null`: there is no file of this name."),
    file_id: id("file").meta({ description: "The file that has the name." }).optional(),
  },
  payload_too_large: {
    max_bytes: bytes("The largest body that this route takes; of a file by one request, the file"),
    max_chunk_bytes: bytes("The largest chunk").optional(),
    upload_path: z
      .literal("/v1/uploads")
      .meta({ description: `Where files of more than ${MAX_DIRECT_BYTES} bytes are started.` })
      .optional(),
  },
  batch_failed: { items },
  checksum_mismatch: {
    algorithm: z.enum(["crc32", "crc32c", "sha256"]).meta({ description: "Which checksum differs." }),
    expected: z.string().meta({ description: "The declared one, in lower-case hex." }),
    actual: z
      .string()
      .meta({ description: "The content's, in lower-case hex, where it is known." })
      .optional(),
  },
  type_mismatch: mismatch.shape,
  file_locked: lockedMembers,
  rate_limited: { retry_after_seconds: again },
  finalizing: { retry_after_seconds: retry("the same finalize is worth another try") },
  unavailable: { retry_after_seconds: again, items: items.optional() },
  storage_full: { retry_after_seconds: again },
} satisfies { [C in ErrorCode]?: z.ZodRawShape };

type AllMembers = {
  [C in ErrorCode]: C extends keyof typeof errorMembers
    ? z.input<z.ZodObject<(typeof errorMembers)[C]>>
    : Record<string, never>;
};
/** The members of a code's problems. */
export type ErrorMembers<C extends ErrorCode> = AllMembers[C];

const shapes: { [C in ErrorCode]?: z.ZodRawShape } = errorMembers;

/** The problems of every code, as `/openapi.json` shows them. */
export const allProblems = new Map(
  Object.keys(errorCodes)
    .filter(isErrorCode)
    .map((code) => [code, problemWith(code, shapes[code] ?? {})]),
);
