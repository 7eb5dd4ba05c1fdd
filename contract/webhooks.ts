/** Webhooks: endpoints, their deliveries, and the log of events for those who can't be reached. */
import * as z from "zod";
import { distinct, id, page, time } from "./common.ts";
import { event, eventType, eventTypes } from "./events.ts";
import { defineRoute } from "./route.ts";

/** Endpoints of one client; fan-out matches every event against each endpoint. */
export const MAX_ENDPOINTS = 100;
/** Requests per second to one endpoint unless it is set. */
export const DEFAULT_RATE = 50;
export const MAX_RECOVER_DAYS = 14;
/** Seconds that a request for events may wait. */
export const MAX_WAIT_SECONDS = 20;
const MAX_OVERLAP_SECONDS = 604_800;

const subscription = distinct(
  z.enum(["*", ...eventTypes], `must be "*" or one of ${eventTypes.join(", ")}`),
  { min: 1, max: 50 },
)
  .refine((events) => events.length === 1 || !events.includes("*"), '"*" stands alone')
  .meta({ description: 'Event types, or `["*"]` for all.', example: ["upload_completed"] });

const url = z.string().min(1).max(2_048).meta({
  description: "https on port 443, with a public name.",
  example: "https://ci.example.com/hooks/wharf",
});

const folders = distinct(id("fld"), { max: 20 }).meta({
  description: "Only events of files in or below one of these folders; empty for all.",
});

const description = z.string().max(500);

const ratePerSecond = z
  .int()
  .min(1)
  .max(500)
  .meta({ description: `Requests per second at most; ${DEFAULT_RATE} unless set.` });

/** Standard Webhooks: 24 to 64 bytes of key. */
const secret = z
  .string()
  .max(100)
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, "must be whsec_ and base64")
  .refine((value) => {
    const [, encoded = ""] = value.split("_");
    const key = Buffer.from(encoded, "base64");
    return key.length >= 24 && key.length <= 64 && key.toString("base64") === encoded;
  }, "must hold 24 to 64 bytes in canonical base64")
  .meta({ description: "`whsec_` and the base64 of 24–64 random bytes. Made for you unless you send one." });

export const deliveryStatus = z.enum(["pending", "succeeded", "failed", "skipped_disabled", "cancelled"]);
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** What set an attempt off. */
export const trigger = z.enum(["event", "redeliver", "recover", "test", "enable"]);
export type Trigger = z.infer<typeof trigger>;

/** Why an attempt got no answer. */
export const errorClass = z.enum(["dns", "connect", "tls", "reset", "timeout", "protocol", "egress_blocked"]);
export type ErrorClass = z.infer<typeof errorClass>;

export const disabledReason = z.enum(["manual", "gone", "asked", "failing", "revoked"]);
export type DisabledReason = z.infer<typeof disabledReason>;

export const webhook = z
  .object({
    webhook_id: id("hook"),
    url: z.string(),
    events: z.array(z.string()),
    folders: z.array(z.string()),
    description: z.string().nullable(),
    rate_per_second: z.int(),
    status: z.enum(["enabled", "disabled"]),
    disabled_at: time.nullable(),
    disabled_reason: disabledReason.nullable().meta({
      description:
        "`manual`; `gone`: answered 410; `asked`: answered `webhook-delivery: disable`; `failing`: no success for 120 h; `revoked`: with its client.",
    }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Webhook" });
export type Webhook = z.infer<typeof webhook>;

/** An endpoint with how its deliveries fare. */
export const webhookDetail = webhook.extend({
  health: z.object({
    verified_at: time.nullable().meta({
      description:
        "When this URL first answered a delivery with 2xx. Until then one delivery is sent at a time, and one a second.",
    }),
    last_success_at: time.nullable(),
    last_failure_at: time.nullable(),
    failing_since: time.nullable(),
    failures_in_row: z.int(),
    paused_until: time.nullable().meta({ description: "The endpoint asked for a pause by Retry-After." }),
    breaker_open_until: time
      .nullable()
      .meta({ description: "Nothing is sent until then, but one probe after." }),
    previous_secret_until: time.nullable().meta({ description: "Both secrets sign until then." }),
  }),
});

export const attempt = z
  .object({
    number: z.int(),
    trigger,
    url: z.string(),
    body_sha256: z.string(),
    started_at: time,
    dns_ms: z.number().nullable().meta({ description: "`null` where a kept connection was used." }),
    connect_ms: z.number().nullable(),
    tls_ms: z.number().nullable(),
    first_byte_ms: z.number().nullable(),
    total_ms: z.number(),
    remote_ip: z.string().nullable(),
    status: z.int().nullable(),
    answer: z.string().nullable().meta({ description: "The first 4 KiB of the answer's body." }),
    error_class: errorClass.nullable(),
    error: z.string().nullable(),
    retry_after_seconds: z.number().nullable(),
    signed_with: z.array(z.enum(["current", "previous"])),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof attempt>;

export const delivery = z
  .object({
    delivery_id: id("dlv"),
    webhook_id: id("hook"),
    event_id: id("evt"),
    event_type: z.string(),
    workspace_id: id("ws"),
    request_id: z.string(),
    status: deliveryStatus,
    reason: z.string().nullable().meta({ description: "Why it ended without success." }),
    attempts: z.int(),
    next_attempt_at: time.nullable(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: time,
    finished_at: time.nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof delivery>;
export const deliveryDetail = delivery.extend({ attempt_log: z.array(attempt) });

export const recovery = z
  .object({
    job_id: id("job"),
    webhook_id: id("hook"),
    state: z.enum(["running", "done", "cancelled", "failed"]).meta({
      description:
        "`cancelled`: with its endpoint; `failed`: it could not be carried out after several tries. Start another.",
    }),
    statuses: z.array(deliveryStatus),
    since: time,
    until: time,
    scanned: z.int().meta({ description: "Deliveries looked at." }),
    recovered: z.int().meta({ description: "Deliveries that are sent again." }),
    created_at: time,
    finished_at: time.nullable(),
  })
  .meta({ id: "Recovery" });
export type Recovery = z.infer<typeof recovery>;

const tag = "Webhooks";
const scopes = ["webhooks:write"] as const;
const params = { id: id("hook") };
const common = ["invalid_request", "unknown_field", "unauthenticated", "forbidden", "not_found"] as const;
const once = ["idempotency_mismatch", "idempotency_in_progress"] as const;

const shown: Webhook = {
  webhook_id: "hook_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  url: "https://ci.example.com/hooks/wharf",
  events: ["upload_completed"],
  folders: [],
  description: "CI",
  rate_per_second: DEFAULT_RATE,
  status: "enabled",
  disabled_at: null,
  disabled_reason: null,
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
};

export const registeredWebhook = webhook.extend({
  secret: z.string().meta({ description: "Signs the deliveries. Shown this once." }),
});

export const registerWebhookRoute = defineRoute({
  id: "registerWebhook",
  method: "POST",
  path: "/v1/webhooks",
  summary: "Register an endpoint",
  description: `Events of every workspace that the client may use come to it. A client has at most ${MAX_ENDPOINTS} endpoints.`,
  tag,
  scopes,
  body: z.strictObject({
    url,
    events: subscription,
    secret: secret.optional(),
    description: description.optional(),
    folders: folders.default([]),
    rate_per_second: ratePerSecond.default(DEFAULT_RATE),
  }),
  responses: { 201: { description: "The endpoint with its secret", schema: registeredWebhook } },
  errors: [...common, "invalid_url", "egress_blocked", "limit_exceeded", ...once],
  example: {
    request: { url: shown.url, events: shown.events, description: "CI" },
    response: { ...shown, secret: "whsec_…" },
  },
});

export const webhookPage = page.of(webhook);

export const listWebhooksRoute = defineRoute({
  id: "listWebhooks",
  method: "GET",
  path: "/v1/webhooks",
  summary: "List your endpoints, the oldest first",
  tag,
  scopes,
  query: page.query,
  responses: { 200: { description: "One page", schema: webhookPage } },
  errors: [...common, "invalid_cursor"],
});

export const eventTypeList = z.object({
  items: z.array(
    z.object({
      type: eventType,
      description: z.string(),
      schema: z.record(z.string(), z.unknown()).meta({ description: "JSON Schema 2020-12." }),
      example: event,
    }),
  ),
});

export const eventTypesRoute = defineRoute({
  id: "listEventTypes",
  method: "GET",
  path: "/v1/webhooks/event-types",
  summary: "Event types with JSON Schemas of their bodies and examples",
  tag,
  scopes,
  responses: {
    200: {
      description: "Every type",
      schema: eventTypeList,
    },
  },
  errors: ["unauthenticated", "forbidden"],
});

export const getWebhookRoute = defineRoute({
  id: "getWebhook",
  method: "GET",
  path: "/v1/webhooks/{id}",
  summary: "Get an endpoint and how its deliveries fare",
  tag,
  scopes,
  params,
  responses: { 200: { description: "The endpoint", schema: webhookDetail } },
  errors: common,
});

export const changeWebhookRoute = defineRoute({
  id: "changeWebhook",
  method: "PATCH",
  path: "/v1/webhooks/{id}",
  summary: "Change an endpoint; deliveries under way go to its new URL at their next attempt",
  tag,
  scopes,
  params,
  body: z.strictObject({
    url: url.optional(),
    events: subscription.optional(),
    description: description.nullable().optional(),
    folders: folders.optional(),
    rate_per_second: ratePerSecond.optional(),
  }),
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: [...common, "invalid_url", "egress_blocked"],
});

export const deleteWebhookRoute = defineRoute({
  id: "deleteWebhook",
  method: "DELETE",
  path: "/v1/webhooks/{id}",
  summary: "Delete an endpoint; its unfinished deliveries are cancelled",
  tag,
  scopes,
  params,
  responses: { 204: { description: "It is gone" } },
  errors: common,
});

export const disableWebhookRoute = defineRoute({
  id: "disableWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/disable",
  summary: "Disable an endpoint; what happens meanwhile can be recovered for 7 days",
  tag,
  scopes,
  params,
  body: z.strictObject({}),
  idempotency: "natural",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: common,
});

export const enableWebhookRoute = defineRoute({
  id: "enableWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/enable",
  summary: "Enable an endpoint once it answers a ping with 2xx, or by force",
  description: "The ping waits for 3 s.",
  tag,
  scopes,
  params,
  body: z.strictObject({
    force: z.boolean().default(false).meta({ description: "Enable it without the ping." }),
  }),
  idempotency: "natural",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: [...common, "webhook_disabled"],
});

/** What an endpoint has to answer a test or a ping in. */
export const TEST_SECONDS = 3;

export const testResult = z.object({
  delivery_id: id("dlv"),
  event_id: id("evt"),
  ok: z.boolean(),
  attempt,
});
export type TestResult = z.infer<typeof testResult>;

export const testWebhookRoute = defineRoute({
  id: "testWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/test",
  summary: "Send a webhook_test now and answer with the attempt",
  description: `Works for a disabled endpoint too. It is tried once, within ${TEST_SECONDS} s, and changes nothing of the endpoint's state. Deliveries have 15 s: an endpoint that takes longer than a test waits can be well all the same.`,
  tag,
  scopes,
  params,
  body: z.strictObject({}),
  idempotency: "natural",
  responses: {
    200: {
      description: "The attempt, whatever came of it",
      schema: testResult,
    },
  },
  errors: common,
});

export const rotatedSecret = z.object({
  webhook_id: id("hook"),
  secret: z.string().meta({ description: "Shown this once." }),
  previous_secret_until: time,
});
export type RotatedSecret = z.infer<typeof rotatedSecret>;

export const rotateWebhookSecretRoute = defineRoute({
  id: "rotateWebhookSecret",
  method: "POST",
  path: "/v1/webhooks/{id}/secret/rotate",
  summary: "Give an endpoint a new secret; the old one signs beside it for a while",
  description:
    "`webhook-signature` carries both, the new one first. `X-Signature` stays with the old secret until the overlap ends or until promote.",
  tag,
  scopes,
  params,
  body: z.strictObject({
    overlap_seconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(86_400),
    secret: secret.optional(),
  }),
  responses: {
    200: {
      description: "The new secret",
      schema: rotatedSecret,
    },
  },
  errors: [...common, ...once],
});

export const promoteWebhookSecretRoute = defineRoute({
  id: "promoteWebhookSecret",
  method: "POST",
  path: "/v1/webhooks/{id}/secret/promote",
  summary: "Let the new secret make X-Signature from now on",
  tag,
  scopes,
  params,
  body: z.strictObject({}),
  idempotency: "natural",
  responses: { 204: { description: "The current secret makes X-Signature" } },
  errors: common,
});

export const deliveryPage = page.of(delivery);

export const listDeliveriesRoute = defineRoute({
  id: "listDeliveries",
  method: "GET",
  path: "/v1/webhooks/{id}/deliveries",
  summary: "List an endpoint's deliveries, the newest events first",
  description: "Kept for 30 days. A page may hold fewer than `limit` although more follow.",
  tag,
  scopes,
  params,
  query: {
    ...page.query,
    status: deliveryStatus.optional(),
    event_type: eventType.optional(),
    since: time.optional().meta({ description: "Events from this moment on." }),
    until: time.optional().meta({ description: "Events before this moment." }),
  },
  responses: { 200: { description: "One page", schema: deliveryPage } },
  errors: [...common, "invalid_cursor"],
});

const deliveryParams = { ...params, delivery_id: id("dlv") };

export const getDeliveryRoute = defineRoute({
  id: "getDelivery",
  method: "GET",
  path: "/v1/webhooks/{id}/deliveries/{delivery_id}",
  summary: "Get a delivery with its attempts, the latest 100",
  tag,
  scopes,
  params: deliveryParams,
  responses: { 200: { description: "The delivery", schema: deliveryDetail } },
  errors: common,
});

export const redeliverRoute = defineRoute({
  id: "redeliver",
  method: "POST",
  path: "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver",
  summary: "Send a delivery again, with the whole schedule of retries",
  tag,
  scopes,
  params: deliveryParams,
  body: z.strictObject({}),
  responses: { 202: { description: "It is under way", schema: delivery } },
  errors: [...common, "webhook_disabled", "conflict", ...once],
});

export const recoverRoute = defineRoute({
  id: "recover",
  method: "POST",
  path: "/v1/webhooks/{id}/recover",
  summary: "Send an endpoint's deliveries of a span of time again",
  description: `A job: it begins within a minute. Spans up to ${MAX_RECOVER_DAYS} days; deliveries skipped while the endpoint was disabled can be recovered for 7 days. An endpoint has one running job at a time.`,
  tag,
  scopes,
  params,
  body: z.strictObject({
    since: time,
    until: time.optional(),
    statuses: distinct(z.enum(["failed", "skipped_disabled", "succeeded"]), { min: 1, max: 3 }).default([
      "failed",
      "skipped_disabled",
    ]),
  }),
  responses: { 202: { description: "The job", schema: recovery } },
  errors: [...common, "webhook_disabled", "recovery_running", ...once],
});

export const getRecoveryRoute = defineRoute({
  id: "getRecovery",
  method: "GET",
  path: "/v1/webhooks/{id}/recover/{job_id}",
  summary: "See how far a recovery is",
  tag,
  scopes,
  params: { ...params, job_id: id("job") },
  responses: { 200: { description: "The job with its counts", schema: recovery } },
  errors: common,
});

export const eventLog = z.object({
  items: z.array(event),
  next_cursor: z.string().meta({ description: "Never null: ask with it again." }),
});

export const listEventsRoute = defineRoute({
  id: "listEvents",
  method: "GET",
  path: "/v1/events",
  summary: "Read a workspace's events in order, waiting for the next ones",
  description:
    "For receivers without a public address. Every reader sees the same events in the same order, without gaps. Ask again with `after` set to the answer's `next_cursor`; keep that cursor where the work is kept. Events stay for 90 days.",
  tag: "Events",
  scopes: ["webhooks:write", "files:read"],
  query: {
    workspace: z.string().max(64).optional().meta({ description: "Id or name; default: the client's own." }),
    after: z.string().max(2_048).optional().meta({
      description: "A cursor; `latest` to begin with what happens next. Without it: the oldest events.",
    }),
    wait: z.coerce
      .number()
      .int()
      .min(0)
      .max(MAX_WAIT_SECONDS)
      .default(0)
      .meta({ description: "Seconds to wait for an event where there is none. HEAD never waits." }),
    type: z
      .string()
      .max(1_000)
      .transform((types) => types.split(","))
      .pipe(distinct(eventType, { min: 1, max: 50 }))
      .optional()
      .meta({ description: "Event types, comma-separated.", example: "upload_completed,file_deleted" }),
    folder: id("fld").optional().meta({ description: "Only events of files in or below this folder." }),
    limit: page.query.limit,
  },
  responses: {
    200: {
      description: "Events, possibly none",
      schema: eventLog,
    },
  },
  errors: ["invalid_request", "unknown_field", "invalid_cursor", "unauthenticated", "forbidden", "not_found"],
});
