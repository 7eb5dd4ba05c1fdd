/** What fan-out does beside endpoints that take nothing now: they wait in order, and hold up nobody else. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { event } from "#contract/events.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { deliveryId } from "#core/attempts/delivery-id.ts";
import { deliveryRecord, hookState } from "#core/attempts/records.ts";
import { fanOut } from "#core/delivery/fan-out.ts";
import type { EventRecord } from "#core/events/records.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { type Receiver, startReceiver } from "#test/support/receiver.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let world: DeliveryWorld;
let receiver: Receiver;
let restore = () => {};

beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.loseMessages();
  world.skip(DAY);
  receiver = await startReceiver();
  return async () => {
    restore();
    await receiver.close();
  };
});

/** An endpoint that is gone when its test ends. */
async function endpoint(more: Record<string, unknown> = {}, state: Record<string, unknown> = {}) {
  const made = await world.endpoint(receiver.url, more);
  const { webhook_id } = made;
  if (Object.keys(state).length > 0)
    await world.deps.table.update({
      blind: "seeded",
      key: keys.hookState(webhook_id),
      update: { set: state },
    });
  return { ...made, webhook_id, [Symbol.asyncDispose]: made.remove };
}

/** The row of an event's delivery. */
async function row(webhookId: string, eventId: string) {
  const key = keys.delivery(webhookId, deliveryId(webhookId, eventId));
  return await world.deps.table.get(deliveryRecord, key);
}

test("behind those that wait already, each has its turn before any worker asks", async () => {
  await using slow = await endpoint({ rate_per_second: 2 }, { last_success_ms: 1 });
  for (let event = 0; event < 3; event++) await world.emit();
  expect(receiver.received).toHaveLength(2);
  const before = await world.deps.table.get(hookState, keys.hookState(slow.webhook_id));
  const events = await world.emitMany(4);
  expect(receiver.received).toHaveLength(2);
  const rows = await Promise.all(events.map((event) => row(slow.webhook_id, event)));
  const turns = rows.map((found) => (found?.next_ms ?? 0) - (before?.turn_ms ?? 0)).sort((a, b) => a - b);
  expect(turns.map((turn) => Math.round(turn))).toEqual([500, 1_000, 1_500, 2_000]);
  expect(rows.every((found) => found?.reserved === true && found.deferred === undefined)).toBe(true);
  await world.pass(MINUTE);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(7);
  expect(receiver.received).toHaveLength(7);
});

test("behind a quarter of an hour of others, they ask later, and all arrive", async () => {
  await using full = await endpoint({ rate_per_second: 1 }, { turn_ms: world.now() + 16 * MINUTE });
  const event = await world.emit();
  const found = await row(full.webhook_id, event);
  expect(found?.reserved).toBeUndefined();
  const wait = (found?.next_ms ?? 0) - world.now();
  expect(wait).toBeGreaterThanOrEqual(10 * MINUTE);
  expect(wait).toBeLessThanOrEqual(15 * MINUTE);
  await world.pass(17 * MINUTE);
  expect(receiver.received).toHaveLength(1);
});

test("after hours behind others, they still ask each hour, and all arrive soon after there is room", async () => {
  await using full = await endpoint({}, { turn_ms: world.now() + 10 * HOUR, last_success_ms: 1 });
  await world.emitMany(8);
  await world.pass(9 * HOUR);
  expect(receiver.received).toHaveLength(0);
  // There is room for turns from a quarter of an hour before on; none asks later than an hour after.
  await world.pass(1 * HOUR + 50 * MINUTE);
  expect(receiver.received).toHaveLength(8);
  expect((await full.deliveries()).every(({ attempts }) => attempts === 1)).toBe(true);
});

test("where turns come free meanwhile, it goes at once", async () => {
  await using freed = await endpoint({}, { turn_ms: world.now() + 5 * MINUTE });
  const key = keys.hookState(freed.webhook_id);
  const happened = world.meanwhile("SET #turn_ms", () =>
    world.deps.table.update({ blind: "seeded", key, update: { set: { turn_ms: 0 } } }),
  );
  await world.emit();
  expect(happened()).toBe(true);
  expect(receiver.received).toHaveLength(1);
});

test("rows of an endpoint that waits come after the others' messages, and hold up nobody", async () => {
  await using good = await endpoint({}, { latency_ms: 20, last_success_ms: 1 });
  await using down = await endpoint(
    {},
    { open_until_ms: world.now() + 10 * MINUTE, open_for_ms: 10 * MINUTE },
  );
  const { table } = world.deps;
  const { put } = table;
  restore = () => {
    table.put = put;
  };
  table.put = async (write) => {
    if (write.put["webhook_id"] === down.webhook_id) throw new Error("the row could not be written");
    return put(write);
  };
  const event = await world.emit();
  expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([event]);
  expect(await row(down.webhook_id, event)).toBeUndefined();
  restore();
  // The bus's message comes again: what is missing is written, and nothing sent twice.
  await world.pass(7 * MINUTE);
  expect(receiver.received).toHaveLength(1);
  const found = await row(down.webhook_id, event);
  expect(found?.status).toBe("pending");
  expect((await good.deliveries()).map(({ attempts }) => attempts)).toEqual([1]);
  await world.pass(50 * MINUTE);
  expect(receiver.received).toHaveLength(2);
});

const rights = z.object({
  organizations: z.record(z.string(), z.unknown()).optional(),
  grants: z.record(z.string(), z.unknown()).optional(),
});
const toldBy = ({ body }: EventRecord) => event.parse(JSON.parse(body));

test("of one whose rights stand elsewhere, twenty endpoints cost no more reads than one", async () => {
  const { id } = world.call.caller;
  const before = await world.deps.table.get(rights, keys.client(id));
  const become = (set: z.infer<typeof rights>) =>
    world.deps.table.update({ blind: "seeded", key: keys.client(id), update: { set } });
  // By its role in the organization alone: the workspace's record has to be read.
  await become({ organizations: { [FIRST_ORGANIZATION]: "owner" }, grants: {} });
  await using endpoints = new AsyncDisposableStack();
  const reads: number[] = [];
  const told: { deliveries: number }[] = [];
  for (const count of [1, 19]) {
    for (let made = 0; made < count; made++) endpoints.use(await endpoint());
    reads.push(0);
    world.setFault(({ action }) => {
      if (action === "BatchGetItem") reads.push((reads.pop() ?? 0) + 1);
      return undefined;
    });
    told.push(await fanOut(world.deps, (await world.write(1)).map(toldBy)));
    world.setFault(() => undefined);
  }
  await become(before ?? {});
  world.loseMessages();
  expect(told).toEqual([{ deliveries: 1 }, { deliveries: 20 }]);
  expect(reads[1]).toBe(reads[0]);
});

test("what happens to an organization is delivered to who may hear of it, and listed", async () => {
  const { id } = world.call.caller;
  const before = await world.deps.table.get(rights, keys.client(id));
  const become = (set: z.infer<typeof rights>) =>
    world.deps.table.update({ blind: "seeded", key: keys.client(id), update: { set } });
  await become({ organizations: { [FIRST_ORGANIZATION]: "owner" } });
  await using hears = await endpoint({ events: ["*"] });
  const about = { organization_id: FIRST_ORGANIZATION, workspace_id: undefined, file_id: undefined };
  const data = { webhook_id: "hook_01JZZZZZZZZZZZZZZZZZZZZZZZ", reason: "manual" };
  const told = await world.emit("webhook_disabled", { ...about, data });
  await become(before ?? {});
  expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([told]);
  const [listed] = await hears.deliveries();
  expect(listed).toMatchObject({ event_id: told, status: "succeeded", organization_id: FIRST_ORGANIZATION });
  expect(listed).not.toHaveProperty("workspace_id");
});
