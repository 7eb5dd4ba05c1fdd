/** Every call of a service on an event's way to its receiver, failed once before and once after it took effect. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { hookState } from "#core/attempts/records.ts";
import { getRecovery, startRecovery } from "#core/delivery/recover.ts";
import { readFeed } from "#core/events/read-feed.ts";
import { isTaken } from "#core/turns/slots.ts";
import { type DeliveryWorld, type Mode, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { type Behaviour, type Receiver, startReceiver } from "#test/support/receiver.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LONG = { timeout: 120_000 };

const succeed: Behaviour = (res) => void res.writeHead(204).end();

let world: DeliveryWorld;
let receiver: Receiver;
let endpoint: Awaited<ReturnType<DeliveryWorld["endpoint"]>>;
const counts: Record<string, number> = {};
let duplicates = 0;

beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(async () => {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log("crash points of deliveries:", counts, `${total} in all, ${duplicates} sent twice`);
  await world.close();
});
beforeEach(async () => {
  receiver = await startReceiver(succeed);
  endpoint = await world.endpoint(receiver.url);
});
afterEach(async () => {
  await endpoint.remove();
  await receiver.close();
});

/** Runs `story` with each of its calls going wrong in turn; it gets what to do first, and what then. */
async function everyCall(
  what: string,
  mode: Mode,
  story: (fault: (run: () => Promise<unknown>) => Promise<void>) => Promise<void>,
): Promise<void> {
  const hits: string[] = [];
  for (let nth = 0, more = true; more; nth++) {
    expect(nth).toBeLessThan(120);
    more = false;
    await story(async (run) => {
      const fault = world.failCall(nth, mode);
      await run();
      const ended = fault.end();
      if (ended.hit !== undefined) hits.push(ended.hit);
      more = ended.more;
    });
  }
  expect(hits.length).toBeGreaterThan(0);
  counts[`${what}, ${mode}`] = hits.length;
}

/** All of the events arrived, under their own ids, and nothing is left to do. */
async function arrived(...events: string[]): Promise<void> {
  for (const id of events) {
    const got = receiver.received.filter(({ headers }) => headers["webhook-id"] === id);
    expect(got.length).toBeGreaterThanOrEqual(1);
    expect(new Set(got.map(({ body }) => body)).size).toBe(1);
    const numbers = got.map(({ headers }) => headers["x-delivery-attempt"]);
    duplicates += numbers.length - new Set(numbers).size;
    const [record] = await world.deps.table.batchGet([keys.event(id)]);
    expect(record).toHaveProperty("seq");
    expect(record).not.toHaveProperty("due_pk");
    const deliveries = (await endpoint.deliveries()).filter(({ event_id }) => event_id === id);
    expect(deliveries).toMatchObject([{ status: "succeeded" }]);
  }
}

describe.each(["before", "after"] as const)("a call fails %s it takes effect", (mode) => {
  test("on the straight way: relay, fan-out, deliver", LONG, () =>
    everyCall("straight", mode, async (fault) => {
      let id = "";
      await fault(async () => {
        id = await world.emitCarefully();
      });
      await world.pass(20 * MINUTE);
      await arrived(id);
    }),
  );

  test("where the first attempt fails and the second succeeds", LONG, () =>
    everyCall("retry", mode, async (fault) => {
      const seen = new Set<string>();
      receiver.behave((res, { headers }) => {
        const first = !seen.has(headers["webhook-id"] ?? "");
        seen.add(headers["webhook-id"] ?? "");
        res.writeHead(first ? 500 : 204).end();
      });
      let id = "";
      await fault(async () => {
        id = await world.emitCarefully();
        await world.pass(10_000);
      });
      await world.pass(40 * MINUTE);
      await arrived(id);
    }),
  );

  test("where deliveries have to wait for their turn", LONG, async () => {
    const { webhook_id, remove } = await world.endpoint(receiver.url, {
      events: ["file_moved"],
      rate_per_second: 1,
    });
    await everyCall("deferred", mode, async (fault) => {
      const ids: string[] = [];
      await fault(async () => {
        for (let event = 0; event < 3; event++) ids.push(await world.emitCarefully("file_moved"));
        await world.pass(5_000);
      });
      await world.pass(HOUR);
      for (const id of ids) {
        const got = receiver.received.filter(({ headers }) => headers["webhook-id"] === id);
        expect(got.length).toBeGreaterThanOrEqual(1);
      }
      const rows = await world.deps.table.query({
        where: "#pk = :pk",
        values: { pk: keys.delivery(webhook_id, "").pk },
      });
      expect(new Set(rows.items.map((row) => row["status"]))).toEqual(new Set(["succeeded"]));
    });
    await remove();
  });

  test("where the breaker's probe finds the endpoint well again", LONG, () =>
    everyCall("probe", mode, async (fault) => {
      // Until an endpoint has answered, one delivery is under way at a time.
      await arrived(await world.emit());
      receiver.behave((res) => void res.writeHead(500).end());
      const ids: string[] = [];
      for (let event = 0; event < 6; event++) ids.push(await world.emit());
      expect((await endpoint.show()).health.breaker_open_until).not.toBeNull();
      receiver.behave(succeed);
      // 30 s until it half-opens, and as long again for those that wait to ask: with one sweep, not three.
      await fault(() => world.pass(70_000));
      await world.pass(3 * HOUR);
      await arrived(...ids);
      expect((await endpoint.show()).health).toMatchObject({ breaker_open_until: null, failures_in_row: 0 });
    }),
  );

  test("in the sweep, for a message that got lost", LONG, () =>
    everyCall("sweep, message lost", mode, async (fault) => {
      receiver.behave((res) => void res.writeHead(500).end());
      const id = await world.emit();
      world.loseMessages();
      receiver.behave(succeed);
      world.skip(5 * MINUTE);
      await fault(() => world.sweep());
      await world.pass(40 * MINUTE);
      await arrived(id);
    }),
  );

  test("in the sweep, for an event that never left", LONG, () =>
    everyCall("sweep, event unsent", mode, async (fault) => {
      const id = await world.emitUnseen();
      world.skip(3 * MINUTE);
      await fault(() => world.sweep());
      await world.pass(20 * MINUTE);
      await arrived(id);
    }),
  );

  test("in a recovery", LONG, () =>
    everyCall("recover", mode, async (fault) => {
      world.skip(HOUR);
      const since = new Date(world.now()).toISOString();
      const ids = [await world.emit(), await world.emit()];
      const before = receiver.received.length;
      const { deps, call } = world;
      const terms = { since, statuses: ["succeeded" as const] };
      const job = await startRecovery(deps, call, endpoint.webhook_id, terms);
      await fault(() => world.sweep());
      await world.pass(20 * MINUTE);
      await arrived(...ids);
      expect(new Set(receiver.received.slice(before).map(({ headers }) => headers["webhook-id"]))).toEqual(
        new Set(ids),
      );
      expect(await getRecovery(deps, call, endpoint.webhook_id, job.job_id)).toMatchObject({
        state: "done",
        recovered: 2,
      });
    }),
  );

  test("where the endpoint says that it is gone", LONG, () =>
    everyCall("gone", mode, async (fault) => {
      const gone = await startReceiver((res) => void res.writeHead(410).end());
      const leaving = await world.endpoint(gone.url, { events: ["file_deleted"] });
      await fault(() => world.emitCarefully("file_deleted"));
      await world.pass(20 * MINUTE);
      // A crash between the answer and its consequence: the next event has the same answer.
      await world.emit("file_deleted");
      await world.pass(20 * MINUTE);
      expect(await leaving.show()).toMatchObject({ status: "disabled", disabled_reason: "gone" });
      const told = (await world.events("webhook_disabled")).filter(
        ({ data }) => data["webhook_id"] === leaving.webhook_id,
      );
      expect(told).toHaveLength(1);
      await leaving.remove();
      await gone.close();
    }),
  );
});

test("where one call in eight fails for an hour, nothing stays stuck or taken", LONG, async () => {
  const seed = Number(process.env["WHARF_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`one call in eight fails, by seed ${seed}`);
  const ids: string[] = [];
  let answers = 0;
  receiver.behave((res) => void res.writeHead(++answers % 3 === 0 ? 204 : 500).end());
  world.failShare(1 / 8, seed);
  for (let minute = 0; minute < 60; minute += 3) {
    ids.push(await world.emitCarefully());
    if (minute % 15 === 0) world.duplicateMessages();
    if (minute % 20 === 0) world.loseMessages();
    await world.pass(3 * MINUTE);
  }
  world.failShare(0, seed);
  receiver.behave(succeed);
  await world.pass(24 * HOUR);
  await arrived(...ids);
  const state = hookState.parse((await world.deps.table.batchGet([keys.hookState(endpoint.webhook_id)]))[0]);
  expect(state).not.toHaveProperty("open_until_ms");
  const held = Object.keys(state).filter((name) => /^slot_|^probe_/.test(name));
  expect(held.filter((name) => isTaken(state, name, world.now()))).toEqual([]);
  expect(world.waiting()).toEqual([]);
});

test("the log of events has each once, in spite of all that", async () => {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await readFeed(world.deps, world.call, { wait: 0, limit: 100, after });
    if (page.items.length === 0) break;
    ids.push(...page.items.map(({ id }) => id));
    after = page.next_cursor;
  }
  expect(new Set(ids).size).toBe(ids.length);
  const ofIt = (await world.events()).filter(({ workspace_id }) => workspace_id !== undefined);
  expect(ids.length).toBe(ofIt.length);
});
