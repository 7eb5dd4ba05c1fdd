/** What verifies an endpoint's URL: an answer of that very one, however it was asked for; and what has waited for it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { changeWebhook } from "#core/change-webhook.ts";
import { testWebhook } from "#core/test-webhook.ts";
import { hookRecord } from "#core/webhook-records.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

const MINUTE = 60_000;
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
    const open: (() => void)[] = [];
    const receiver = await startReceiver(undefined, (res) => void open.push(() => res.writeHead(204).end()));
    const endpoint = await world.endpoint(receiver.url, { ping: true });
    const pinging = world.work();
    await receiver.until(1, undefined, receiver.pings);
    // One a second would take them longer than what follows.
    await world.emitMany(90);
    expect([(await endpoint.show()).status, receiver.received.length]).toEqual(["unverified", 0]);
    const answerPing = () => open.splice(0).forEach((answer) => void answer());
    if (by === "the ping") answerPing();
    else await testWebhook(world.deps, world.call, await hookOf(endpoint.webhook_id));
    if (by === "the ping") await pinging;
    expect(await endpoint.show()).toMatchObject({ status: "enabled" });
    answerPing();
    await pinging;
    world.skip(MINUTE);
    await world.sweep();
    // 90 at 10 a second; of one a second 68 would have come by then. Who finds its host's rate used up at the first moment
    // comes again within as long as it has waited.
    await world.pass(15_000);
    const came = () =>
      receiver.received.filter(({ headers }) => headers["x-event-type"] === "upload_completed").length;
    expect(came()).toBeGreaterThan(80);
    await world.pass(2 * MINUTE);
    expect(came()).toBe(90);
    await Promise.all([endpoint.remove(), receiver.close()]);
  },
);
