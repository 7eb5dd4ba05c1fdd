/** Days of deliveries in seconds: schedule, deferrals, duplicates and losses. */
import { describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { hookState } from "#core/attempts/records.ts";
import { SCHEDULE } from "#core/attempts/schedule.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
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
import { startReceiver } from "#test/support/receiver.ts";

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
