import { keys } from "#aws/keys.ts";
import { deliveryId } from "#core/attempts/delivery-id.ts";
import { type HookRecord, hookSecretRecord, hookState } from "#core/attempts/records.ts";
import { DELIVERY_KEEP_MS } from "#core/attempts/schedule.ts";
import { sendAttempt } from "#core/attempts/send-attempt.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import { hostOf, SOME_CLIENTS } from "#core/turns/host-shares.ts";
import { inTrial } from "#core/turns/in-trial.ts";
import { verifyEndpoint } from "#core/turns/reset-endpoint.ts";
import { TEST_SECONDS, type TestResult } from "./contract.ts";
import { endpointEvent } from "./endpoint-event.ts";
import { inTestPlace } from "./in-test-place.ts";
import { requireHearing } from "./require-hearing.ts";

/** A test is sent by the API's function, which is there for everybody: a silent endpoint may not hold it for 15 s. */
const TIMEOUT_MS = TEST_SECONDS * 1_000;

/** What testing an endpoint needs. */
export type TestDeps = Pick<WorkerDeps, "table" | "now" | "outbound" | "hosts"> & Pick<Deps, "config">;

/**
 * Sends a `webhook_test` now, once, past breaker and rate, and records it: only its host's rate holds for it too, and a
 * URL that isn't verified gets no more than one a second, whatever it is sent. A 2xx verifies it; else the endpoint's
 * state stays as it is.
 *
 * @throws WharfError rate_limited where the endpoint is being tested, or as many of its client's as may be; where its
 * host is sent as much as it may be; forbidden where it could hear of nothing; as `inTrial`.
 */
export async function testWebhook(
  deps: TestDeps,
  call: Call,
  hook: HookRecord,
  trigger: "test" | "enable" = "test",
): Promise<TestResult> {
  const { webhook_id } = hook;
  const [secret, seen] = await Promise.all([
    deps.table.get(hookSecretRecord, keys.hookSecret(webhook_id)),
    deps.table.get(hookState, keys.hookState(webhook_id)),
    requireHearing(deps, hook),
  ]);
  if (secret === undefined) throw notFound("webhook", webhook_id);
  const now = deps.now();
  const event = endpointEvent(now, call, "webhook_test", hook);
  const delivery_id = deliveryId(webhook_id, event.event_id);
  const delivery = { delivery_id, attempts: 0, trigger };
  const { attempt, verdict } = await inTestPlace(deps, hook, () =>
    inTrial(deps, { webhookId: webhook_id, seen }, async () => {
      await takeOfHost(deps, hook);
      return sendAttempt(deps, { hook, secret, event, delivery, timeoutMs: TIMEOUT_MS });
    }),
  );
  const expires = ttl(now + DELIVERY_KEEP_MS);
  await deps.table.transact([
    {
      put: {
        ...keys.delivery(webhook_id, delivery_id),
        delivery_id,
        webhook_id,
        event_id: event.event_id,
        event_type: event.type,
        workspace_id: hook.workspace_id,
        request_id: call.requestId,
        status: verdict.ok ? "succeeded" : "failed",
        reason: verdict.ok ? null : "a test is tried once",
        trigger,
        attempts: 1,
        step: 1,
        started_ms: now,
        next_ms: now,
        last_status: attempt.status,
        last_error: attempt.error_class,
        created_ms: now,
        finished_at: iso(deps.now()),
        body: event.body,
        ttl: expires,
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: { ...keys.attempt(delivery_id, attempt.number), ...attempt, ttl: expires },
      condition: "attribute_not_exists(#pk)",
    },
  ]);
  if (verdict.ok) await verifyEndpoint(deps, hook);
  return { delivery_id, event_id: event.event_id, ok: verdict.ok, attempt };
}

/** Takes one request of what the host is sent: many endpoints, tested in turn, are no way round it. */
async function takeOfHost({ hosts, now }: Pick<TestDeps, "hosts" | "now">, { url, client_id }: HookRecord) {
  const room = await hosts.take({ host: hostOf(url), client_id, clients: SOME_CLIENTS });
  if (room.go) return;
  const seconds = Math.max(1, Math.ceil((room.at - now()) / 1_000));
  throw new WharfError(
    "rate_limited",
    `The endpoints of ${hostOf(url)} are being sent as much as one host is, tests included. Send it again in ${seconds} s; nothing was sent.`,
    { retry_after_seconds: seconds },
  );
}
