/** However many workers send to one host, they keep its rate together, for few writes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
import { testWebhook } from "#core/endpoints/test-webhook.ts";
import { createHostShares, HOST_RATE, hostOf } from "#core/turns/host-shares.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

let world: DeliveryWorld;
beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(() => world.close());

const SECONDS = 4;
const fail: Behaviour = (res) => void res.writeHead(500).end();

/** One client's workers that each send `perSecond` requests a second, beside so many other clients. */
interface Load {
  workers: number;
  perSecond: number;
  clients?: number;
}

/** What each load's workers, which all clients share, were let in a while, and for how many writes. */
async function send(host: string, ...loads: Load[]) {
  let now = Date.now();
  let writes = 0;
  const { table } = world.deps;
  const counting = {
    ...table,
    update: (write: Parameters<typeof table.update>[0]) => {
      writes += 1;
      return table.update(write);
    },
  };
  const workers = Array.from({ length: Math.max(...loads.map(({ workers }) => workers)) }, () =>
    createHostShares({ table: counting, now: () => now }),
  );
  const counts = loads.map(() => 0);
  const begin = now;
  for (; now < begin + SECONDS * 1_000; now += 5) {
    for (const [index, { workers: most, perSecond, clients = 1 }] of loads.entries()) {
      if ((now - begin) % (1_000 / perSecond) >= 5) continue;
      const sender = { host, client_id: String(index), clients };
      for (const shares of workers.slice(0, most))
        if ((await shares.take(sender)).go) counts[index] = (counts[index] ?? 0) + 1;
    }
  }
  const sent = counts.reduce((sum, count) => sum + count, 0);
  return { counts, sent, writes };
}

test("20 workers that would send 400 a second send 50", async () => {
  const { sent } = await send("busy.example.com:", { workers: 20, perSecond: 20 });
  expect(sent).toBeGreaterThan(0.9 * HOST_RATE * SECONDS);
  // Half a second's worth that was left over, and a share taken at the end.
  expect(sent).toBeLessThanOrEqual(HOST_RATE * (SECONDS + 0.5) + 10);
});

test.each([
  { workers: 1, perSecond: 1, most: 1 },
  { workers: 1, perSecond: 40, most: 0.15 },
  { workers: 4, perSecond: 10, most: 0.4 },
])("$workers of $perSecond a second write $most times a request at most", async (load) => {
  const { sent, writes } = await send(JSON.stringify(load), load);
  // Near the rate a share that lapses in one worker may be missing in another.
  expect(sent).toBeGreaterThanOrEqual(0.95 * load.workers * load.perSecond * SECONDS);
  expect(writes / sent).toBeLessThanOrEqual(load.most);
});

test("a client that sends little is let all of it beside two that send far too much", async () => {
  const flood = { workers: 5, perSecond: 50, clients: 3 };
  const quiet = { workers: 4, perSecond: 2, clients: 3 };
  const { counts, sent } = await send("flooded.example.com:", flood, flood, quiet);
  expect(counts[2]).toBeGreaterThanOrEqual(0.95 * 4 * 2 * SECONDS);
  expect(sent).toBeGreaterThan(0.9 * HOST_RATE * SECONDS);
  // Half a second's worth that was left over, and what may be ahead of the rate.
  expect(sent).toBeLessThanOrEqual(HOST_RATE * (SECONDS + 1.5) + 10);
});

test("what clients claim as their parts adds up to no more than the host's rate", async () => {
  const flood = { workers: 4, perSecond: 50, clients: 2 };
  const { sent } = await send("claimed.example.com:", ...Array.from({ length: 6 }, () => flood));
  expect(sent).toBeLessThanOrEqual(HOST_RATE * (SECONDS + 1.5) + 10);
});

test("what no use was made of is there for the next, without a write", async () => {
  let writes = 0;
  const { table } = world.deps;
  const update: typeof table.update = (write) => {
    writes += 1;
    return table.update(write);
  };
  const shares = createHostShares({ table: { ...table, update }, now: () => 1_000_000 });
  const sender = { host: "back.example.com:", client_id: "one", clients: 1 };
  const room = await shares.take(sender);
  if (!room.go) throw new Error("there is no room");
  shares.giveBack(room);
  expect((await shares.take(sender)).go).toBe(true);
  expect(writes).toBe(1);
});

test.each([
  ["https://Example.com/a", "https://example.com:443/b", true],
  ["https://example.com./a", "https://example.com/b", true],
  ["https://a.example.com/", "https://example.com/", false],
  ["http://127.0.0.1:1/", "http://127.0.0.1:2/", false],
])("%s and %s are one host: %s", (one, other, same) => {
  expect(hostOf(one) === hostOf(other)).toBe(same);
});

describe("endpoints of one host", () => {
  /** What has been written of the rates of hosts since. */
  function hostWrites() {
    const { update } = world.deps.table;
    let count = 0;
    world.deps.table.update = (write) => {
      if (write.key.pk.startsWith("HOST#")) count += 1;
      return update(write);
    };
    return {
      count: () => count,
      [Symbol.dispose]() {
        world.deps.table.update = update;
      },
    };
  }
  const WELL = { last_success_ms: 1, latency_ms: 20 };
  async function verified(url: string) {
    const made = await world.endpoint(url);
    const key = keys.hookState(made.webhook_id);
    await world.deps.table.update({ blind: "seeded", key, update: { set: WELL } });
    return made;
  }

  test("are sent 50 a second together, and lose nothing", async () => {
    const host = await startReceiver();
    const all = await Promise.all(Array.from({ length: 80 }, () => verified(host.url)));
    await world.emit();
    expect(host.received.length).toBeGreaterThan(0);
    expect(host.received.length).toBeLessThanOrEqual(50);
    await world.pass(60_000);
    expect(new Set(host.received.map(({ headers }) => headers["x-delivery-id"])).size).toBe(80);
    expect(host.received.every(({ headers }) => headers["x-delivery-attempt"] === "1")).toBe(true);
    await Promise.all(all.map((one) => one.remove()));
    await host.close();
  });

  test("one that is alone there costs no write", async () => {
    const host = await startReceiver();
    const alone = await verified(host.url);
    world.skip(1);
    using writes = hostWrites();
    await world.emitMany(10);
    expect([host.received.length, writes.count()]).toEqual([10, 0]);
    const second = await verified(`${host.url}/second`);
    await world.emit();
    expect(host.received).toHaveLength(12);
    expect(writes.count()).toBeGreaterThan(0);
    await Promise.all([alone.remove(), second.remove()]);
    await host.close();
  });

  test.each([
    ["", 0],
    [", though the clock of who changed it is slow", -5_000],
  ])("one that was alone at the URL before counts at its new one%s", async (_, behindMs) => {
    const [last, next] = await Promise.all([startReceiver(fail), startReceiver()]);
    const moved = await verified(last.url);
    world.skip(1);
    await world.emit();
    const deps = { ...world.deps, now: () => world.now() + behindMs };
    await changeWebhook(deps, world.call, moved.webhook_id, { url: next.url });
    await world.pass(3_000);
    expect(await moved.show()).toMatchObject({ status: "enabled" });
    using writes = hostWrites();
    await world.pass(7_000);
    expect([next.received.length, writes.count()]).toEqual([1, 1]);
    await Promise.all([moved.remove(), last.close(), next.close()]);
  });

  test("one that was alone there counts for what is sent again when others may have come", async () => {
    const host = await startReceiver();
    const alone = await verified(host.url);
    world.skip(1);
    await world.emit();
    const [delivery] = await alone.deliveries();
    using writes = hostWrites();
    const ids = { webhookId: alone.webhook_id, deliveryId: delivery?.delivery_id ?? "" };
    await redeliver(world.deps, world.call, ids);
    await world.work();
    expect([host.received.length, writes.count()]).toEqual([2, 1]);
    await Promise.all([alone.remove(), host.close()]);
  });
});

test("tests by hand take from their host's rate too, whatever endpoints there are", async () => {
  const receiver = await startReceiver();
  const { webhook_id, remove } = await world.endpoint(receiver.url);
  const hook = await world.deps.table.get(hookRecord, keys.hook(webhook_id));
  if (hook === undefined) throw new Error("it has gone");
  const tested = () => testWebhook(world.deps, world.call, hook);
  expect((await tested()).ok).toBe(true);
  const others = { host: hostOf(receiver.url), client_id: hook.client_id, clients: 10 };
  let sent = 0;
  while ((await world.deps.hosts.take(others)).go) sent += 1;
  expect(sent).toBeGreaterThan(10);
  await expect(tested()).rejects.toMatchObject({ code: "rate_limited", facts: { retry_after_seconds: 1 } });
  expect(receiver.received).toHaveLength(1);
  world.skip(1_000);
  expect((await tested()).ok).toBe(true);
  await Promise.all([remove(), receiver.close()]);
});
