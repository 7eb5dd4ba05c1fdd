/** Days of failures in seconds: warnings, the end, and what ends with it. */
import { describe, expect, test } from "vitest";
import { due, keys } from "#aws/keys.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { revokeClient } from "#core/revocation/change-client.ts";
import {
  DAY,
  endpoint,
  fail,
  gone,
  HOUR,
  LONG,
  MINUTE,
  receiver,
  statuses,
  succeed,
  useEndpoint,
  world,
} from "#test/support/endpoint-tests.ts";
import { startReceiver } from "#test/support/receiver.ts";

useEndpoint();

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
    const { id: client_id } = world.call.caller;
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
      await world.deps.table.update({
        blind: "seeded",
        key: keys.hookState(webhook_id),
        update: { set: { ...state, ...due_now } },
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
