import { hash } from "node:crypto";
import type { EventRecord } from "#core/events/records.ts";
import { iso } from "#core/kernel/time.ts";
import { classifyOutcome, type Verdict } from "./classify-outcome.ts";
import type { Attempt } from "./contract.ts";
import type { DeliveryDeps } from "./deps.ts";
import type { DeliveryRecord, HookRecord, HookSecretRecord } from "./records.ts";
import { signingSecrets, signWebhook } from "./sign-webhook.ts";

export interface Sent {
  attempt: Attempt;
  verdict: Verdict;
  eventId: string;
}

/** What one attempt needs to know. */
export interface AttemptInput {
  hook: Pick<HookRecord, "webhook_id" | "url">;
  secret: HookSecretRecord;
  event: Pick<EventRecord, "event_id" | "type" | "body" | "request_id">;
  delivery: Pick<DeliveryRecord, "delivery_id" | "attempts" | "trigger">;
  /** @default 15,000 ms */
  timeoutMs?: number;
}

/** Signs and sends one attempt, to the endpoint's URL as it is now, and says what came of it. Never rejects. */
export async function sendAttempt(
  deps: Pick<DeliveryDeps, "outbound" | "now">,
  { hook, secret, event, delivery, timeoutMs }: AttemptInput,
): Promise<Sent> {
  const now = deps.now();
  const number = delivery.attempts + 1;
  const timestamp = Math.floor(now / 1000);
  const { signing, plain, names } = signingSecrets(secret, now);
  const signatures = signWebhook({ id: event.event_id, timestamp, body: event.body, signing, plain });
  const exchange = await deps.outbound.post({
    url: hook.url,
    endpoint: hook.webhook_id,
    body: event.body,
    timeoutMs,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Wharf-Webhooks/1",
      // Old rule sets of firewalls refuse requests without it.
      accept: "*/*",
      "webhook-id": event.event_id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatures["webhook-signature"],
      "X-Signature": signatures["x-signature"],
      "X-Event-Type": event.type,
      "X-Request-ID": event.request_id,
      "X-Delivery-Id": delivery.delivery_id,
      "X-Delivery-Attempt": String(number),
    },
  });
  const verdict = classifyOutcome(exchange, deps.now());
  const { connection } = exchange;
  const attempt: Attempt = {
    number,
    trigger: delivery.trigger,
    url: hook.url,
    body_sha256: hash("sha256", event.body),
    started_at: iso(now),
    dns_ms: rounded(connection?.dns_ms),
    connect_ms: rounded(connection?.connect_ms),
    tls_ms: rounded(connection?.tls_ms),
    first_byte_ms: rounded(exchange.first_byte_ms),
    total_ms: tenths(exchange.total_ms),
    remote_ip: exchange.remote_ip ?? null,
    status: exchange.status ?? null,
    answer: exchange.answer ?? null,
    error_class: exchange.error_class ?? null,
    error: exchange.error ?? null,
    retry_after_seconds: verdict.retryAfterMs === undefined ? null : verdict.retryAfterMs / 1000,
    signed_with: [...names],
  };
  return { attempt, verdict, eventId: event.event_id };
}

function rounded(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : tenths(ms);
}

/** Tenths of a millisecond are as much as such a number can mean. */
const tenths = (ms: number) => Math.round(ms * 10) / 10;
