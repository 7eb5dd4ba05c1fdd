/** Locks: exclusive leases on files, with a fencing number that only grows. */
import * as z from "zod";
import { at, distinct, id, idOf, orTime } from "#contract/common.ts";
import { lockToken as lockTokenHeader } from "#contract/headers.ts";
import { problemWith } from "#contract/problem-with.ts";
import { defineRoute } from "#contract/route.ts";

/** Files in one batch. */
const MAX_BATCH = 25;
/** Hours that one lease can be renewed for, counted from its acquisition. */
export const MAX_RENEWAL_HOURS = 24;
/** Seconds that a lease lives which had to be waited for, until its holder shows itself. */
export const PROVISIONAL_SECONDS = 10;

const ttlSeconds = z
  .int()
  .min(30)
  .max(3_600)
  .meta({ description: "Seconds that the lease lives: 30 … 3,600." });
const lockToken = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: "The secret that the acquisition showed once." });
const reason = z
  .string()
  .min(1)
  .max(256)
  .meta({ description: "Why, for people: whoever meets the lock or misses it reads it." });
const holder = z
  .object({
    client_id: idOf("cli", "usr").meta({
      description: "The client or person that has it: `cli_…` or `usr_…`.",
    }),
    name: z.string().meta({ description: "`client` of the acquisition, else the API client's name." }),
  })
  .meta({ id: "LockHolder", description: "Who has the lock." });
const fencing = z.int().meta({
  description:
    "Grows with every grant and every break of this file's lock: stores compare it with the last they saw.",
});
const serverTime = at("The server's clock as it answered, to count leases by");

/** Seconds that one call can wait for a lock's holder. */
const MAX_LOCK_WAIT_SECONDS = 20;

const terms = {
  ttl_seconds: ttlSeconds.default(300),
  reason: reason.optional(),
  client: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: "Who holds it, where many share one API client." }),
};

const lockRequest = z.strictObject({
  ...terms,
  wait_seconds: z
    .int()
    .min(0)
    .max(MAX_LOCK_WAIT_SECONDS)
    .default(0)
    .meta({ description: "How long to wait for the holder: 0 … 20 s." }),
});

const waitRequest = z.strictObject({
  ...terms,
  wait_seconds: z
    .int()
    .min(1)
    .max(MAX_LOCK_WAIT_SECONDS)
    .default(MAX_LOCK_WAIT_SECONDS)
    .meta({ description: "How long to wait for the holder: 1 … 20 s." }),
});

export const lockGrant = z
  .object({
    file_id: id("file"),
    lock_id: id("lock"),
    lock_token: lockToken,
    fencing_token: fencing,
    acquired_at: at("When the holding began; renewals don't move it"),
    expires_at: at("When the lease ends unless it is renewed"),
    server_time: serverTime,
    renew_after_seconds: z.int().meta({ description: "A third of what is left of the lease, in seconds." }),
    provisional: z.boolean().meta({
      description: `True where the lock had to be waited for: the lease ends in ${PROVISIONAL_SECONDS} s unless a renewal or a write with its token comes first, which gives it its \`ttl_seconds\`.`,
    }),
    version_id: id("ver").meta({ description: "The current version at the moment of the grant." }),
  })
  .meta({ id: "LockGrant" });
export type LockGrant = z.infer<typeof lockGrant>;

/** What 423 `file_locked` tells beside the conventional members of a problem. */
export const lockedMembers = {
  file_id: id("file"),
  holder: holder.optional(),
  reason: reason.optional(),
  acquired_at: at("When its holding began").optional(),
  expires_at: at("When the lock is free unless it is renewed"),
  retry_after_seconds: z
    .int()
    .meta({ description: "Seconds until the lock is free at the latest, unless it is renewed." }),
};
export const lockedProblem = problemWith("file_locked", lockedMembers);

export const lockState = z
  .object({
    locked: z.boolean().meta({ description: "Whether a lease lives." }),
    holder: holder.optional(),
    reason: reason.optional(),
    acquired_at: at("When the holding began").optional(),
    expires_at: orTime("When the lease ends unless it is renewed; `null`: nobody has it."),
    fencing_token: fencing,
    server_time: serverTime,
  })
  .meta({ id: "LockState" });

const renewRequest = z.strictObject({
  lock_token: lockToken,
  ttl_seconds: ttlSeconds.optional().meta({
    description: "Seconds that the lease lives from now: 30 … 3,600; as long as at first unless said.",
  }),
});
export const renewAnswer = lockGrant.omit({ lock_token: true, provisional: true, version_id: true });
const breakRequest = z.strictObject({ reason });
const batchRequest = z.strictObject({
  ...terms,
  file_ids: distinct(id("file"), { min: 1, max: MAX_BATCH }).meta({
    description: "Files of one or many workspaces; all are locked or none is.",
  }),
});
export const batchAnswer = z.object({
  items: z.array(lockGrant).meta({ description: "One grant for each of `file_ids`, in that order." }),
});

const params = { id: id("file") };
const tag = "Locks";
const common = ["not_found", "not_a_file"] as const;

const grantExample = {
  file_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  lock_id: "lock_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  lock_token: "whl_example",
  fencing_token: 7,
  acquired_at: "2026-01-01T00:00:00.000Z",
  expires_at: "2026-01-01T00:05:00.000Z",
  server_time: "2026-01-01T00:00:00.000Z",
  renew_after_seconds: 100,
  provisional: false,
  version_id: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ",
};

const acquireErrors = [...common, "file_locked", "lock_limit"] as const;

export const acquireLockRoute = defineRoute({
  id: "acquireLock",
  method: "POST",
  path: "/v1/files/{id}/lock",
  summary: "Acquire a file's lock",
  description:
    "A lock is mandatory: while it lives, only writes that show its token are committed. Renew it after a third of its life, and stop on 409 `lock_lost`. Where another holds it and `wait_seconds` is more than 0, the answer is a redirect to where callers wait; what 423 would say is in its body.",
  tag,
  access: { action: "lock", on: "file" },
  params,
  body: lockRequest,
  responses: {
    201: { description: "Granted", schema: lockGrant },
    307: {
      description:
        "Another holds it; send the same request to `Location`, as clients that follow redirects do",
      schema: lockedProblem,
      type: "application/problem+json",
      headers: { Location: "Relative: this file's `lock/wait`." },
    },
  },
  errors: acquireErrors,
  example: {
    request: { ttl_seconds: 300, reason: "rewriting the summary", client: "agent-7" },
    response: grantExample,
  },
});

export const waitForLockRoute = defineRoute({
  id: "waitForLock",
  method: "POST",
  path: "/v1/files/{id}/lock/wait",
  summary: "Acquire a file's lock, waiting for its holder",
  description:
    "As `acquireLock`, asked again until `wait_seconds` are over. Waiters have a function of their own with so many places, of which a client has half of what others leave: where they are taken the answer is 429 `wait_limit` with Retry-After, and calls that don't wait go on. An `Idempotency-Key` counts for both routes. A lease that had to be waited for is `provisional`, since who asked may have hung up: renew it within 10 s, or it is gone. A repeat under the same key answers the grant while it lives, and acquires anew after.",
  tag,
  access: { action: "lock", on: "file" },
  params,
  body: waitRequest,
  idempotentWith: acquireLockRoute.id,
  responses: { 201: { description: "Granted", schema: lockGrant } },
  errors: [...acquireErrors, "wait_limit"],
  example: {
    request: { ttl_seconds: 300, wait_seconds: 20, client: "agent-7" },
    response: {
      ...grantExample,
      expires_at: "2026-01-01T00:00:10.000Z",
      renew_after_seconds: 3,
      provisional: true,
    },
  },
});

export const renewLockRoute = defineRoute({
  id: "renewLock",
  method: "POST",
  path: "/v1/files/{id}/lock/renew",
  summary: "Renew a lease: its expiry is replaced",
  tag,
  access: { action: "lock", on: "lock" },
  params,
  body: renewRequest,
  idempotency: "after",
  responses: { 200: { description: "Renewed", schema: renewAnswer } },
  errors: [...common, "lock_lost", "renewal_limit", "conflict"],
  example: {
    request: { lock_token: grantExample.lock_token, ttl_seconds: 300 },
    response: {
      file_id: grantExample.file_id,
      lock_id: grantExample.lock_id,
      fencing_token: grantExample.fencing_token,
      acquired_at: grantExample.acquired_at,
      expires_at: "2026-01-01T00:06:40.000Z",
      server_time: "2026-01-01T00:01:40.000Z",
      renew_after_seconds: 100,
    },
  },
});

export const releaseLockRoute = defineRoute({
  id: "releaseLock",
  method: "DELETE",
  path: "/v1/files/{id}/lock",
  summary: "Release a lock; repeating it changes nothing",
  tag,
  access: { action: "lock", on: "lock" },
  params,
  headers: {
    "Lock-Token": lockTokenHeader.meta({
      description: "The lease's secret: `lock_token` of its acquisition.",
    }),
  },
  responses: { 204: { description: "Released, or not held by anyone" } },
  errors: [...common, "lock_token_mismatch", "conflict"],
});

export const getLockRoute = defineRoute({
  id: "getLock",
  method: "GET",
  path: "/v1/files/{id}/lock",
  summary: "See who holds a file's lock (strongly consistent)",
  tag,
  access: { action: "list", on: "lock" },
  scopes: ["files:read", "locks:write"],
  params,
  responses: { 200: { description: "The lock as it is now", schema: lockState } },
  errors: common,
  example: {
    response: {
      locked: true,
      holder: { client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ", name: "agent-7" },
      reason: "rewriting the summary",
      acquired_at: grantExample.acquired_at,
      expires_at: grantExample.expires_at,
      fencing_token: grantExample.fencing_token,
      server_time: "2026-01-01T00:01:00.000Z",
    },
  },
});

export const breakLockRoute = defineRoute({
  id: "breakLock",
  method: "POST",
  path: "/v1/files/{id}/lock/break",
  summary: "Break another's lock, with a reason that its holder will see",
  tag,
  access: { action: "break", on: "file" },
  params,
  body: breakRequest,
  responses: { 200: { description: "Broken; the fencing number has grown", schema: lockState } },
  errors: [...common, "conflict"],
  example: {
    request: { reason: "agent-7 hangs since noon" },
    response: {
      locked: false,
      expires_at: null,
      fencing_token: grantExample.fencing_token + 1,
      server_time: "2026-01-01T00:01:00.000Z",
    },
  },
});

export const lockBatchRoute = defineRoute({
  id: "lockBatch",
  method: "POST",
  path: "/v1/locks/batch",
  summary: `Acquire the locks of up to ${MAX_BATCH} files, all or none`,
  tag,
  access: { action: "lock", decides: "the body names the files, each of which is decided" },
  body: batchRequest,
  responses: { 201: { description: "All granted, in the order asked for", schema: batchAnswer } },
  errors: acquireErrors,
  example: {
    request: { file_ids: [grantExample.file_id], ttl_seconds: 300, client: "agent-7" },
    response: { items: [grantExample] },
  },
});
