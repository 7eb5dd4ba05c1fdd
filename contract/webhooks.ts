/** Webhooks: endpoints, their deliveries, and the log of events for those who can't be reached. */
import * as z from "zod";
import {
  at,
  cursor,
  distinct,
  given,
  givenTime,
  id,
  orNull,
  page,
  wholeNumber,
  workspaceRef,
} from "./common.ts";
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
  z.enum(["*", ...eventTypes], `must be "*" or one of ${eventTypes.join(", ")}`).meta({ id: "Subscribed" }),
  { min: 1, max: 50 },
)
  .refine((events) => events.length === 1 || !events.includes("*"), '"*" stands alone')
  .meta({
    ...given({ contains: { const: "*" } }, { maxItems: 1 }),
    description: 'Event types, or `["*"]` for all.',
    example: ["upload_completed"],
  });

const url = z.string().min(1).max(2_048).meta({
  description: "https on port 443, with a public name.",
  example: "https://ci.example.com/hooks/wharf",
});

const folders = distinct(id("fld"), { max: 20 }).meta({
  description:
    "Only events of files in or below one of these folders, and of other endpoints; empty for all.",
});

const description = z.string().max(500).meta({ description: "For you: what the endpoint is for." });

const ratePerSecond = z
  .int()
  .min(1)
  .max(500)
  .meta({
    description: `Requests per second at most; ${DEFAULT_RATE} unless set. All endpoints of one host together are sent 50.`,
  });

/** Standard Webhooks: 24 to 64 bytes of key. In canonical base64 that is 8 to 21 groups and a rest of 0, 1 or 2 bytes. */
const secret = z
  .string()
  .regex(
    /^whsec_(?:(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/][AQgw]==)?|(?:[A-Za-z0-9+/]{4}){8,20}[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$/,
    "must be whsec_ and 24 to 64 bytes in canonical base64",
  )
  .meta({ description: "`whsec_` and the base64 of 24–64 random bytes. Made for you unless you send one." });

export const deliveryStatus = z
  .enum(["pending", "succeeded", "failed", "skipped_disabled", "cancelled"])
  .meta({ id: "DeliveryStatus" });
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** What set an attempt off. */
export const trigger = z
  .enum(["event", "verify", "redeliver", "recover", "test", "enable"])
  .meta({ id: "Trigger" });
export type Trigger = z.infer<typeof trigger>;

/** Why an attempt got no answer. */
export const errorClass = z
  .enum(["dns", "connect", "tls", "reset", "timeout", "protocol", "egress_blocked"])
  .meta({ id: "ErrorClass" });
export type ErrorClass = z.infer<typeof errorClass>;

export const disabledReason = z
  .enum(["manual", "gone", "asked", "failing", "revoked"])
  .meta({ id: "DisabledReason" });
export type DisabledReason = z.infer<typeof disabledReason>;

const orTime = (description: string) => orNull(z.iso.datetime(), description);

export const webhook = z
  .object({
    webhook_id: id("hook"),
    url: z.string().meta({ description: "Where deliveries are POSTed to." }),
    events: z.array(z.string()).meta({ description: 'Event types that it gets; `["*"]` for all.' }),
    folders: z.array(z.string()).meta({
      description:
        "Folders in or below which a file must lie; none: anywhere. Events of other endpoints come whatever they are.",
    }),
    description: orNull(z.string(), "What its owner wrote of it."),
    rate_per_second: z.int().meta({ description: "Requests per second at most." }),
    status: z.enum(["unverified", "enabled", "disabled"]).meta({
      description:
        "`unverified`: it has answered nothing with 2xx yet, and is sent one request at a time and one a second, tests included. A disabled one gets nothing; what it misses can be recovered for 7 days.",
    }),
    verified_at: orTime(
      "When this URL first answered a signed request, its `ping` as a rule, with 2xx; `null` until then.",
    ),
    disabled_at: orTime("When it was disabled; `null` while it is enabled."),
    disabled_reason: orNull(
      disabledReason,
      "`manual`; `gone`: answered 410; `asked`: answered `webhook-delivery: disable`; `failing`: no success for 120 h; `revoked`: with its client.",
    ),
    created_at: at("When it was registered"),
    updated_at: at("When it was last changed, enabled or disabled"),
  })
  .meta({ id: "Webhook" });
export type Webhook = z.infer<typeof webhook>;

/** An endpoint with how its deliveries fare. */
export const webhookDetail = webhook.extend({
  health: z
    .object({
      last_success_at: orTime("When it last answered with 2xx."),
      last_failure_at: orTime("When an attempt last failed."),
      failing_since: orTime("Its first failure since the last success; `null` while all is well."),
      failures_in_row: z.int().meta({ description: "Attempts that failed since the last success." }),
      paused_until: orTime("The endpoint asked for a pause by Retry-After; it ends then."),
      breaker_open_until: orTime("Nothing is sent until then, but one probe after."),
      previous_secret_until: orTime("Both secrets sign until then; `null`: there is one."),
    })
    .meta({ id: "EndpointHealth", description: "How its deliveries fare." }),
});

export const attempt = z
  .object({
    number: z.int().meta({ description: "Counted from 1 over the delivery's whole life." }),
    trigger: trigger.meta({
      description: "What set it off: the event itself, or a later wish of the owner's.",
    }),
    url: z
      .string()
      .meta({ description: "Where it went; a changed endpoint's older attempts went elsewhere." }),
    body_sha256: z.string().meta({ description: "Of the body that was sent: 64 lower-case hex characters." }),
    started_at: at("When it began"),
    dns_ms: orNull(z.number(), "Milliseconds to resolve the name; `null` where a kept connection was used."),
    connect_ms: orNull(z.number(), "Milliseconds to connect; `null` where a kept connection was used."),
    tls_ms: orNull(z.number(), "Milliseconds of the TLS handshake; `null` where there was none."),
    first_byte_ms: orNull(z.number(), "Milliseconds until the answer began; `null` where none did."),
    total_ms: z.number().meta({ description: "Milliseconds from its start to its end." }),
    remote_ip: orNull(z.string(), "The address that it went to; `null` where none was reached."),
    status: orNull(z.int(), "HTTP status of the answer; `null` where none came."),
    answer: orNull(z.string(), "The first 4 KiB of the answer's body."),
    error_class: orNull(errorClass, "Why no answer came: the step that failed; `null` where one came."),
    error: orNull(z.string(), "The same in words, for people."),
    retry_after_seconds: orNull(z.number(), "The pause that the answer asked for by Retry-After."),
    signed_with: z
      .array(z.enum(["current", "previous"]).meta({ id: "SigningSecret" }))
      .meta({ description: "Secrets that signed it; both while one replaces the other." }),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof attempt>;

export const delivery = z
  .object({
    delivery_id: id("dlv"),
    webhook_id: id("hook"),
    event_id: id("evt"),
    event_type: z.string().meta({ description: "Type of the event that it delivers." }),
    workspace_id: id("ws"),
    request_id: z.string().meta({ description: "`X-Request-ID` of the call that the event came of." }),
    status: deliveryStatus.meta({
      description:
        "`pending`: an attempt is to come; `succeeded`: answered with 2xx; `failed`: all attempts were made; `skipped_disabled`: its endpoint was disabled; `cancelled`: its endpoint is gone.",
    }),
    reason: orNull(z.string(), "Why it ended without success."),
    attempts: z.int().meta({ description: "Attempts made so far." }),
    next_attempt_at: orTime("When it is tried next; `null` where it isn't."),
    last_status: orNull(z.int(), "HTTP status that the last attempt got; `null` where no answer came."),
    last_error: orNull(z.string(), "Why the last attempt got no answer, in words."),
    created_at: at("When the event was handed to this endpoint"),
    finished_at: orTime("When it ended, one way or another; `null` while it is pending."),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof delivery>;
export const deliveryDetail = delivery.extend({
  attempt_log: z.array(attempt).meta({ description: "The latest 100 attempts, the oldest first." }),
});

export const recovery = z
  .object({
    job_id: id("job"),
    webhook_id: id("hook"),
    state: z.enum(["running", "done", "cancelled", "failed"]).meta({
      description:
        "`cancelled`: with its endpoint; `failed`: it could not be carried out after several tries. Start another.",
    }),
    statuses: z.array(deliveryStatus).meta({ description: "Deliveries of these states are sent again." }),
    since: at("Events from then on count"),
    until: at("Events before then count"),
    scanned: z.int().meta({ description: "Deliveries looked at." }),
    recovered: z.int().meta({ description: "Deliveries that are sent again." }),
    created_at: at("When it was asked for"),
    finished_at: orTime("When it ended; `null` while it runs."),
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
  verified_at: "2026-01-01T00:00:01.000Z",
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
  description: `Events of every workspace that the client may use come to it. A client has at most ${MAX_ENDPOINTS} endpoints; one more is 429 \`endpoint_limit\`. It is sent a signed \`ping\` at once; until it answers that, another delivery or a test with 2xx it is \`unverified\`.`,
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
  errors: [...common, "invalid_url", "egress_blocked", "endpoint_limit", ...once],
  example: {
    request: { url: shown.url, events: shown.events, description: "CI" },
    response: { ...shown, status: "unverified", verified_at: null, secret: "whsec_…" },
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
  items: z
    .array(
      z
        .object({
          type: eventType.meta({ description: "What subscriptions name it." }),
          description: z.string().meta({ description: "When it is emitted." }),
          schema: z
            .record(z.string(), z.unknown())
            .meta({ description: "JSON Schema 2020-12 of the whole body." }),
          example: event.meta({ description: "A body as it is delivered." }),
        })
        .meta({ id: "EventTypeInfo" }),
    )
    .meta({ description: "Every type that this version knows." }),
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
  errors: ["invalid_request", "unknown_field", "unauthenticated", "forbidden"],
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
  description:
    "One with a new URL is `unverified` again, until that answers a new `ping`, another delivery or a test with 2xx.",
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
  idempotency: "after",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: common,
});

export const enableWebhookRoute = defineRoute({
  id: "enableWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/enable",
  summary: "Enable an endpoint once it answers a webhook_test with 2xx, or by force",
  description: "The `webhook_test` waits for 3 s. One that is enabled is sent nothing.",
  tag,
  scopes,
  params,
  body: z.strictObject({
    force: z.boolean().default(false).meta({ description: "Enable it without the test." }),
  }),
  idempotency: "after",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: [...common, "webhook_disabled"],
});

/** What an endpoint has to answer a test in. */
export const TEST_SECONDS = 3;

export const testResult = z.object({
  delivery_id: id("dlv"),
  event_id: id("evt"),
  ok: z.boolean().meta({ description: "Whether it was answered with 2xx in time." }),
  attempt: attempt.meta({ description: "What was sent and what came back." }),
});
export type TestResult = z.infer<typeof testResult>;

export const testWebhookRoute = defineRoute({
  id: "testWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/test",
  summary: "Send a webhook_test now and answer with the attempt",
  description: `Works for a disabled endpoint too. It is tried once, within ${TEST_SECONDS} s; an endpoint gets one test at a time, and few run at once, of one client half of what others leave: the next is 429 with Retry-After. A 2xx verifies an endpoint that is \`unverified\`; nothing else of its state changes. Deliveries have 15 s: an endpoint that takes longer than a test waits can be well all the same.`,
  tag,
  scopes,
  params,
  body: z.strictObject({}),
  idempotency: "after",
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
  previous_secret_until: at("Until when the old secret signs too"),
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
    overlap_seconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(86_400)
      .meta({ description: "Seconds that the old secret signs beside the new one; 7 days at most." }),
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
  idempotency: "after",
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
    status: deliveryStatus.optional().meta({ description: "Only deliveries in this state." }),
    event_type: eventType.optional().meta({ description: "Only deliveries of events of this type." }),
    since: givenTime.optional().meta({ description: "Only events from this moment on; not after `until`." }),
    until: givenTime.optional().meta({ description: "Only events before this moment." }),
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

const recoverable = z
  .enum(["failed", "skipped_disabled", "succeeded"], {
    error:
      "must be failed, skipped_disabled or succeeded; pending ones come by their schedule (POST …/deliveries/{delivery_id}/redeliver sends one at once), cancelled ones have lost the URL that they were for",
  })
  .meta({ id: "Recoverable" });

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
    since: givenTime.meta({
      description: `Events from this moment on: ${MAX_RECOVER_DAYS} days ago at the earliest.`,
    }),
    until: givenTime.optional().meta({ description: "Events before this moment; now unless said." }),
    statuses: distinct(recoverable, { min: 1, max: 3 }).default(["failed", "skipped_disabled"]).meta({
      description: "Which deliveries are sent again. Not `pending` ones, which come by their schedule.",
    }),
  }),
  example: { request: { since: "2026-11-27T00:00:00Z" } },
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
  items: z.array(event).meta({ description: "In the workspace's order; none where nothing came in time." }),
  next_cursor: z.string().meta({ description: "For `after`; never null: ask with it again." }),
});

export const listEventsRoute = defineRoute({
  id: "listEvents",
  method: "GET",
  path: "/v1/events",
  summary: "Read a workspace's events in order, waiting for the next ones",
  description:
    "For receivers without a public address. Every reader sees the same events in the same order, without gaps. Ask again with `after` set to the answer's `next_cursor`; keep that cursor where the work is kept. Events stay for 90 days. So many readers can wait at once, of one client half of what others leave: the next is 429 `wait_limit`, but one that finds events, or doesn't wait, is answered.",
  tag: "Events",
  scopes: ["webhooks:write", "files:read"],
  query: {
    workspace: workspaceRef
      .optional()
      .meta({ description: "Id or name of the workspace; the client's own unless said." }),
    after: cursor.optional().meta({
      description: "A cursor; `latest` to begin with what happens next. Without it: the oldest events.",
    }),
    wait: wholeNumber("seconds", { min: 0, max: MAX_WAIT_SECONDS })
      .default(0)
      .meta({ description: "Seconds to wait for an event where there is none. HEAD never waits." }),
    type: z
      .string()
      .max(1_000)
      .transform((types) => types.split(","))
      .pipe(distinct(eventType, { min: 1, max: 50 }))
      .optional()
      .meta({
        // A list, as OpenAPI writes one with commas.
        ...{ type: "array", items: { type: "string", enum: eventTypes }, maxLength: undefined },
        ...{ minItems: 1, maxItems: 50, uniqueItems: true },
        description: "Event types, comma-separated: `upload_completed,file_deleted`. All unless said.",
      }),
    folder: id("fld").optional().meta({ description: "Only events of files in or below this folder." }),
    limit: page.query.limit,
  },
  responses: {
    200: {
      description: "Events, possibly none",
      schema: eventLog,
    },
  },
  errors: [
    ...(["invalid_request", "unknown_field", "invalid_cursor", "unauthenticated", "forbidden"] as const),
    ...(["not_found", "wait_limit"] as const),
  ],
});
