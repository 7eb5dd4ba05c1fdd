import { keys } from "#aws/keys.ts";
import { note } from "#aws/log.ts";
import type { DeliveryMessage, Lane } from "#aws/queues.ts";
import type { Verdict } from "#core/attempts/classify-outcome.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { GIVE_UP_MS } from "#core/attempts/schedule.ts";
import { type Sent, sendAttempt } from "#core/attempts/send-attempt.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { claimTurn } from "#core/turns/claim-turn.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import { isVerified, laneOf, timeOf } from "#core/turns/endpoint-limits.ts";
import { returnTurn } from "#core/turns/give-back-turn.ts";
import { hostOf, type Sender, SOME_CLIENTS } from "#core/turns/host-shares.ts";
import { abandonTurn, settleTurn } from "#core/turns/settle-turn.ts";
import { deferDelivery } from "./defer-delivery.ts";
import { finishDelivery } from "./finish-delivery.ts";
import { type Delivering, loadDelivery } from "./load-delivery.ts";
import { recordAttempt } from "./record-attempt.ts";
import { setAside } from "./set-aside.ts";
import { takeLease } from "./take-lease.ts";

/** A message that comes this much too soon is waited for by sending it again. */
const EARLY_MS = 500;
/** Nothing but a delivery's own asking tells when there is room again for those that wait for others. */
const MAX_PATIENCE_MS = { blocked: 12 * 3_600_000, behindOthers: 3_600_000, busyHost: 300_000 };
/** Those that a busy host has no room for come again within so long, not all at one moment. */
const HOST_SPREAD_MS = 2_000;

export type DeliveryResult =
  | "succeeded"
  | "failed"
  | "retry"
  | "deferred"
  | "dropped"
  | "forwarded"
  | "set_aside"
  | "skipped_disabled"
  | "cancelled"
  | "expired";

/**
 * Works off one message: makes the attempt that it names, unless that has been made, is not due, or must wait.
 *
 * Messages may come twice, late or for deliveries that have moved on; the lease tells. Returns what happened.
 *
 * @param onSent hears of the attempt, if one is made, for the metrics.
 */
export async function deliver(
  deps: WorkerDeps,
  message: DeliveryMessage,
  onSent: (sent: Sent) => void = () => {},
): Promise<DeliveryResult> {
  const loaded = await loadDelivery(deps, message);
  if (loaded === undefined) return "dropped";
  const { delivery, endpoint, state, event } = loaded;
  const now = deps.now();
  const held = delivery.lease_until_ms ?? 0;
  if (held > now) {
    // Whoever makes the attempt may be dead, and this message the one that it died with: ask again after its lease.
    await deps.queues.send("retry", [message], now, { notBefore: held });
    return "deferred";
  }
  if (endpoint === undefined) return await finishDelivery(deps, delivery, "cancelled", "endpoint_deleted");
  const { hook } = endpoint;
  // Each URL has a ping of its own.
  if (delivery.trigger === "verify" && delivery.delivery_id !== hook.ping_id)
    return await finishDelivery(deps, delivery, "cancelled", "url_changed");
  if (event === undefined) return await finishDelivery(deps, delivery, "failed", "event_expired");
  if (hook.disabled_at !== undefined)
    return await finishDelivery(deps, delivery, "skipped_disabled", "endpoint_disabled");
  if (now >= delivery.started_ms + GIVE_UP_MS) {
    await finishDelivery(deps, delivery, "failed", "expired");
    return "expired";
  }
  if (delivery.next_ms > now + EARLY_MS) {
    await deps.queues.send("retry", [message], now);
    return "deferred";
  }
  if (message.lane === "first" && laneOf(state, now) !== "first") {
    await deps.queues.send("retry", [message], now);
    return "forwarded";
  }
  return await attempt(deps, { delivery, ...endpoint, state, event }, message.lane, onSent);
}

async function attempt(
  deps: WorkerDeps,
  loaded: Delivering,
  lane: Lane,
  onSent: (sent: Sent) => void,
): Promise<DeliveryResult> {
  const { delivery, hook, event, secret, state } = loaded;
  const reserved = delivery.reserved ?? false;
  const sender = senderOf(loaded);
  const room = sender && (await deps.hosts.take(sender));
  if (room?.go === false) {
    const soon = room.at + Math.random() * HOST_SPREAD_MS;
    const at = reserved ? soon : Math.max(soon, patience(delivery, "busyHost", deps.now()));
    return (await deferDelivery(deps, delivery, { at, reserved, lane })) ? "deferred" : "expired";
  }
  const turn = await claimTurn(deps, hook, { seen: state, reserved });
  if (!turn.go) {
    if (room) deps.hosts.giveBack(room);
    const why = turn.blocked ? "blocked" : "behindOthers";
    const at = turn.reserved ? turn.at : Math.max(turn.at, patience(delivery, why, deps.now()));
    const waits = await deferDelivery(deps, delivery, { at, reserved: turn.reserved, lane });
    return waits ? "deferred" : "expired";
  }
  const lease = await takeLease(deps, delivery);
  if (lease === undefined) {
    await returnTurn(deps, hook.webhook_id, turn);
    return "dropped";
  }
  const timeoutMs = timeOf(turn.state, { lane, probe: turn.probe });
  const sent = await sendAttempt(deps, { hook, secret, event, delivery, timeoutMs });
  const { attempt } = sent;
  if (lane === "first" && attempt.error_class === "timeout") {
    await setAside(deps, delivery, lease);
    await abandonTurn(deps, hook, turn);
    return "set_aside";
  }
  onSent(sent);
  note({ [delivery.delivery_id]: attempt.status ?? attempt.error_class });
  const verdict = await obey(deps, loaded, sent.verdict);
  // The record before the turn: it keeps the attempt from being made again, while a slot frees itself in 30 s.
  const result = await recordAttempt(deps, delivery, lease, { attempt, verdict });
  await settleTurn(deps, hook, turn, {
    ok: verdict.ok,
    durationMs: attempt.total_ms,
    pauseMs: verdict.pauseMs,
  });
  return result;
}

/**
 * Disables an endpoint that wants no more. Where it has another URL by now, or was enabled since, the answer was a failure
 * like any other: the URL of now hears of the event too.
 */
async function obey(deps: WorkerDeps, { hook, event }: Delivering, verdict: Verdict): Promise<Verdict> {
  if (verdict.disable === undefined) return verdict;
  if (await disableEndpoint(deps, hook, verdict.disable, event.request_id)) return verdict;
  const items = await deps.table.batchGet([keys.hook(hook.webhook_id)]);
  const [now] = items.map((item) => hookRecord.parse(item));
  // Another attempt's answer was the same, or its owner was faster.
  if (now?.disabled_at !== undefined && now.epoch === hook.epoch) return verdict;
  const { disable: _, ...other } = verdict;
  return other;
}

/** Whose part of its host's rate a request takes; none where a verified endpoint is alone there. */
function senderOf({ delivery, hook, state }: Delivering): Sender | undefined {
  // What was found when it was written is good for the URL of then; else a few others may be there.
  const current = delivery.epoch === hook.epoch && Date.parse(hook.updated_at) < delivery.created_ms;
  const clients = (current ? delivery.host_clients : undefined) ?? SOME_CLIENTS;
  if (clients === 0 && isVerified(state)) return undefined;
  return { host: hostOf(hook.url), client_id: hook.client_id, clients: Math.max(1, clients) };
}

/**
 * The longer a delivery has waited, the less often it asks: thousands that wait for a dead endpoint must not all ask
 * at each of its probes. The sweep sees to it that one does, and wakes them all once it is answered (`planWakeUp`).
 */
function patience(
  { started_ms }: Delivering["delivery"],
  why: keyof typeof MAX_PATIENCE_MS,
  now: number,
): number {
  const wait = Math.min(now - started_ms, MAX_PATIENCE_MS[why]);
  return now + wait * (0.5 + 0.5 * Math.random());
}
