/** Shapes of what the table stores of endpoints and deliveries, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { scope } from "#contract/scopes.ts";
import { madeByRecord } from "#core/access/records.ts";
import { deliveryStatus, trigger } from "./contract.ts";

export const hookRecord = z.object({
  webhook_id: z.string(),
  /** Who made it, a client or a person: it hears what that one may have webhooks for. */
  client_id: z.string(),
  /** Whose admins see it. */
  organization_id: z.string().optional(),
  /** Scopes of the token that made it: it never hears more. All of its client's where that isn't said. */
  scopes: z.array(scope).optional(),
  /** And its restriction. */
  made_by: madeByRecord.optional(),
  /**
   * Where `webhook_failing` and `webhook_disabled` are told: its maker's own workspace when it registered, else one that
   * it was granted, else the organization.
   */
  workspace_id: z.string(),
  url: z.string(),
  /** `["*"]` for all. */
  events: z.array(z.string()),
  /** Only events of files in or below these folders; empty for all. */
  folders: z.array(z.string()).default([]),
  description: z.string().optional(),
  rate_per_second: z.number(),
  disabled_at: z.string().optional(),
  disabled_reason: z.string().optional(),
  /** The ping that this URL is sent first; absent in records of earlier versions. */
  ping_id: z.string().optional(),
  /**
   * Another with each new URL and each time that it is enabled: what is found out in one says nothing of the next. Its
   * state has the same. Absent in records of earlier versions.
   */
  epoch: z.string().optional(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type HookRecord = z.infer<typeof hookRecord>;

/** In an item of its own, so that nothing but signing ever reads it. */
export const hookSecretRecord = z.object({
  current: z.string(),
  /** Signs beside `current` until `previous_until_ms`. */
  previous: z.string().optional(),
  previous_until_ms: z.number().optional(),
  /** `X-Signature` is the current secret's although the overlap goes on. */
  promoted: z.boolean().optional(),
});
export type HookSecretRecord = z.infer<typeof hookSecretRecord>;

/** Beside these: `slot_<n>` (see `slots.ts`), `ok_<minute>` and `bad_<minute>` (attempts that ended so). */
export const hookState = z.looseObject({
  webhook_id: z.string().optional(),
  /** The endpoint's. */
  epoch: z.string().optional(),
  /** How often something has been found out; orders what follows from it (`planWakeUp`). */
  judged: z.number().optional(),
  /** When it was last sent something before it was verified. */
  trial_ms: z.number().optional(),
  /** When the next request may go by the rate (ms); ahead of now where turns have been given out. */
  turn_ms: z.number().optional(),
  /** Who moved it ahead last. */
  turn_by: z.string().optional(),
  /** When the next request may go by those that have gone (ms). */
  sent_ms: z.number().optional(),
  /** Moving average of attempts' durations. */
  latency_ms: z.number().optional(),
  /** The same of those that it answered with 2xx. */
  answered_ms: z.number().optional(),
  paused_until_ms: z.number().optional(),
  /** Failures since the last success. */
  failures: z.number().optional(),
  /** The breaker is open; at this moment one probe may go. */
  open_until_ms: z.number().optional(),
  open_for_ms: z.number().optional(),
  probe_until_ms: z.number().optional(),
  failing_since_ms: z.number().optional(),
  /** Failures since then. */
  failing_count: z.number().optional(),
  last_failure_ms: z.number().optional(),
  last_success_ms: z.number().optional(),
  /** Of its first success; absent where that was before this was kept. */
  verified_ms: z.number().optional(),
  /** Hours of the warning given last: 24 or 72. */
  warned_hours: z.number().optional(),
});
export type HookState = z.infer<typeof hookState>;

/** See `host-shares.ts`. */
export const hostRecord = z.object({ turn_ms: z.number() });

export const deliveryRecord = z.object({
  delivery_id: z.string(),
  webhook_id: z.string(),
  /** Whose endpoint it is; absent in rows of earlier versions. */
  client_id: z.string().optional(),
  event_id: z.string(),
  event_type: z.string(),
  /** Of whose log the event is: one of them. */
  workspace_id: z.string().optional(),
  organization_id: z.string().optional(),
  request_id: z.string(),
  status: deliveryStatus,
  trigger,
  /** Attempts made in all. */
  attempts: z.number(),
  /** Attempts made in this run of the schedule; `redeliver` and `recover` start it anew. */
  step: z.number(),
  /** When this run of the schedule began. */
  started_ms: z.number(),
  /** When the next attempt is due; also names it (see `deliveryMessage`). */
  next_ms: z.number(),
  /** It was due before, and had to wait for its endpoint. */
  deferred: z.boolean().optional(),
  /** A turn of the endpoint's rate is kept for `next_ms`. */
  reserved: z.boolean().optional(),
  /**
   * How many clients had endpoints at its host when it was written, among whom the host's rate is parted; 0 where no
   * other endpoint was there. Absent where nobody looked: in pings, and in what is sent again.
   */
  host_clients: z.number().optional(),
  /** The endpoint's when it was written, and so its URL's. */
  epoch: z.string().optional(),
  /** How often the sweep has sent a message for this `next_ms`. */
  rearms: z.number().default(0),
  lease: z.string().optional(),
  lease_until_ms: z.number().optional(),
  /** The sweep's that sent its last message. */
  rearmed_by: z.string().optional(),
  last_status: z.number().nullable().optional(),
  last_error: z.string().nullable().optional(),
  /** Why it ended without success. */
  reason: z.string().nullable().optional(),
  created_ms: z.number(),
  finished_at: z.string().optional(),
  job_id: z.string().optional(),
  due_sk: z.string().optional(),
  /** A test's event is nobody else's, so its body stands here instead of in the outbox. */
  body: z.string().optional(),
});
export type DeliveryRecord = z.infer<typeof deliveryRecord>;
