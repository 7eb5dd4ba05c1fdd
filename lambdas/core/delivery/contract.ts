/** Deliveries, sent again one by one or many at once. */
import * as z from "zod";
import { at, distinct, givenTime, id, orNull, orTime, page } from "#contract/common.ts";
import { eventType } from "#contract/events.ts";
import { defineRoute } from "#contract/route.ts";
import { attempt, deliveryStatus } from "#core/attempts/contract.ts";

export const MAX_RECOVER_DAYS = 14;

export const delivery = z
  .object({
    delivery_id: id("dlv"),
    webhook_id: id("hook"),
    event_id: id("evt"),
    event_type: z.string().meta({ description: "Type of the event that it delivers." }),
    workspace_id: id("ws").optional(),
    organization_id: id("org")
      .optional()
      .meta({ description: "Of an event about an organization, in the place of `workspace_id`." }),
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

const params = { id: id("hook") };

export const deliveryPage = page.of(delivery);

export const listDeliveriesRoute = defineRoute({
  id: "listDeliveries",
  method: "GET",
  path: "/v1/webhooks/{id}/deliveries",
  summary: "List an endpoint's deliveries, the newest events first",
  description: "Kept for 30 days. A page may hold fewer than `limit` although more follow.",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:read"],
  params,
  query: {
    ...page.query,
    status: deliveryStatus.optional().meta({ description: "Only deliveries in this state." }),
    event_type: eventType.optional().meta({ description: "Only deliveries of events of this type." }),
    since: givenTime.optional().meta({ description: "Only events from this moment on; not after `until`." }),
    until: givenTime.optional().meta({ description: "Only events before this moment." }),
  },
  responses: { 200: { description: "One page", schema: deliveryPage } },
  errors: ["not_found", "invalid_cursor"],
});

const deliveryParams = { ...params, delivery_id: id("dlv") };

export const getDeliveryRoute = defineRoute({
  id: "getDelivery",
  method: "GET",
  path: "/v1/webhooks/{id}/deliveries/{delivery_id}",
  summary: "Get a delivery with its attempts, the latest 100",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:read"],
  params: deliveryParams,
  responses: { 200: { description: "The delivery", schema: deliveryDetail } },
  errors: ["not_found"],
});

export const redeliverRoute = defineRoute({
  id: "redeliver",
  method: "POST",
  path: "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver",
  summary: "Send a delivery again, with the whole schedule of retries",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params: deliveryParams,
  body: z.strictObject({}),
  responses: { 202: { description: "It is under way", schema: delivery } },
  errors: ["not_found", "webhook_disabled", "conflict"],
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
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
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
  errors: ["not_found", "webhook_disabled", "recovery_running"],
});

export const getRecoveryRoute = defineRoute({
  id: "getRecovery",
  method: "GET",
  path: "/v1/webhooks/{id}/recover/{job_id}",
  summary: "See how far a recovery is",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:read"],
  params: { ...params, job_id: id("job") },
  responses: { 200: { description: "The job with its counts", schema: recovery } },
  errors: ["not_found"],
});
