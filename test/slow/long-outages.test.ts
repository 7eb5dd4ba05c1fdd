/** What takes days of delivery's time and seconds of ours: outages, and those who never answer. */
import { describe, expect, test } from "vitest";
import { event } from "#contract/events.ts";
import { getRecovery, startRecovery } from "#core/delivery/recover.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
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

describe("the schedule of an outage", LONG, () => {
  test("never uses up attempts while the breaker is open, and ends at 80 hours", async () => {
    receiver.behave(fail);
    for (let event = 0; event < 6; event++) await world.emit();
    await world.pass(HOUR);
    const early = await endpoint.deliveries();
    const attempts = early.reduce((sum, one) => sum + one.attempts, 0);
    expect(attempts).toBe(receiver.received.length);
    // Five open it, then one probe each time that it half-opens.
    expect(attempts).toBeLessThan(20);
    await world.pass(54 * HOUR);
    expect(new Set(await statuses())).toEqual(new Set(["pending"]));
    await world.pass(26 * HOUR);
    for (const { status, reason, attempts } of await endpoint.deliveries()) {
      expect(status).toBe("failed");
      expect(reason).toBe(attempts < 10 ? "expired" : "no success in 10 attempts");
    }
    const { length } = receiver.received;
    await world.pass(DAY);
    expect(receiver.received).toHaveLength(length);
  });

  test("that never answers well is sent its ping and what else happens on schedule, and loses nothing", async () => {
    receiver.behave(fail);
    receiver.behaveForPings(fail);
    const pinged = await world.endpoint(receiver.url, { ping: true });
    await world.emitMany(3);
    await world.pass(2 * DAY);
    expect(receiver.pings.length).toBeGreaterThan(3);
    expect((await pinged.deliveries()).map(({ status }) => status)).toEqual(Array(4).fill("pending"));
    receiver.behave(succeed);
    receiver.behaveForPings(succeed);
    await world.pass(30 * HOUR);
    expect((await pinged.deliveries()).map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
    await pinged.remove();
  });

  test("is warned of at 24 and 72 hours, disabled at 120, and repaired by enable and recover", async () => {
    const watcher = await startReceiver();
    const watching = await world.endpoint(watcher.url, { events: ["webhook_failing", "webhook_disabled"] });
    const told = () =>
      watcher.received
        .map(({ body }) => event.parse(JSON.parse(body)))
        // The sweep also takes out what other endpoints have left.
        .filter(({ data }) => data["webhook_id"] === endpoint.webhook_id)
        .map(({ type, data }) => (type === "webhook_failing" ? data["warning_hours"] : data["reason"]));
    receiver.behave(fail);
    const start = world.now();
    for (let hour = 0; hour < 119; hour += 12) {
      await world.emit();
      await world.pass(12 * HOUR - 1);
      world.skip(1);
      const passed = (world.now() - start) / HOUR;
      if (passed < 119) expect(told()).toEqual([...(passed > 24 ? [24] : []), ...(passed > 72 ? [72] : [])]);
    }
    await world.pass(HOUR);
    expect(await endpoint.show()).toMatchObject({ status: "disabled", disabled_reason: "failing" });
    expect(told()).toEqual([24, 72, "failing"]);

    const { length } = receiver.received;
    // What was under way is skipped when its time comes, 24 h from now at the latest.
    await world.pass(30 * HOUR);
    expect(new Set(await statuses())).toEqual(new Set(["failed", "skipped_disabled"]));
    await world.emit();
    expect(receiver.received).toHaveLength(length);
    const [skipped] = await endpoint.deliveries();
    expect(skipped).toMatchObject({ status: "skipped_disabled", attempts: 0 });

    const { deps, call } = world;
    const at = { webhookId: endpoint.webhook_id, deliveryId: skipped?.delivery_id ?? "" };
    await expect(redeliver(world.worker, call, at)).rejects.toMatchObject({
      code: "webhook_disabled",
    });
    const enable = (force: boolean) => enableWebhook(deps, call, endpoint.webhook_id, { force });
    await expect(enable(false)).rejects.toMatchObject({
      code: "webhook_disabled",
      facts: { attempt: { status: 500 } },
    });
    receiver.behave(succeed);
    // What has never answered well is asked once a second, and time stands still here.
    world.skip(SECOND);
    expect(await enable(false)).toMatchObject({ status: "enabled", disabled_at: null });

    const terms = {
      since: new Date(world.now() - 13 * DAY).toISOString(),
      statuses: ["skipped_disabled" as const],
    };
    const missed = (await statuses()).filter((status) => status === "skipped_disabled").length;
    const job = await startRecovery(deps, call, endpoint.webhook_id, terms);
    await world.pass(5 * MINUTE);
    const done = await getRecovery(deps, call, endpoint.webhook_id, job.job_id);
    expect(done).toMatchObject({ state: "done", recovered: missed });
    expect((await statuses()).filter((status) => status === "skipped_disabled")).toEqual([]);
    expect(await endpoint.delivery(skipped?.delivery_id)).toMatchObject({
      status: "succeeded",
      attempt_log: [{ trigger: "recover" }],
    });
    await watching.remove();
    await watcher.close();
  });
});

describe("an endpoint that was down for long", LONG, () => {
  /** Deliveries that no attempt has been made of yet. */
  const untried = async () => (await endpoint.deliveries()).filter(({ attempts }) => attempts === 0).length;

  test("is probed at every turn, and has its backlog soon after it is well again", async () => {
    receiver.behave(fail);
    const events = await world.emitMany(40);
    await world.pass(4 * HOUR);
    const { length } = receiver.received;
    await world.pass(HOUR);
    // The breaker opens for 15 minutes by now, and the sweep comes each minute.
    expect(receiver.received.length - length).toBeGreaterThanOrEqual(3);
    expect(receiver.received.length - length).toBeLessThanOrEqual(5);
    expect(await untried()).toBeGreaterThan(5);

    receiver.behave(succeed);
    await world.pass(20 * MINUTE);
    expect(await untried()).toBe(0);
    // Who waits for an attempt of its schedule keeps waiting for it.
    await world.pass(24 * HOUR);
    expect(new Set(await statuses())).toEqual(new Set(["succeeded"]));
    expect(new Set(ids())).toEqual(new Set(events));
  });

  test("that fails again while its backlog comes is left alone at once", async () => {
    const slow = await world.endpoint(receiver.url, { rate_per_second: 2 });
    await endpoint.remove();
    receiver.behave(fail);
    await world.emitMany(40);
    await world.pass(2 * HOUR);
    const before = receiver.received.length;
    let left = 3;
    receiver.behave((res) => void res.writeHead(left-- > 0 ? 204 : 500).end());
    await world.pass(20 * MINUTE);
    // Three successes, five failures in a row, and probes.
    expect(receiver.received.length - before).toBeLessThan(20);
    receiver.behave(succeed);
    await world.pass(30 * HOUR);
    expect(new Set((await slow.deliveries()).map(({ status }) => status))).toEqual(new Set(["succeeded"]));
    await slow.remove();
  });
});
