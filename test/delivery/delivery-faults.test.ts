/**
 * What goes wrong between an attempt and what follows from it: endpoints that move on meanwhile, answers that get lost,
 * copies that come late, pages that are old.
 */
import type { Fault, FaultCall } from "@wharf/local-cloud";
import { afterEach, describe, expect, test, vi } from "vitest";
import { due, keys } from "#aws/keys.ts";
import { event } from "#contract/events.ts";
import {
  type DeliveryRecord,
  deliveryRecord,
  type HookState,
  hookRecord,
  hookSecretRecord,
  hookState,
} from "#core/attempts/records.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { fanOut } from "#core/delivery/fan-out.ts";
import { finishDelivery } from "#core/delivery/finish-delivery.ts";
import { startRecovery } from "#core/delivery/recover.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { setAside } from "#core/delivery/set-aside.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { takeLease } from "#core/delivery/take-lease.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import { newWebhookSecret } from "#core/endpoints/register-webhook.ts";
import { promoteWebhookSecret, rotateWebhookSecret } from "#core/endpoints/rotate-webhook-secret.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { testWebhook } from "#core/endpoints/test-webhook.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { claimTurn } from "#core/turns/claim-turn.ts";
import { wakeUp } from "#core/turns/plan-wake-up.ts";
import {
  endpoint,
  fail,
  HOUR,
  MINUTE,
  receiver,
  SECOND,
  statuses,
  succeed,
  useEndpoint,
  world,
} from "#test/support/endpoint-tests.ts";
import { startReceiver } from "#test/support/receiver.ts";

useEndpoint({ retries: true });
afterEach(() => {
  world.setFault();
  vi.restoreAllMocks();
});

type IsMeant = (call: FaultCall) => boolean;
/** A write of this kind whose body says this. */
const writes =
  (text: RegExp, action = "UpdateItem"): IsMeant =>
  (call) =>
    call.action === action && text.test(call.body ?? "");
const takesSlot = writes(/"SET #slot_\d+ = [^"]+","ConditionExpression":"attribute_exists/);
const countsEnd = writes(/ADD #(ok|bad)_/);

/** Plans a fault of the first call that is meant; tells whether it has come. */
function once(isMeant: IsMeant, fault: Fault): () => boolean {
  return before(isMeant, async () => fault);
}

/** Lets something happen before the first call that is meant; tells whether it has. */
function before(isMeant: IsMeant, act: () => Promise<Fault | undefined>): () => boolean {
  let come = false;
  world.setFault((call) => {
    if (come || !isMeant(call)) return undefined;
    come = true;
    return act();
  });
  return () => come;
}
const LATE: Fault = { late: { afterMs: HOUR }, answered: false };

async function hookOf() {
  const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
  if (hook === undefined) throw new Error("the endpoint has gone");
  return hook;
}
const stateOf = async () =>
  (await world.deps.table.get(hookState, keys.hookState(endpoint.webhook_id))) ?? {};
const plan = () => world.deps.table.get(wakeUp, keys.wakeUp(endpoint.webhook_id));
async function given(state: Partial<HookState>): Promise<void> {
  await world.deps.table.update({
    key: keys.hookState(endpoint.webhook_id),
    update: { set: state },
    blind: "a test's",
  });
}
async function rowOf(): Promise<DeliveryRecord> {
  const { items } = await world.deps.table.query({
    where: "#pk = :pk",
    values: { pk: keys.delivery(endpoint.webhook_id, "").pk },
  });
  return deliveryRecord.parse(items[0]);
}
/** An endpoint that has answered. */
const VERIFIED = { last_success_ms: 1, verified_ms: 1 };
const broken = () => ({
  ...VERIFIED,
  ...{ failures: 5, failing_since_ms: world.now(), open_for_ms: 30 * SECOND, open_until_ms: world.now() - 1 },
});

async function disable() {
  await disableEndpoint(world.deps, await hookOf(), "manual", "test");
}
async function enable() {
  await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
}
async function recover(statuses: ("failed" | "skipped_disabled" | "succeeded")[]) {
  const span = { since: new Date(world.now() - HOUR).toISOString(), statuses };
  await startRecovery(world.deps, world.call, endpoint.webhook_id, span);
  await sweepRecoveries(world.deps);
}

describe.each([
  [
    "has another URL",
    async () => {
      const { url } = await hookOf();
      await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: `${url}/next` });
    },
  ],
  [
    "was disabled and enabled again",
    async () => {
      await disable();
      await enable();
    },
  ],
])("an endpoint that %s while an attempt was under way", (_, move) => {
  /** How the attempt is answered, once the endpoint has moved on. */
  const answering = (status: number, headers = {}) =>
    receiver.behave(async (res) => {
      receiver.behave(succeed);
      await move();
      res.writeHead(status, headers).end();
    });

  test("isn't disabled by its 410, and is sent the event again", async () => {
    answering(410);
    await world.emit();
    expect((await hookOf()).disabled_at).toBeUndefined();
    await world.pass(10 * SECOND);
    expect((await statuses()).every((status) => status === "succeeded")).toBe(true);
    expect(receiver.received).toHaveLength(2);
  });

  test("isn't kept from others by its Retry-After", async () => {
    answering(503, { "retry-after": "3600" });
    await world.emit();
    expect(await stateOf()).not.toHaveProperty("paused_until_ms");
  });

  test("has no breaker that it opens, and is free for another attempt at once", async () => {
    await given(broken());
    answering(500);
    await world.emit();
    const state = await stateOf();
    expect(state).toMatchObject({ failures: 0 });
    expect(state).not.toHaveProperty("open_until_ms");
    expect(takenSlots(state)).toEqual([]);
  });

  test.each([
    ["its breaker opens", writes(/"SET #open_until_ms/), 500, { ...VERIFIED, failures: 4 }],
    ["it pauses", writes(/"SET #paused_until_ms/), 503, VERIFIED],
    ["it is disabled", writes(/#disabled_at = :/, "TransactWriteItems"), 410, VERIFIED],
  ])(
    "or rather after that was judged, and before %s: nothing more follows",
    async (_, isMeant, status, state) => {
      await given(state);
      receiver.behave((res) => void res.writeHead(status, { "retry-after": "3600" }).end());
      const happened = before(isMeant, async () => {
        await move();
        receiver.behave(fail);
        // In the same millisecond, since when it fails.
        if (status === 500) await world.emit();
        return undefined;
      });
      await world.emit();
      expect(happened()).toBe(true);
      const after = await stateOf();
      expect(after.failures).toBe(status === 500 ? 1 : 0);
      expect([after.open_until_ms, after.paused_until_ms]).toEqual([undefined, undefined]);
      expect((await hookOf()).disabled_at).toBeUndefined();
    },
  );
});

/** Names of the slots in which something is under way. */
function takenSlots(state: HookState): string[] {
  return Object.keys(state).filter(
    (name) => name.startsWith("slot_") && Number.parseInt(String(state[name]), 10) > world.now(),
  );
}

describe("what is decided on what was read", () => {
  test("an endpoint that succeeds before the sweep disables it stays enabled", async () => {
    const since = world.now() - 121 * HOUR;
    const failing = { failing_since_ms: since, last_failure_ms: world.now() - 1, failing_count: 50 };
    await given({ ...VERIFIED, ...failing, ...due("endpoint", world.now(), endpoint.webhook_id) });
    const happened = before(writes(/#disabled_at = :/, "TransactWriteItems"), async () => {
      await world.emit();
      return undefined;
    });
    await sweepEndpoints(world.deps);
    expect([happened(), receiver.received.length]).toEqual([true, 1]);
    expect((await hookOf()).disabled_at).toBeUndefined();
  });

  test("an event of which fan-out read that its endpoint is disabled comes where that was enabled and recovered since", async () => {
    await disable();
    const happened = before(writes(/DLV#/, "PutItem"), async () => {
      await enable();
      await recover(["skipped_disabled"]);
      return undefined;
    });
    await world.emit();
    expect([happened(), await statuses()]).toEqual([true, ["succeeded"]]);
  });

  test("and so does one of which a worker read it", async () => {
    receiver.behave(fail);
    await world.emit();
    receiver.behave(succeed);
    await disable();
    const happened = before(writes(/#reason = :reason/), async () => {
      await enable();
      await recover(["skipped_disabled"]);
      // Its own answer is lost too.
      return "after";
    });
    await world.pass(10 * SECOND);
    expect([happened(), await statuses()]).toEqual([true, ["succeeded"]]);
  });

  test("but no second time where the recovery has found it", async () => {
    await disable();
    const happened = before(writes(/"HOOKS"/, "BatchGetItem"), async () => {
      await enable();
      await recover(["skipped_disabled"]);
      await world.work();
      return undefined;
    });
    await world.emit();
    expect([happened(), await statuses(), receiver.received.length]).toEqual([true, ["succeeded"], 1]);
  });

  test("a recovery that has ended sends nothing again, though the index shows it still", async () => {
    receiver.behave(fail);
    await world.emit();
    await startRecovery(world.deps, world.call, endpoint.webhook_id, {
      since: new Date(world.now() - HOUR).toISOString(),
      statuses: ["failed"],
    });
    world.keepHistory(HOUR);
    await sweepRecoveries(world.deps);
    await finishDelivery(world.deps, await rowOf(), "failed", "expired");
    world.setFault(({ body = "" }) =>
      /recovery#/.test(body) ? { staleMs: Number.POSITIVE_INFINITY } : undefined,
    );
    await sweepRecoveries(world.deps);
    expect(await statuses()).toEqual(["failed"]);
  });

  test("one that is skipped while its endpoint stays disabled stays skipped", async () => {
    await disable();
    await world.emit();
    await world.pass(MINUTE);
    expect([await statuses(), receiver.received.length]).toEqual([["skipped_disabled"], 0]);
  });

  test("a test of one URL enables no other", async () => {
    await disable();
    receiver.behave(async (res) => {
      await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: "http://127.0.0.1:9/" });
      res.writeHead(204).end();
    });
    const enabling = enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: false });
    await expect(enabling).rejects.toMatchObject({ code: "webhook_disabled" });
    expect((await hookOf()).disabled_at).toBeDefined();
  });

  test("nor does it verify another", async () => {
    receiver.behave(async (res) => {
      await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: "http://127.0.0.1:9/" });
      res.writeHead(204).end();
    });
    expect((await testWebhook(world.deps, world.call, await hookOf())).ok).toBe(true);
    expect(await endpoint.show()).toMatchObject({ status: "unverified" });
  });

  test("a test is no second request to a URL that isn't verified, though none was under way when it was read", async () => {
    const happened = before(writes(/PLACES#/), async () => {
      await claimTurn(world.deps, await hookOf(), { seen: await stateOf() });
      world.skip(2 * SECOND);
      return undefined;
    });
    const tested = testWebhook(world.deps, world.call, await hookOf());
    await expect(tested).rejects.toMatchObject({ code: "rate_limited" });
    expect([happened(), receiver.received.length]).toEqual([true, 0]);
  });

  test("a test that was answered while another call enabled the endpoint is answered as that", async () => {
    await disable();
    receiver.behave(async (res) => {
      await enable();
      res.writeHead(204).end();
    });
    const enabled = await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: false });
    expect(enabled.status).not.toBe("disabled");
  });

  test.each([
    ["an endpoint fails by no attempt from before it succeeded", VERIFIED],
    ["nor does a probe of then open its breaker", broken],
  ])("%s, however late that one's answer is told", async (_, state) => {
    await given(typeof state === "function" ? state() : state);
    const chance = vi.spyOn(Math, "random").mockReturnValue(0);
    receiver.behave(async (res) => {
      receiver.behave(succeed);
      // Its turn ends by itself, and another attempt takes one, in another slot.
      world.skip(31 * SECOND);
      chance.mockReturnValue(0.9);
      await world.emit();
      res.writeHead(500).end();
    });
    await world.emit();
    const after = await stateOf();
    expect(receiver.received).toHaveLength(2);
    expect(after.failures).toBe(0);
    for (const name of ["failing_since_ms", "open_until_ms", "due_sk"])
      expect(after).not.toHaveProperty(name);
    // It is one of the last minutes' all the same.
    expect(Object.keys(after).filter((name) => name.startsWith("bad_"))).toHaveLength(1);
  });

  test("a worker whose lease has run out ends no run that was begun since", async () => {
    receiver.behave(fail);
    await world.emit();
    await world.deps.table.update({
      key: keys.delivery(endpoint.webhook_id, (await rowOf()).delivery_id),
      update: { set: { step: 9 } },
      blind: "a test's",
    });
    world.skip(10 * SECOND);
    const row = await rowOf();
    receiver.behave(async (res) => {
      world.skip(31 * SECOND);
      const at = { webhookId: endpoint.webhook_id, deliveryId: row.delivery_id };
      await redeliver(world.worker, world.call, at);
      res.writeHead(500).end();
    });
    expect(await deliver(world.worker, { ...wakeMessage(row), lane: "retry" })).toBe("dropped");
    expect(await rowOf()).toMatchObject({ status: "pending", trigger: "redeliver", step: 0 });
  });
});

describe("a write whose answer was lost", () => {
  const sent = () => receiver.received.length;

  test("puts a delivery off until the time that it says", async () => {
    await given(VERIFIED);
    await changeWebhook(world.deps, world.call, endpoint.webhook_id, { rate_per_second: 1 });
    const happened = once(writes(/#deferred = :deferred/), "after");
    await world.emitMany(5);
    await world.pass(10 * SECOND);
    expect([happened(), sent()]).toEqual([true, 5]);
  });

  test("sets an attempt aside for five seconds", async () => {
    receiver.behave(fail);
    await world.emit();
    world.loseMessages();
    const row = await rowOf();
    const lease = await takeLease(world.deps, row);
    const happened = once(writes(/#deferred = :deferred/), "after");
    await setAside(world.deps, row, lease ?? "");
    expect([happened(), world.waiting().length]).toEqual([true, 1]);
  });

  test("wakes a delivery whose message was lost", async () => {
    receiver.behave(fail);
    await world.emit();
    world.loseMessages();
    world.skip(3 * MINUTE);
    const happened = once(writes(/ADD #rearms/), "after");
    await world.sweep();
    expect([happened(), sent()]).toEqual([true, 2]);
  });

  test("takes a turn", async () => {
    const happened = once(takesSlot, "after");
    await world.emit();
    expect([happened(), sent(), takenSlots(await stateOf())]).toEqual([true, 1, []]);
  });

  test("takes the breaker's probe", async () => {
    await given(broken());
    const happened = once(takesSlot, "after");
    await world.emit();
    expect([happened(), sent()]).toEqual([true, 1]);
    expect(await stateOf()).not.toHaveProperty("open_until_ms");
  });

  test("takes a turn for a test", async () => {
    const happened = once(takesSlot, "after");
    expect((await testWebhook(world.deps, world.call, await hookOf())).ok).toBe(true);
    expect([happened(), takenSlots(await stateOf())]).toEqual([true, []]);
  });

  test("keeps turns once", async () => {
    await given({ ...VERIFIED, turn_ms: world.now() + 10 * SECOND });
    await changeWebhook(world.deps, world.call, endpoint.webhook_id, { rate_per_second: 1 });
    const happened = once(writes(/#turn_ms \+ :turn_ms, #turn_by/), "after");
    const at = world.now();
    await world.emitMany(3);
    expect([happened(), (await stateOf()).turn_ms]).toEqual([true, at + 13 * SECOND]);
  });

  test("counts a failure once, and what follows from it follows", async () => {
    await given({ ...VERIFIED, failures: 4, failing_since_ms: world.now(), failing_count: 4 });
    receiver.behave(fail);
    const happened = once(countsEnd, "after");
    await world.emit();
    expect(happened()).toBe(true);
    const state = await stateOf();
    expect(state).toMatchObject({ failures: 5, failing_count: 5, open_until_ms: world.now() + 30 * SECOND });
    expect(Object.entries(state).find(([name]) => name.startsWith("bad_"))?.[1]).toBe(1);
    expect(await plan()).toMatchObject({ all: false });
  });

  test("opens the breaker, and its probe is planned", async () => {
    await given({ ...VERIFIED, failures: 4, failing_since_ms: world.now() });
    receiver.behave(fail);
    const happened = once(writes(/"SET #open_until_ms/), "after");
    await world.emit();
    expect([happened(), (await plan())?.all]).toEqual([true, false]);
  });

  test("verifies a URL, and those that wait for it are woken", async () => {
    const happened = once(writes(/"SET #verified_ms/), "after");
    await testWebhook(world.deps, world.call, await hookOf());
    expect([happened(), (await plan())?.all]).toEqual([true, true]);
  });

  test("gives an endpoint a secret of its owner's, who says so again and keeps the one before", async () => {
    const { webhook_id } = endpoint;
    const secret = () => world.deps.table.get(hookSecretRecord, keys.hookSecret(webhook_id));
    const given = { overlap_seconds: 60, secret: newWebhookSecret() };
    const before = await secret();
    for (const _ of [1, 2]) await rotateWebhookSecret(world.deps, world.call, webhook_id, given);
    expect(await secret()).toMatchObject({ current: given.secret, previous: before?.current });
  });

  test("writes a delivery off, and it comes all the same where its endpoint has been enabled", async () => {
    await disable();
    let happened = () => false;
    before(writes(/DLV#/, "PutItem"), async () => {
      await enable();
      happened = once(writes(/#trigger = :trigger/), "after");
      return "after";
    });
    await world.emit();
    expect([happened(), await statuses()]).toEqual([true, ["succeeded"]]);
  });
});

describe("a copy that comes late", () => {
  async function arrives() {
    world.advanceServices(HOUR);
    await world.late.arrived();
  }

  test("takes no slot of an attempt that has ended", async () => {
    const happened = once(takesSlot, LATE);
    await world.emit();
    await arrives();
    expect([happened(), takenSlots(await stateOf())]).toEqual([true, []]);
  });

  test("counts nothing a second time", async () => {
    receiver.behave(fail);
    const happened = once(countsEnd, LATE);
    await world.emit();
    await arrives();
    expect([happened(), (await stateOf()).failures]).toEqual([true, 1]);
  });

  test("opens no breaker on failures before a success", async () => {
    await given({ ...VERIFIED, failures: 4, failing_since_ms: world.now() });
    receiver.behave(fail);
    const happened = once(writes(/"SET #open_until_ms/), LATE);
    await world.emit();
    world.skip(31 * SECOND);
    receiver.behave(succeed);
    await world.emit();
    receiver.behave(fail);
    await world.emit();
    await arrives();
    expect([happened(), (await stateOf()).open_until_ms]).toEqual([true, undefined]);
  });

  test("puts no plan to wake one delivery in the place of one to wake all", async () => {
    await given({ ...VERIFIED, failures: 4, failing_since_ms: world.now() });
    receiver.behave(fail);
    const happened = once(writes(/WAKE_UP/, "PutItem"), LATE);
    await world.emit();
    world.skip(31 * SECOND);
    receiver.behave(succeed);
    await world.emit();
    await arrives();
    expect([happened(), (await plan())?.all]).toEqual([true, true]);
  });

  test("sends nothing again that a recovery has sent", async () => {
    await world.emit();
    const happened = once(writes(/#trigger = :trigger/), LATE);
    world.skip(SECOND);
    await recover(["succeeded"]);
    await world.work();
    await arrives();
    expect([happened(), await statuses(), receiver.received.length]).toEqual([true, ["succeeded"], 2]);
  });

  test("sends nothing again that was skipped and sent, when it is skipped once more", async () => {
    await disable();
    let happened = () => false;
    before(writes(/DLV#/, "PutItem"), async () => {
      await enable();
      happened = once(writes(/#trigger = :trigger/), LATE);
      return undefined;
    });
    await world.emit();
    world.skip(SECOND);
    const at = { webhookId: endpoint.webhook_id, deliveryId: (await rowOf()).delivery_id };
    await redeliver(world.worker, world.call, at);
    await disable();
    await world.work();
    await arrives();
    expect([happened(), await statuses()]).toEqual([true, ["skipped_disabled"]]);
  });

  test("takes back no later change of the endpoint", async () => {
    const rate = (rate_per_second: number) =>
      changeWebhook(world.deps, world.call, endpoint.webhook_id, { rate_per_second });
    // Ten minutes after the call its token says no more that it has come before.
    const happened = once(writes(/#rate_per_second = :/, "TransactWriteItems"), {
      late: { afterMs: HOUR },
      answered: true,
    });
    world.skip(1);
    await rate(5);
    world.skip(1);
    await rate(7);
    await arrives();
    expect([happened(), (await hookOf()).rate_per_second]).toEqual([true, 7]);
  });

  test("promotes no secret that came after it", async () => {
    const { webhook_id } = endpoint;
    const rotate = () => rotateWebhookSecret(world.deps, world.call, webhook_id, { overlap_seconds: 60 });
    await rotate();
    const happened = once(writes(/#promoted = :promoted/), LATE);
    await promoteWebhookSecret(world.deps, world.call, webhook_id);
    const secret = () => world.deps.table.get(hookSecretRecord, keys.hookSecret(webhook_id));
    expect([happened(), (await secret())?.promoted]).toEqual([true, true]);
    await rotate();
    await arrives();
    expect((await secret())?.promoted).toBeUndefined();
  });
});

test("changes at the same moment all count, whoever is faster", async () => {
  const change = (changes: Parameters<typeof changeWebhook>[3]) =>
    changeWebhook(world.deps, world.call, endpoint.webhook_id, changes);
  world.skip(1);
  await Promise.all([change({ rate_per_second: 5 }), change({ description: "mine" })]);
  expect(await hookOf()).toMatchObject({ rate_per_second: 5, description: "mine" });
});

test("a recovery takes what happened by a clock that is ahead", async () => {
  await disable();
  await world.emit();
  await enable();
  const slow = { ...world.deps, now: () => world.now() - 3 * SECOND };
  const span = { since: new Date(world.now() - HOUR).toISOString(), statuses: ["skipped_disabled" as const] };
  await startRecovery(slow, world.call, endpoint.webhook_id, span);
  await world.pass(MINUTE);
  expect(await statuses()).toEqual(["succeeded"]);
});

describe("a rate", () => {
  const rate = (rate_per_second: number) =>
    changeWebhook(world.deps, world.call, endpoint.webhook_id, { rate_per_second });

  test("is kept after a stall: turns that nobody used are lost", async () => {
    await given(VERIFIED);
    await rate(2);
    await world.emitMany(30);
    world.skip(4 * MINUTE);
    const before = receiver.received.length;
    const waiting = world.waiting().length;
    for (let message = 0; message < waiting; message++) await world.workOne();
    expect(waiting).toBeGreaterThan(20);
    // Two seconds' worth.
    expect(receiver.received.length - before).toBe(4);
    const seconds = [];
    for (let second = 0; second < 5; second++) {
      const at = receiver.received.length;
      await world.pass(SECOND);
      seconds.push(receiver.received.length - at);
    }
    expect(seconds.every((count) => count <= 3)).toBe(true);
    await world.pass(MINUTE);
    expect(new Set(await statuses())).toEqual(new Set(["succeeded"]));
    expect(receiver.received).toHaveLength(30);
  });

  test("that is lowered holds for turns that were kept before", async () => {
    await given(VERIFIED);
    await rate(20);
    await world.emitMany(50);
    await rate(1);
    const before = receiver.received.length;
    await world.pass(10 * SECOND);
    const sent = receiver.received.length - before;
    expect(sent).toBeGreaterThanOrEqual(9);
    expect(sent).toBeLessThanOrEqual(13);
  });
});

test("events that come again keep no second turn", async () => {
  await given({ ...VERIFIED, turn_ms: world.now() + 10 * SECOND });
  const records = await world.write(3);
  const events = records.map(({ body }) => event.parse(JSON.parse(body)));
  await fanOut(world.deps, events);
  const { turn_ms } = await stateOf();
  await fanOut(world.deps, events);
  expect((await stateOf()).turn_ms).toBe(turn_ms);
  await world.pass(MINUTE);
  expect(receiver.received).toHaveLength(3);
});

test("an endpoint with folders hears of others that fail", async () => {
  const { default_workspace } = world.call.caller;
  const [made] = await makeFolders(world.deps, default_workspace, ["reports"]);
  const folder = made?.folder_id ?? "";
  const watcher = await startReceiver();
  const events = ["webhook_failing", "webhook_disabled"] as const;
  const watching = await world.endpoint(watcher.url, { events: [...events], folders: [folder] });
  for (const type of events) await world.emit(type, { data: { webhook_id: endpoint.webhook_id } });
  await world.pass(5 * SECOND);
  expect(watcher.received.map(({ headers }) => headers["x-event-type"])).toEqual(events);
  await Promise.all([watching.remove(), watcher.close()]);
});
