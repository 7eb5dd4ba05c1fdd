/** What an endpoint is sent until it has answered well. */
import { describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
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
  succeed,
  useEndpoint,
  world,
} from "#test/support/endpoint-tests.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

useEndpoint();

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
