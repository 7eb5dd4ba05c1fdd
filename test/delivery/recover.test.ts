/** What was missed, or all, is sent again: counted once, whoever dies. */
import { describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { getRecovery, startRecovery } from "#core/delivery/recover.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import { testWebhook } from "#core/endpoints/test-webhook.ts";
import {
  DAY,
  endpoint,
  gone,
  LONG,
  MINUTE,
  receiver,
  SECOND,
  statuses,
  succeed,
  useEndpoint,
  world,
} from "#test/support/endpoint-tests.ts";

useEndpoint();

describe("recovery", LONG, () => {
  const since = () => new Date(world.now() - 13 * DAY).toISOString();
  const start = (statuses: ("failed" | "skipped_disabled" | "succeeded")[]) =>
    startRecovery(world.deps, world.call, endpoint.webhook_id, { since: since(), statuses });
  const counts = async (jobId: string) => {
    const { state, scanned, recovered } = await getRecovery(
      world.deps,
      world.call,
      endpoint.webhook_id,
      jobId,
    );
    return [state, scanned, recovered];
  };

  test("goes through all pages, and a crash between them counts nothing twice", async () => {
    const { length } = await world.emitMany(130);
    await world.pass(5 * MINUTE);
    expect(receiver.received).toHaveLength(length);
    const { job_id } = await start(["succeeded"]);
    const { send } = world.deps.queues;
    let calls = 0;
    world.deps.queues.send = async (...args) => {
      calls += 1;
      if (calls === 2) throw new Error("died");
      return send(...args);
    };
    await world.sweep();
    expect(await counts(job_id)).toEqual(["running", 100, 100]);
    world.deps.queues.send = send;
    await world.pass(5 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 130, 130]);
    expect(receiver.received).toHaveLength(2 * length);
  });

  test("is counted once and whole where two sweeps take it on at the same moment", async () => {
    const { length } = await world.emitMany(40);
    await world.pass(5 * MINUTE);
    const { job_id } = await start(["succeeded"]);
    const { table, queues } = world.deps;
    const seen = Promise.withResolvers<void>();
    const restarted = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    /** The page of deliveries comes once `when` has happened. */
    const pageAfter = (when: Promise<void>, then = () => {}) => ({
      ...table,
      async query(input: Parameters<typeof table.query>[0]) {
        const page = await table.query(input);
        if (!String(input.values["pk"]).startsWith("DLV#")) return page;
        then();
        await when;
        return page;
      },
    });
    const slow = {
      ...world.deps,
      table: pageAfter(seen.promise),
      queues: {
        async send(...args: Parameters<typeof queues.send>) {
          restarted.resolve();
          await ended.promise;
          return queues.send(...args);
        },
      },
    };
    // It has read the page before the slow one restarts it, and saves before the slow one does.
    const quick = { ...world.deps, table: pageAfter(restarted.promise, () => seen.resolve()) };
    await Promise.all([sweepRecoveries(slow), sweepRecoveries(quick).finally(() => ended.resolve())]);
    await world.pass(5 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 40, 40]);
    expect(receiver.received).toHaveLength(2 * length);
  });

  test("leaves tests and pings alone", async () => {
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    receiver.behave(gone);
    await testWebhook(world.deps, world.call, hook);
    world.skip(SECOND);
    await world.emit();
    receiver.behave(succeed);
    await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
    const { job_id } = await start(["failed"]);
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 2, 1]);
    expect(receiver.received.map(({ headers }) => headers["x-event-type"])).toEqual([
      "webhook_test",
      "upload_completed",
      "upload_completed",
    ]);
  });

  test("leaves alone what was skipped more than seven days ago", async () => {
    const hook = await world.deps.table.get(hookRecord, keys.hook(endpoint.webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    await disableEndpoint(world.deps, hook, "manual", "test");
    await world.emit();
    world.skip(4 * DAY);
    await world.emit();
    world.skip(4 * DAY);
    await enableWebhook(world.deps, world.call, endpoint.webhook_id, { force: true });
    const { job_id } = await start(["skipped_disabled"]);
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 2, 1]);
    expect((await statuses()).sort()).toEqual(["skipped_disabled", "succeeded"]);
  });

  test("is the only one of its endpoint: a second is told of it until it is done", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    await expect(start(["succeeded"])).rejects.toMatchObject({ code: "recovery_running", facts: { job_id } });
    await world.pass(2 * MINUTE);
    expect(await counts(job_id)).toEqual(["done", 1, 1]);
    const next = await start(["failed"]);
    await world.pass(2 * MINUTE);
    expect(await counts(next.job_id)).toEqual(["done", 1, 0]);
  });

  test("that can't be carried out ends as failed within minutes, and makes room", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    const { send } = world.deps.queues;
    world.deps.queues.send = async () => {
      throw new Error("died");
    };
    for (let minute = 0; minute < 20; minute++) {
      world.skip(MINUTE);
      await sweepRecoveries(world.deps).catch(() => {});
    }
    world.deps.queues.send = send;
    expect((await counts(job_id))[0]).toBe("failed");
    await start(["succeeded"]);
    await world.pass(5 * MINUTE);
  });

  test("ends with the endpoint", async () => {
    await world.emit();
    const { job_id } = await start(["succeeded"]);
    const row = keys.recovery(endpoint.webhook_id, job_id);
    await endpoint.remove();
    await world.sweep();
    expect(await world.deps.table.batchGet([row])).toMatchObject([{ state: "cancelled" }]);
  });
});
