/** Days of deliveries in seconds: schedule, deferrals, disabling, recovery, duplicates and losses. */
import { describe, expect, test } from "vitest";
import { due, keys } from "#aws/keys.ts";
import type { DeliveryMessage } from "#aws/queues.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { type DeliveryRecord, deliveryRecord, hookRecord, hookState } from "#core/attempts/records.ts";
import { SCHEDULE } from "#core/attempts/schedule.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { getRecovery, startRecovery } from "#core/delivery/recover.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { finishDelivery, takeLease } from "#core/delivery/write-delivery.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { testWebhook } from "#core/endpoints/test-webhook.ts";
import { revokeClient } from "#core/revocation/change-client.ts";
import { isTaken } from "#core/turns/slots.ts";
import {
  DAY,
  endpoint,
  fail,
  HOUR,
  ids,
  LONG,
  MINUTE,
  receiver,
  SECOND,
  statuses,
  succeed,
  useEndpoint,
  world,
} from "#test/support/endpoint-tests.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

const gone: Behaviour = (res) => void res.writeHead(410).end();

useEndpoint();

describe("the schedule", LONG, () => {
  test("makes ten attempts within their bounds and gives up", async () => {
    receiver.behave(fail);
    await world.emit();
    await world.pass(4 * DAY);
    const [row] = await endpoint.deliveries();
    const { attempt_log, ...ended } = await endpoint.delivery(row?.delivery_id);
    expect(ended).toMatchObject({ status: "failed", attempts: 10, reason: "no success in 10 attempts" });
    const starts = attempt_log.map(({ started_at }) => Date.parse(started_at));
    for (const [index, start] of starts.entries()) {
      const delay = SCHEDULE[index] ?? 0;
      const waited = start - (starts[index - 1] ?? start);
      expect(waited).toBeGreaterThanOrEqual(0.8 * delay);
      expect(waited).toBeLessThanOrEqual(1.2 * delay + 2 * SECOND);
    }
    expect(receiver.received).toHaveLength(10);
  });

  test("goes to the endpoint's URL as it is at each attempt, with the same body signed anew", async () => {
    receiver.behave(fail);
    const id = await world.emit();
    const elsewhere = await startReceiver();
    await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: elsewhere.url });
    await world.pass(10 * SECOND);
    const [[first], [second]] = [receiver.received, elsewhere.received];
    expect([receiver.received.length, elsewhere.received.length]).toEqual([1, 1]);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers).toMatchObject({ "webhook-id": id, "x-delivery-attempt": "2" });
    const changing = ["webhook-timestamp", "webhook-signature"];
    for (const name of changing) expect(second?.headers[name]).not.toBe(first?.headers[name]);
    expect(second?.headers["x-signature"]).toBe(first?.headers["x-signature"]);
    await elsewhere.close();
  });

  test("goes on where the receiver recovers, each event once", async () => {
    receiver.behave(fail);
    const events: string[] = [];
    for (let event = 0; event < 8; event++) events.push(await world.emit());
    await world.pass(20 * MINUTE);
    receiver.behave(succeed);
    const before = receiver.received.length;
    await world.pass(12 * HOUR);
    expect(new Set(await statuses())).toEqual(new Set(["succeeded"]));
    expect(ids().slice(before).sort()).toEqual([...events].sort());
  });
});

describe("limits", LONG, () => {
  test("a burst beyond the rate is spread, and nothing is sent twice", async () => {
    const slow = await world.endpoint(receiver.url, { rate_per_second: 2 });
    await endpoint.remove();
    const events: string[] = [];
    for (let event = 0; event < 12; event++) events.push(await world.emit());
    const atOnce = receiver.received.length;
    expect(atOnce).toBeLessThanOrEqual(3);
    await world.pass(3 * SECOND);
    expect(receiver.received.length).toBeLessThanOrEqual(atOnce + 8);
    await world.pass(10 * SECOND);
    expect(ids().sort()).toEqual([...events].sort());
    expect((await slow.deliveries()).every(({ attempts }) => attempts === 1)).toBe(true);
    await slow.remove();
  });

  test("a pause holds everything back, then lets it go", async () => {
    receiver.behave((res) => void res.writeHead(503, { "retry-after": "1800" }).end());
    await world.emit();
    receiver.behave(succeed);
    await world.emit();
    await world.pass(29 * MINUTE);
    expect(receiver.received).toHaveLength(1);
    await world.pass(3 * MINUTE);
    const rows = await endpoint.deliveries();
    expect(rows.map(({ status, attempts }) => `${status} ${attempts}`).sort()).toEqual([
      "succeeded 1",
      "succeeded 2",
    ]);
  });
});

describe("what goes wrong on the way", LONG, () => {
  test("messages that come twice, also at the same time, send each attempt once", async () => {
    receiver.behave(fail);
    await world.emit();
    for (let round = 0; round < 4; round++) {
      world.duplicateMessages();
      await world.pass(HOUR);
    }
    const [row] = await endpoint.deliveries();
    const { attempt_log } = await endpoint.delivery(row?.delivery_id);
    expect(receiver.received.map(({ headers }) => headers["x-delivery-attempt"])).toEqual(
      attempt_log.map(({ number }) => String(number)),
    );
  });

  test("messages that get lost are made again by the sweep", async () => {
    receiver.behave(fail);
    await world.emit();
    world.loseMessages();
    await world.pass(6 * MINUTE);
    expect(receiver.received.length).toBeGreaterThanOrEqual(2);
    receiver.behave(succeed);
    world.loseMessages();
    await world.pass(2 * HOUR);
    expect(await statuses()).toEqual(["succeeded"]);
  });

  test("two sweeps at once wake a delivery once", async () => {
    receiver.behave(fail);
    await world.emit();
    world.loseMessages();
    world.skip(3 * MINUTE);
    const { table } = world.deps;
    const all = Promise.withResolvers<void>();
    let reads = 0;
    // None writes before all have read.
    const query: typeof table.query = async (input) => {
      const page = await table.query(input);
      if (page.items.length === 0) return page;
      if (++reads === 3) all.resolve();
      await all.promise;
      return page;
    };
    const deps = { ...world.deps, table: { ...table, query } };
    const sweeps = await Promise.all([1, 2, 3].map(() => sweepDeliveries(deps)));
    expect(sweeps.map(({ woken }) => woken).sort()).toEqual([0, 0, 1]);
    expect(Math.max(...sweeps.map(({ oldestMs }) => oldestMs))).toBeGreaterThan(2 * MINUTE);
    await world.work();
    expect(receiver.received).toHaveLength(2);
  });

  test("a worker that dies while it sends is followed by another once its lease has ended", async () => {
    let sent = 0;
    const { table } = world.deps;
    await world.emit();
    receiver.behave((res) => {
      sent += 1;
      res.writeHead(204).end();
    });
    // The second event's worker never gets to record what it did.
    const dying = { ...world.deps, table: { ...table, transact: () => Promise.reject(new Error("died")) } };
    const transact = world.deps.table.transact;
    world.deps.table.transact = dying.table.transact;
    await world.emit().catch(() => {});
    world.deps.table.transact = transact;
    await world.sweep();
    await world.pass(4 * MINUTE);
    expect(new Set(await statuses())).toEqual(new Set(["succeeded"]));
    expect(sent).toBeLessThanOrEqual(2);
  });

  test("a duplicate that took the breaker's probe gives it back", async () => {
    await world.emit();
    receiver.behave(fail);
    const { webhook_id } = endpoint;
    const stateOf = async () =>
      hookState.parse((await world.deps.table.batchGet([keys.hookState(webhook_id)]))[0]);
    // An attempt that a busy machine makes late is set aside, and counts for nothing.
    for (let event = 0; event < 20 && (await stateOf()).open_until_ms === undefined; event++)
      await world.emit();
    world.skip(HOUR);
    expect((await stateOf()).open_until_ms).toBeLessThan(world.now());
    // The other of two workers takes the lease between this one's turn and its own lease.
    const happened = world.meanwhile("SET #lease = ", async (write) => {
      await world.deps.table.update({
        ...write,
        update: { set: { ...write.update.set, lease: "another's" } },
      });
    });
    await world.workOne();
    expect(happened()).toBe(true);
    const state = await stateOf();
    expect(state.probe_until_ms).toBeUndefined();
    const slots = Object.keys(state).filter((name) => name.startsWith("slot_"));
    expect(slots.filter((name) => isTaken(state, name, world.now()))).toEqual([]);
  });

  test("an endpoint that is deleted on the way ends its deliveries", async () => {
    receiver.behave(fail);
    await world.emit();
    const [row] = await endpoint.deliveries();
    await endpoint.remove();
    await world.pass(10 * MINUTE);
    expect(receiver.received).toHaveLength(1);
    const record = await world.deps.table.batchGet([
      keys.delivery(endpoint.webhook_id, row?.delivery_id ?? ""),
    ]);
    expect(record).toMatchObject([{ status: "cancelled", reason: "endpoint_deleted" }]);
    expect(record[0]).not.toHaveProperty("due_pk");
  });
});

test("a message that comes too soon comes again, and one that comes too late ends its delivery", async () => {
  receiver.behave(fail);
  await world.emit();
  await world.pass(10 * SECOND);
  const [message] = world.waiting().map((one) => one.message);
  if (message === undefined) throw new Error("no message waits");
  world.loseMessages();
  expect(await deliver(world.worker, message)).toBe("deferred");
  expect(world.waiting().map((one) => one.message)).toEqual([message]);
  world.loseMessages();
  world.skip(80 * HOUR);
  expect(await deliver(world.worker, message)).toBe("expired");
  expect(receiver.received).toHaveLength(2);
  expect(await endpoint.deliveries()).toMatchObject([{ status: "failed", reason: "expired" }]);
});

describe("an endpoint that has never answered well", LONG, () => {
  const verifiedAt = async () => (await endpoint.show()).verified_at;

  test("is sent one delivery at a time and one a second, until it answers one with 2xx", async () => {
    const open: (() => void)[] = [];
    receiver.behave((res) => void open.push(() => res.writeHead(204).end()));
    const working = world.emitMany(10);
    await receiver.until(1);
    expect([receiver.received.length, await verifiedAt()]).toEqual([1, null]);
    receiver.behave(succeed);
    open[0]?.();
    await working;
    expect(await verifiedAt()).toBe(new Date(world.now()).toISOString());
    await world.pass(30 * SECOND);
    expect(new Set(ids()).size).toBe(10);
    const at = await verifiedAt();
    await world.emitMany(10);
    expect([receiver.received.length, await verifiedAt()]).toEqual([20, at]);
  });

  test("and one that has a new URL is one of those again", async () => {
    await world.emit();
    expect(await verifiedAt()).not.toBeNull();
    const elsewhere = await startReceiver(fail, fail);
    await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: elsewhere.url });
    expect(await verifiedAt()).toBeNull();
    await world.emitMany(10);
    expect([elsewhere.pings.length, elsewhere.received.length]).toEqual([1, 0]);
    await elsewhere.close();
  });

  test("is pinged first, whatever it subscribes to, and verified by the ping's 2xx", async () => {
    const pinged = await world.endpoint(receiver.url, { ping: true, events: ["file_deleted"] });
    expect(await pinged.show()).toMatchObject({ status: "unverified", verified_at: null });
    await world.work();
    expect(receiver.pings.map(({ headers }) => headers["x-event-type"])).toEqual(["ping"]);
    const verified_at = new Date(world.now()).toISOString();
    expect(await pinged.show()).toMatchObject({ status: "enabled", verified_at });
    await pinged.remove();
  });

  test("has no more than one a second, also of turns that were kept for its last URL", async () => {
    const times: number[] = [];
    const note: Behaviour = (res) => {
      times.push(world.now());
      res.writeHead(500).end();
    };
    const elsewhere = await startReceiver(note, note);
    await world.emit();
    // Behind its rate of 5 a second, each of these has a turn of its own.
    const { webhook_id } = endpoint;
    await changeWebhook(world.deps, world.call, webhook_id, { rate_per_second: 5 });
    await world.emitMany(20);
    await changeWebhook(world.deps, world.call, webhook_id, { url: elsewhere.url });
    await world.pass(MINUTE);
    expect(times.length).toBeGreaterThan(2);
    expect(times.slice(1).map((at, index) => at - (times[index] ?? 0) >= SECOND)).not.toContain(false);
    await elsewhere.close();
  });

  test("isn't verified by what its last URL answers late", async () => {
    const open: (() => void)[] = [];
    receiver.behave((res) => void open.push(() => res.writeHead(204).end()));
    const working = world.emit();
    await receiver.until(1);
    const elsewhere = await startReceiver(fail, fail);
    await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: elsewhere.url });
    open[0]?.();
    await working;
    expect(await endpoint.show()).toMatchObject({ status: "unverified", verified_at: null });
    await elsewhere.close();
  });

  test("is pinged by the latest of its URLs alone", async () => {
    receiver.behaveForPings(fail);
    const pinged = await world.endpoint(receiver.url, { ping: true });
    await world.work();
    const elsewhere = await startReceiver();
    await changeWebhook(world.deps, world.call, pinged.webhook_id, { url: elsewhere.url });
    await world.pass(HOUR);
    expect([receiver.pings.length, elsewhere.pings.length]).toEqual([1, 1]);
    expect((await pinged.deliveries()).map(({ status }) => status).sort()).toEqual([
      "cancelled",
      "succeeded",
    ]);
    await pinged.remove();
    await elsewhere.close();
  });

  test("is known by what it answered before that was kept", async () => {
    const key = keys.hookState(endpoint.webhook_id);
    const at = world.now() - DAY;
    await world.deps.table.update({
      blind: "seeded",
      key,
      update: { set: { last_success_ms: at } },
    });
    expect(await verifiedAt()).toBe(new Date(at).toISOString());
    await world.emitMany(10);
    expect([receiver.received.length, await verifiedAt()]).toEqual([10, new Date(at).toISOString()]);
  });
});

test("an answer that the workers of prompt endpoints don't wait for uses up no attempt, and is waited for elsewhere", async () => {
  await world.emit();
  for (let event = 0; event < 2; event++) await world.emit();
  let answer = () => {};
  receiver.behave((res) => {
    answer = () => void res.writeHead(204).end();
  });
  // Listed by their events' ids, which begin with the time.
  world.skip(SECOND);
  const id = await world.emit();
  const [waits, ...others] = world.waiting();
  expect([waits?.message.lane, others.length]).toEqual(["retry", 0]);
  expect(await endpoint.deliveries()).toMatchObject([{ status: "pending", attempts: 0 }, {}, {}, {}]);
  expect((await endpoint.show()).health.failures_in_row).toBe(0);
  answer();
  receiver.behave(succeed);
  await world.pass(10 * SECOND);
  expect(await endpoint.deliveries()).toMatchObject([{ status: "succeeded", attempts: 1 }, {}, {}, {}]);
  expect(ids().filter((one) => one === id)).toHaveLength(2);
  expect(receiver.received.at(-1)?.headers["x-delivery-attempt"]).toBe("1");
});

describe("a worker that is overtaken between what it reads and what it writes", LONG, () => {
  const rowOf = async () => {
    const { items } = await world.deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.delivery(endpoint.webhook_id, "").pk },
    });
    return deliveryRecord.parse(items[0]);
  };
  const messageOf = (row: DeliveryRecord): DeliveryMessage => ({ ...wakeMessage(row), lane: "retry" });
  /** A delivery whose first attempt has failed and whose second is due. */
  async function dueAgain(): Promise<DeliveryRecord> {
    receiver.behave(fail);
    await world.emit();
    world.skip(10 * SECOND);
    return rowOf();
  }

  test("by a worker that makes the attempt: makes it no second time", async () => {
    const key = keys.hookState(endpoint.webhook_id);
    await world.deps.table.update({
      blind: "seeded",
      key,
      update: { set: { last_success_ms: 1 } },
    });
    const message = messageOf(await dueAgain());
    const happened = world.meanwhile("SET #lease = ", () => deliver(world.worker, message));
    expect(await deliver(world.worker, message)).toBe("dropped");
    expect([happened(), receiver.received.length]).toEqual([true, 2]);
    expect(await rowOf()).toMatchObject({ status: "pending", attempts: 2, step: 2 });
  });

  test("by a worker that has died, its message back before its lease is over: asks again after the lease", async () => {
    const row = await dueAgain();
    await takeLease(world.deps, row);
    world.skip(2 * SECOND);
    const waiting = world.waiting().length;
    expect(await deliver(world.worker, messageOf(row))).toBe("deferred");
    expect([receiver.received.length, world.waiting().length]).toEqual([1, waiting + 1]);
    world.skip(28 * SECOND);
    receiver.behave(succeed);
    await world.work();
    expect(await rowOf()).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("by the schedule, since its message is an old one: does nothing", async () => {
    const old = messageOf(await dueAgain());
    expect(await deliver(world.worker, old)).toBe("retry");
    const waiting = world.waiting().length;
    expect(await deliver(world.worker, old)).toBe("dropped");
    // Neither sent nor sent round the queue again, now or when the third attempt is due.
    world.skip(HOUR);
    expect(await deliver(world.worker, old)).toBe("dropped");
    expect([receiver.received.length, world.waiting().length]).toEqual([2, waiting]);
  });

  test("by its owner, who asks for another attempt while it sends: keeps its own", async () => {
    const row = await dueAgain();
    const at = { webhookId: endpoint.webhook_id, deliveryId: row.delivery_id };
    let refused: unknown;
    receiver.behave(async (res) => {
      refused = await redeliver(world.worker, world.call, at).catch((error: unknown) => error);
      res.writeHead(204).end();
    });
    expect(await deliver(world.worker, messageOf(row))).toBe("succeeded");
    expect(refused).toMatchObject({ code: "conflict", facts: { retry_after_seconds: 15 } });
    expect(await rowOf()).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("after its lease has run out: records nothing of its own", async () => {
    const message = messageOf(await dueAgain());
    const { table } = world.deps;
    const { transact } = table;
    table.transact = async (writes) => {
      table.transact = transact;
      world.skip(31 * SECOND);
      expect(await deliver(world.worker, message)).toBe("retry");
      return transact(writes);
    };
    expect(await deliver(world.worker, message)).toBe("dropped");
    // Sent twice, under one number, and known by one id.
    const numbers = receiver.received.map(({ headers }) => headers["x-delivery-attempt"]);
    expect([numbers, new Set(ids()).size]).toEqual([["1", "2", "2"], 1]);
    expect(await rowOf()).toMatchObject({ status: "pending", attempts: 2, step: 2 });
  });

  test("by the end of the delivery: puts nothing off", async () => {
    const row = await dueAgain();
    const pause = { paused_until_ms: world.now() + MINUTE };
    await world.deps.table.update({
      blind: "seeded",
      key: keys.hookState(endpoint.webhook_id),
      update: { set: pause },
    });
    const happened = world.meanwhile("SET #next_ms", () =>
      finishDelivery(world.deps, row, "failed", "expired"),
    );
    await deliver(world.worker, messageOf(row));
    expect(happened()).toBe(true);
    const after = await rowOf();
    expect(after).toMatchObject({ status: "failed", next_ms: row.next_ms });
    expect(after.due_sk).toBeUndefined();
  });

  test("by its owner, who has it sent again: ends nothing", async () => {
    const row = await dueAgain();
    const { webhook_id } = endpoint;
    const hook = await world.deps.table.get(hookRecord, keys.hook(webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    await disableEndpoint(world.deps, hook, "manual", "test");
    const happened = world.meanwhile("SET #status = :status, #reason", async () => {
      await enableWebhook(world.deps, world.call, webhook_id, { force: true });
      const at = { webhookId: webhook_id, deliveryId: row.delivery_id };
      await redeliver(world.worker, world.call, at);
    });
    await deliver(world.worker, messageOf(row));
    expect(happened()).toBe(true);
    expect(await rowOf()).toMatchObject({ status: "pending", step: 0, trigger: "redeliver" });
  });
});

describe("an endpoint that fails for days", LONG, () => {
  test("is told nothing of itself, so that its failures bring no more", async () => {
    const all = await world.endpoint(receiver.url, { events: ["*"] });
    const watcher = await startReceiver();
    const watching = await world.endpoint(watcher.url, { events: ["*"] });
    receiver.behave(gone);
    await world.emit("file_moved");
    await world.pass(5 * MINUTE);
    expect(await all.show()).toMatchObject({ status: "disabled", disabled_reason: "gone" });
    const types = async (of: typeof all) => (await of.deliveries()).map(({ event_type }) => event_type);
    expect(await types(all)).toEqual(["file_moved"]);
    expect((await types(watching)).sort()).toEqual(["file_moved", "webhook_disabled"]);
    await Promise.all([all.remove(), watching.remove(), watcher.close()]);
  });

  test("ends with its client: what was to be tried again is skipped", async () => {
    receiver.behave(fail);
    await world.emit();
    const { client_id } = world.call.caller;
    const other = await createClient(world.deps, { name: "leaving", scopes: ["webhooks:write"] });
    await world.deps.table.update({
      blind: "seeded",
      key: keys.hook(endpoint.webhook_id),
      update: { set: { client_id: other.client_id } },
    });
    for (const _ of [1, 2]) await revokeClient(world.deps, other.client_id);
    receiver.behave(succeed);
    await world.pass(HOUR);
    expect(receiver.received).toHaveLength(1);
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    expect(hook).toMatchObject({ client_id: other.client_id, disabled_reason: "revoked" });
    const told = (await world.events("webhook_disabled")).filter(
      ({ data }) => data["webhook_id"] === endpoint.webhook_id,
    );
    expect(told.map(({ data }) => data["reason"])).toEqual(["revoked"]);
    await world.deps.table.update({
      blind: "seeded",
      key: keys.hook(endpoint.webhook_id),
      update: { set: { client_id } },
    });
    expect(await statuses()).toEqual(["skipped_disabled"]);
  });

  test("can be enabled by force, without an answer", async () => {
    receiver.behave(fail);
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    await disableEndpoint(world.deps, hook, "gone", "test");
    const { status } = await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
    expect(status).toBe("unverified");
    expect(receiver.received).toEqual([]);
  });

  test.each([
    ["24 h, 12 h apart", { hours: 24, spread: 12, count: 2 }, "warned 24"],
    ["under 24 h", { hours: 23, spread: 20, count: 30 }, "enabled"],
    ["one failure only", { hours: 30, spread: 0, count: 1 }, "enabled"],
    ["an hour's outage", { hours: 200, spread: 1, count: 50 }, "enabled"],
    ["72 h, warned before", { hours: 72, spread: 70, count: 9, warned: 24 }, "warned 72"],
    ["100 h, warned of both", { hours: 100, spread: 99, count: 9, warned: 72 }, "enabled"],
    ["120 h, 19 failures", { hours: 121, spread: 119, count: 19, warned: 72 }, "enabled"],
    ["120 h, 20 failures, 11 h apart", { hours: 121, spread: 11, count: 20, warned: 72 }, "enabled"],
    ["120 h, 20 failures, 12 h apart", { hours: 120, spread: 12, count: 20, warned: 72 }, "disabled"],
    ["just under 120 h", { hours: 119.9, spread: 100, count: 90, warned: 72 }, "enabled"],
  ] as [string, { hours: number; spread: number; count: number; warned?: number }, string][])(
    "%s",
    async (_, { hours, spread, count, warned }, outcome) => {
      const since = world.now() - hours * HOUR;
      const state = {
        failing_since_ms: since,
        last_failure_ms: since + spread * HOUR,
        failing_count: count,
        ...(warned === undefined ? {} : { warned_hours: warned }),
      };
      const { webhook_id } = endpoint;
      const due_now = due("endpoint", world.now(), webhook_id);
      await world.deps.table.put({
        blind: "seeded",
        put: { ...keys.hookState(webhook_id), webhook_id, ...state, ...due_now },
      });
      await Promise.all([sweepEndpoints(world.deps), sweepEndpoints(world.deps)]);
      await sweepEndpoints(world.deps);
      const told = (await world.events()).filter(({ data }) => data["webhook_id"] === webhook_id);
      const { status } = await endpoint.show();
      if (outcome === "disabled") {
        expect([status, told.map(({ type }) => type)]).toEqual(["disabled", ["webhook_disabled"]]);
      } else {
        expect(status).toBe("unverified");
        expect(told.map(({ data }) => `warned ${data["warning_hours"]}`)).toEqual(
          outcome === "enabled" ? [] : [outcome],
        );
      }
    },
  );

  test("forgets its failures at the first success", async () => {
    receiver.behave(fail);
    await world.emit();
    await world.pass(20 * HOUR);
    receiver.behave(succeed);
    await world.emit();
    await world.pass(6 * DAY);
    const { status, health } = await endpoint.show();
    expect([status, health.failing_since]).toEqual(["enabled", null]);
  });
});

describe("recovery", LONG, () => {
  const since = () => new Date(world.now() - 13 * DAY).toISOString();
  const start = (statuses: ("failed" | "skipped_disabled" | "succeeded")[]) =>
    startRecovery(world.deps, world.call, endpoint.webhook_id, { since: since(), statuses });
  const counts = async (jobId: string) => {
    const { state, scanned, recovered } = await getRecovery(
      world.deps,
      world.call,
      endpoint.webhook_id,
      jobId,
    );
    return [state, scanned, recovered];
  };

  test("goes through all pages, and a crash between them counts nothing twice", async () => {
    const { length } = await world.emitMany(130);
    await world.pass(5 * MINUTE);
    expect(receiver.received).toHaveLength(length);
    const { job_id } = await start(["succeeded"]);
    const { send } = world.deps.queues;
    let calls = 0;
    world.deps.queues.send = async (...args) => {
      calls += 1;
      if (calls === 2) throw new Error("died");
      return send(...args);
    };
    await world.sweep();
    expect(await counts(job_id)).toEqual(["running", 100, 100]);
    world.deps.queues.send = send;
    await world.pass(5 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 130, 130]);
    expect(receiver.received).toHaveLength(2 * length);
  });

  test("is counted once and whole where two sweeps take it on at the same moment", async () => {
    const { length } = await world.emitMany(40);
    await world.pass(5 * MINUTE);
    const { job_id } = await start(["succeeded"]);
    const { table, queues } = world.deps;
    const seen = Promise.withResolvers<void>();
    const restarted = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    /** The page of deliveries comes once `when` has happened. */
    const pageAfter = (when: Promise<void>, then = () => {}) => ({
      ...table,
      async query(input: Parameters<typeof table.query>[0]) {
        const page = await table.query(input);
        if (!String(input.values["pk"]).startsWith("DLV#")) return page;
        then();
        await when;
        return page;
      },
    });
    const slow = {
      ...world.deps,
      table: pageAfter(seen.promise),
      queues: {
        async send(...args: Parameters<typeof queues.send>) {
          restarted.resolve();
          await ended.promise;
          return queues.send(...args);
        },
      },
    };
    // It has read the page before the slow one restarts it, and saves before the slow one does.
    const quick = { ...world.deps, table: pageAfter(restarted.promise, () => seen.resolve()) };
    await Promise.all([sweepRecoveries(slow), sweepRecoveries(quick).finally(() => ended.resolve())]);
    await world.pass(5 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 40, 40]);
    expect(receiver.received).toHaveLength(2 * length);
  });

  test("leaves tests and pings alone", async () => {
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    receiver.behave(gone);
    await testWebhook(world.deps, world.call, hook);
    world.skip(SECOND);
    await world.emit();
    receiver.behave(succeed);
    await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
    const { job_id } = await start(["failed"]);
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 2, 1]);
    expect(receiver.received.map(({ headers }) => headers["x-event-type"])).toEqual([
      "webhook_test",
      "upload_completed",
      "upload_completed",
    ]);
  });

  test("leaves alone what was skipped more than seven days ago", async () => {
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    await disableEndpoint(world.deps, hook, "manual", "test");
    await world.emit();
    world.skip(4 * DAY);
    await world.emit();
    world.skip(4 * DAY);
    await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
    const { job_id } = await start(["skipped_disabled"]);
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 2, 1]);
    expect((await statuses()).sort()).toEqual(["skipped_disabled", "succeeded"]);
  });

  test("is the only one of its endpoint: a second is told of it until it is done", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    await expect(start(["succeeded"])).rejects.toMatchObject({ code: "recovery_running", facts: { job_id } });
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 1, 1]);
    const next = await start(["failed"]);
    await world.pass(2 * MINUTE);
    expect(await counts(next.job_id)).toEqual(["done", 1, 0]);
  });

  test("that can't be carried out ends as failed within minutes, and makes room", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    const { send } = world.deps.queues;
    world.deps.queues.send = async () => {
      throw new Error("died");
    };
    for (let minute = 0; minute < 20; minute++) {
      world.skip(MINUTE);
      await sweepRecoveries(world.deps).catch(() => {});
    }
    world.deps.queues.send = send;
    expect((await counts(job_id))[0]).toBe("failed");
    await start(["succeeded"]);
    await world.pass(5 * MINUTE);
  });

  test("ends with the endpoint", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    const row = keys.recovery(endpoint.webhook_id, job_id);
    await endpoint.remove();
    await world.sweep();
    expect(await world.deps.table.batchGet([row])).toMatchObject([{ state: "cancelled" }]);
  });
});
