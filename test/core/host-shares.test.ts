/** However many workers send to one host, they keep its rate together, for few writes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { createHostShares, HOST_RATE, hostOf } from "#core/host-shares.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { startReceiver } from "#test/support/receiver.ts";

let world: DeliveryWorld;
beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(() => world.close());

const SECONDS = 4;

/** Workers that each send `perSecond` requests a second, for a while: what they were let, and for how many writes. */
async function send(host: string, workers: number, perSecond: number) {
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
  const all = Array.from({ length: workers }, () => createHostShares({ table: counting, now: () => now }));
  const sent: number[] = [];
  const step = 1_000 / perSecond;
  const end = now + SECONDS * 1_000;
  for (; now < end; now += step)
    for (const shares of all) if ((await shares.take(host)) === undefined) sent.push(now);
  return { sent, writes };
}

test("20 workers that would send 400 a second send 50", async () => {
  const { sent } = await send("busy.example.com:", 20, 20);
  expect(sent.length).toBeGreaterThan(0.9 * HOST_RATE * SECONDS);
  // Half a second's worth that was left over, and a share taken at the end.
  expect(sent.length).toBeLessThanOrEqual(HOST_RATE * (SECONDS + 0.5) + 10);
});

test.each([
  { workers: 1, perSecond: 1, most: 1 },
  { workers: 1, perSecond: 40, most: 0.15 },
  { workers: 4, perSecond: 10, most: 0.4 },
])("$workers of $perSecond a second write $most times a request at most", async (load) => {
  const { sent, writes } = await send(`${JSON.stringify(load)}`, load.workers, load.perSecond);
  // Near the rate a share that lapses in one worker may be missing in another.
  expect(sent.length).toBeGreaterThanOrEqual(0.95 * load.workers * load.perSecond * SECONDS);
  expect(writes / sent.length).toBeLessThanOrEqual(load.most);
});

test("what no use was made of is there for the next, without a write", async () => {
  let writes = 0;
  const { table } = world.deps;
  const update: typeof table.update = (write) => {
    writes += 1;
    return table.update(write);
  };
  const shares = createHostShares({ table: { ...table, update }, now: () => 1_000_000 });
  expect(await shares.take("back.example.com:")).toBeUndefined();
  shares.giveBack("back.example.com:");
  expect(await shares.take("back.example.com:")).toBeUndefined();
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
    const update = "SET #last_success_ms = :last_success_ms, #latency_ms = :latency_ms";
    await world.deps.table.update({ key, update, values: WELL });
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
});
