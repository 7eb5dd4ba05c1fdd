/** Endpoints of webhooks. */
import * as z from "zod";
import { at, distinct, given, id, orNull, orTime, page } from "#contract/common.ts";
import { eventTypes } from "#contract/events.ts";
import { defineRoute } from "#contract/route.ts";
import { attempt } from "#core/attempts/contract.ts";
import { secret } from "./secret-contract.ts";

/** Endpoints of one client; fan-out matches every event against each endpoint. */
export const MAX_ENDPOINTS = 100;
/** And one organization. */
export const MAX_ORGANIZATION_ENDPOINTS = 500;

/** Requests per second to one endpoint unless it is set. */
const DEFAULT_RATE = 50;

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

export const disabledReason = z
  .enum(["manual", "gone", "asked", "failing", "revoked", "no_access"])
  .meta({ id: "DisabledReason" });

export type DisabledReason = z.infer<typeof disabledReason>;

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
      "`manual`; `gone`: answered 410; `asked`: answered `webhook-delivery: disable`; `failing`: no success for 120 h; `revoked`: with its client, or the key that it was registered with; `no_access`: its maker may have webhooks for nothing any more of which it could hear.",
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

const tag = "Webhooks";

const params = { id: id("hook") };

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
  access: { action: "hooks", decides: "the body names the folders that it hears of" },
  body: z.strictObject({
    url,
    events: subscription,
    secret: secret.optional(),
    description: description.optional(),
    folders: folders.default([]),
    rate_per_second: ratePerSecond.default(DEFAULT_RATE),
  }),
  responses: { 201: { description: "The endpoint with its secret", schema: registeredWebhook } },
  errors: ["not_found", "invalid_url", "egress_blocked", "endpoint_limit"],
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
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:read"],
  query: page.query,
  responses: { 200: { description: "One page", schema: webhookPage } },
  errors: ["not_found", "invalid_cursor"],
});

export const getWebhookRoute = defineRoute({
  id: "getWebhook",
  method: "GET",
  path: "/v1/webhooks/{id}",
  summary: "Get an endpoint and how its deliveries fare",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:read"],
  params,
  responses: { 200: { description: "The endpoint", schema: webhookDetail } },
  errors: ["not_found"],
});

export const changeWebhookRoute = defineRoute({
  id: "changeWebhook",
  method: "PATCH",
  path: "/v1/webhooks/{id}",
  summary: "Change an endpoint; deliveries under way go to its new URL at their next attempt",
  description:
    "One with a new URL is `unverified` again, until that answers a new `ping`, another delivery or a test with 2xx.",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({
    url: url.optional(),
    events: subscription.optional(),
    description: description.nullable().optional(),
    folders: folders.optional(),
    rate_per_second: ratePerSecond.optional(),
  }),
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: ["not_found", "invalid_url", "egress_blocked"],
});

export const deleteWebhookRoute = defineRoute({
  id: "deleteWebhook",
  method: "DELETE",
  path: "/v1/webhooks/{id}",
  summary: "Delete an endpoint; its unfinished deliveries are cancelled",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found"],
});

export const disableWebhookRoute = defineRoute({
  id: "disableWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/disable",
  summary: "Disable an endpoint; what happens meanwhile can be recovered for 7 days",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({}),
  idempotency: "after",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: ["not_found"],
});

export const enableWebhookRoute = defineRoute({
  id: "enableWebhook",
  method: "POST",
  path: "/v1/webhooks/{id}/enable",
  summary: "Enable an endpoint once it answers a webhook_test with 2xx, or by force",
  description: "The `webhook_test` waits for 3 s. One that is enabled is sent nothing.",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({
    force: z.boolean().default(false).meta({ description: "Enable it without the test." }),
  }),
  idempotency: "after",
  responses: { 200: { description: "The endpoint as it is now", schema: webhook } },
  errors: ["not_found", "webhook_disabled"],
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
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({}),
  idempotency: "after",
  responses: {
    200: {
      description: "The attempt, whatever came of it",
      schema: testResult,
    },
  },
  errors: ["not_found"],
});
