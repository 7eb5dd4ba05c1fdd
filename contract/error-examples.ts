/** What problems may tell, by code, for readers of `/openapi.json`; no code that must tell something is left out. */
import type { ErrorMembers } from "./error-members.ts";
import type { ErrorCode } from "./errors.ts";

type Members = { [C in ErrorCode]: ErrorMembers<C> };
/** Codes of which every problem has members. */
type Telling = {
  [C in ErrorCode]: Record<never, never> extends Members[C] ? never : C;
}[ErrorCode];

const file_id = "file_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const version_id = "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const client_id = "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const acquired_at = "2026-01-01T00:00:00.000Z";

export const errorExamples: Pick<Members, Telling> & Partial<Members> = {
  invalid_request: { in: "body", errors: [{ pointer: "/filename", detail: "the name is empty" }] },
  unknown_field: { in: "body", errors: [{ pointer: "/file_name", detail: "is not a known field" }] },
  chunk_too_small: { part_number: 2, size: 1_048_576, min_bytes: 5_242_880 },
  policy_denied: { rule: "uploads.max_bytes", limit: 1_000_000, given: 2_000_000 },
  policy_mismatch: { version: 4 },
  forbidden: { required_scopes: ["files:write"] },
  workspace_ambiguous: { workspace_ids: ["ws_01JZZZZZZZZZZZZZZZZZZZZZZZ"] },
  name_taken: { name: "report.pdf", kind: "file" },
  parts_missing: {
    missing_parts: [[4, 4]],
    received: [
      [1, 3],
      [5, 5],
    ],
    bytes_received: 67_108_864,
  },
  size_mismatch: { expected: 20, actual: 19, received: [[1, 1]] },
  batch_failed: {
    items: [
      {
        status: 404,
        error: {
          type: "urn:wharf:problem:not_found",
          title: "There is nothing here for you",
          status: 404,
          detail: 'No upload "upl_01JZZZZZZZZZZZZZZZZZZZZZZZ" that this token can see.',
          code: "not_found",
          request_id: "5b76bd1f-4bf5-4269-bf96-d9012fff56e3",
        },
      },
    ],
  },
  terms_mismatch: { terms: ["password"], file_id, version_id },
  upload_closed: { state: "completed", file_id, version_id },
  idempotency_in_progress: { retry_after_seconds: 1 },
  grant_limit: { max: 1_000 },
  lock_lost: { fencing_token: 8, version_id },
  lock_limit: { live: 250, max: 250, retry_after_seconds: 60 },
  endpoint_limit: { max_endpoints: 100 },
  session_limit: { open: 1_000, max: 1_000, retry_after_seconds: 60 },
  wait_limit: { max: 20, retry_after_seconds: 1 },
  password_limit: { max: 10, retry_after_seconds: 2 },
  renewal_limit: { acquired_at, expires_at: "2026-01-02T00:00:00.000Z" },
  recovery_running: { job_id: "job_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
  link_gone: { reason: "used_up" },
  invitation_gone: { reason: "expired" },
  transfer_gone: { reason: "claimed" },
  version_mismatch: { version_id },
  payload_too_large: { max_bytes: 4_194_304, upload_path: "/v1/uploads" },
  checksum_mismatch: { algorithm: "crc32", expected: "00000000", actual: "3610a686" },
  type_mismatch: { claimed: ".pdf", actual: "exe" },
  file_locked: {
    file_id,
    holder: { client_id, name: "agent-7" },
    reason: "rewriting the summary",
    acquired_at,
    expires_at: "2026-01-01T00:05:00.000Z",
    retry_after_seconds: 302,
  },
  rate_limited: { retry_after_seconds: 1 },
  finalizing: { retry_after_seconds: 5 },
  unavailable: { retry_after_seconds: 1 },
  storage_full: { retry_after_seconds: 30 },
};
