/** What verifies an endpoint's URL: an answer of that very one, however it was asked for; and what has waited for it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { hookRecord, hookState } from "#core/attempts/records.ts";
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
import { registerWebhookRoute } from "#core/endpoints/contract.ts";
import { registerWebhook } from "#core/endpoints/register-webhook.ts";
import { testWebhook } from "#core/endpoints/test-webhook.ts";
import { isTaken } from "#core/turns/slots.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const fail: Behaviour = (res) => void res.writeHead(500).end();

let world: DeliveryWorld;
beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(() => world.close());

async function hookOf(webhookId: string) {
  const hook = await world.deps.table.get(hookRecord, keys.hook(webhookId));
  if (hook === undefined) throw new Error("it has gone");
  return hook;
}

test("a URL is not verified by another that the endpoint had while a change was under way", async () => {
  const silent = await startReceiver(fail, fail);
  const own = await startReceiver();
  const endpoint = await world.endpoint(silent.url, { ping: true });
  await world.work();
  const { guard } = world.deps.outbound;
  // Its name is looked up for as long as it takes to have another URL verified.
  const slow: typeof guard = {
    ...guard,
    addressesOf: async (url) => {
      await changeWebhook(world.deps, world.call, endpoint.webhook_id, { url: own.url });
      // An endpoint that isn't verified is sent one a second.
      await world.pass(2_000);
      return guard.addressesOf(url);
    },
  };
  const deps = { ...world.deps, outbound: { ...world.deps.outbound, guard: slow } };
  await changeWebhook(deps, world.call, endpoint.webhook_id, { url: silent.url });
  expect(own.pings).toHaveLength(1);
  const shown = await endpoint.show();
  expect([shown.url, shown.status]).not.toEqual([silent.url, "enabled"]);
  await Promise.all([endpoint.remove(), silent.close(), own.close()]);
});

test.each(["a test", "the ping"])(
  "%s that is answered with 2xx verifies, and wakes what waits",
  async (by) => {
    let first: ((status: number) => void) | undefined;
    const receiver = await startReceiver(undefined, (res) => {
      if (first !== undefined) return void res.writeHead(500).end();
      first = (status) => res.writeHead(status).end();
    });
    const endpoint = await world.endpoint(receiver.url, { ping: true });
    const pinging = world.work();
    await receiver.until(1, undefined, receiver.pings);
    // One a second would take them longer than what follows.
    await world.emitMany(40);
    expect([(await endpoint.show()).status, receiver.received.length]).toEqual(["unverified", 0]);
    first?.(by === "the ping" ? 204 : 500);
    await pinging;
    world.skip(SECOND);
    if (by === "a test") await testWebhook(world.deps, world.call, await hookOf(endpoint.webhook_id));
    expect(await endpoint.show()).toMatchObject({ status: "enabled" });
    world.skip(SECOND);
    await world.sweep();
    // 40 at 10 a second; of one a second 17 would have come by then. Who finds its host's rate used up at the first moment
    // comes again within as long as it has waited.
    await world.pass(15_000);
    const came = () =>
      receiver.received.filter(({ headers }) => headers["x-event-type"] === "upload_completed").length;
    expect(came()).toBeGreaterThan(35);
    await world.pass(2 * MINUTE);
    expect(came()).toBe(40);
    await Promise.all([endpoint.remove(), receiver.close()]);
  },
);

test("pings and tests at a URL that isn't verified come one at a time and one a second, together", async () => {
  const open: (() => void)[] = [];
  const receiver = await startReceiver(fail, (res) => void open.push(() => res.writeHead(500).end()));
  const endpoint = await world.endpoint(receiver.url, { ping: true });
  const hook = await hookOf(endpoint.webhook_id);
  const tested = () =>
    testWebhook(world.deps, world.call, hook).then(
      ({ attempt }) => attempt.status,
      ({ code, facts }) => [code, facts["retry_after_seconds"]],
    );
  const pinging = world.work();
  await receiver.until(1, undefined, receiver.pings);
  // The ping is still under way, however long ago it began.
  world.skip(5 * SECOND);
  expect(await tested()).toEqual(["rate_limited", 3]);
  for (const answer of open) answer();
  await pinging;
  expect(await tested()).toBe(500);
  expect(await tested()).toEqual(["rate_limited", 1]);
  // Nor does a delivery come within that second.
  await world.emit();
  expect(receiver.received).toHaveLength(1);
  world.skip(SECOND);
  expect(await tested()).toBe(500);
  world.skip(SECOND);
  receiver.behave((res) => void res.writeHead(204).end());
  // Once one is answered with 2xx, tests are one at a time, as of any other endpoint.
  expect([await tested(), await tested()]).toEqual([204, 204]);
  const state = await world.deps.table.get(hookState, keys.hookState(endpoint.webhook_id));
  expect(isTaken(state ?? {}, "slot_0", world.now())).toBe(false);
  await Promise.all([endpoint.remove(), receiver.close()]);
});

test("URLs whose names nobody answers for keep no more of the API waiting than their client's share", async () => {
  const receiver = await startReceiver();
  const endpoint = await world.endpoint(receiver.url);
  const { guard } = world.deps.outbound;
  const answered = Promise.withResolvers<void>();
  let asked = 0;
  const silent: typeof guard = {
    ...guard,
    addressesOf: async (url) => {
      asked += 1;
      await answered.promise;
      return guard.addressesOf(url);
    },
  };
  const deps = { ...world.deps, config: { ...world.deps.config, hashPlaces: 3 } };
  const waiting = { ...deps, outbound: { ...deps.outbound, guard: silent } };
  const request = registerWebhookRoute.body.parse({ url: receiver.url, events: ["*"] });
  const register = (given: typeof deps, call = world.call) => registerWebhook(given, call, request);
  const change = (url: string) => changeWebhook(waiting, world.call, endpoint.webhook_id, { url });

  const taken = (count: number) =>
    eventually(async () => {
      const [places] = await world.deps.table.batchGet([keys.places("lookup")]);
      expect(places?.["all"]).toHaveProperty("size", count);
    });

  const held = [register(waiting), change(`${receiver.url}/moved`)];
  await taken(2);
  const refused = await Promise.allSettled([register(waiting), change(`${receiver.url}/again`)]);
  for (const one of refused)
    expect(one).toMatchObject({ reason: { code: "rate_limited", facts: { retry_after_seconds: 3 } } });
  // Whose name is answered for at once needs no place, and another client has one left.
  await register(deps);
  const caller = { ...world.call.caller, id: "cli_other" };
  const other = register(waiting, { ...world.call, caller });
  await taken(3);
  answered.resolve();
  await Promise.all([...held, other]);
  expect(asked).toBe(5);
  await Promise.all([endpoint.remove(), receiver.close()]);
});
