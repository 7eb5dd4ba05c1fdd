/** A worker beside which another, the schedule, the owner or time has gone on. */
import { describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import type { DeliveryMessage } from "#aws/queues.ts";
import { type DeliveryRecord, deliveryRecord, hookRecord } from "#core/attempts/records.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { finishDelivery } from "#core/delivery/finish-delivery.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { takeLease } from "#core/delivery/take-lease.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import {
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

useEndpoint();

describe("a worker that is overtaken between what it reads and what it writes", LONG, () => {
  const rowOf = async () => {
    const { items } = await world.deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.delivery(endpoint.webhook_id, "").pk },
    });
    return deliveryRecord.parse(items[0]);
  };
  const messageOf = (row: DeliveryRecord): DeliveryMessage => ({ ...wakeMessage(row), lane: "retry" });
  /** A delivery whose first attempt has failed and whose second is due. */
  async function dueAgain(): Promise<DeliveryRecord> {
    receiver.behave(fail);
    await world.emit();
    world.skip(10 * SECOND);
    return rowOf();
  }

  test("by a worker that makes the attempt: makes it no second time", async () => {
    const key = keys.hookState(endpoint.webhook_id);
    await world.deps.table.update({
      blind: "seeded",
      key,
      update: { set: { last_success_ms: 1 } },
    });
    const message = messageOf(await dueAgain());
    const happened = world.meanwhile("SET #lease = ", () => deliver(world.worker, message));
    expect(await deliver(world.worker, message)).toBe("dropped");
    expect([happened(), receiver.received.length]).toEqual([true, 2]);
    expect(await rowOf()).toMatchObject({ status: "pending", attempts: 2, step: 2 });
  });

  test("by a worker that has died, its message back before its lease is over: asks again after the lease", async () => {
    const row = await dueAgain();
    await takeLease(world.deps, row);
    world.skip(2 * SECOND);
    const waiting = world.waiting().length;
    expect(await deliver(world.worker, messageOf(row))).toBe("deferred");
    expect([receiver.received.length, world.waiting().length]).toEqual([1, waiting + 1]);
    world.skip(28 * SECOND);
    receiver.behave(succeed);
    await world.work();
    expect(await rowOf()).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("by the schedule, since its message is an old one: does nothing", async () => {
    const old = messageOf(await dueAgain());
    expect(await deliver(world.worker, old)).toBe("retry");
    const waiting = world.waiting().length;
    expect(await deliver(world.worker, old)).toBe("dropped");
    // Neither sent nor sent round the queue again, now or when the third attempt is due.
    world.skip(HOUR);
    expect(await deliver(world.worker, old)).toBe("dropped");
    expect([receiver.received.length, world.waiting().length]).toEqual([2, waiting]);
  });

  test("by its owner, who asks for another attempt while it sends: keeps its own", async () => {
    const row = await dueAgain();
    const at = { webhookId: endpoint.webhook_id, deliveryId: row.delivery_id };
    let refused: unknown;
    receiver.behave(async (res) => {
      refused = await redeliver(world.worker, world.call, at).catch((error: unknown) => error);
      res.writeHead(204).end();
    });
    expect(await deliver(world.worker, messageOf(row))).toBe("succeeded");
    expect(refused).toMatchObject({ code: "conflict", facts: { retry_after_seconds: 15 } });
    expect(await rowOf()).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("after its lease has run out: records nothing of its own", async () => {
    const message = messageOf(await dueAgain());
    const { table } = world.deps;
    const { transact } = table;
    table.transact = async (writes) => {
      table.transact = transact;
      world.skip(31 * SECOND);
      expect(await deliver(world.worker, message)).toBe("retry");
      return transact(writes);
    };
    expect(await deliver(world.worker, message)).toBe("dropped");
    // Sent twice, under one number, and known by one id.
    const numbers = receiver.received.map(({ headers }) => headers["x-delivery-attempt"]);
    expect([numbers, new Set(ids()).size]).toEqual([["1", "2", "2"], 1]);
    expect(await rowOf()).toMatchObject({ status: "pending", attempts: 2, step: 2 });
  });

  test("by the end of the delivery: puts nothing off", async () => {
    const row = await dueAgain();
    const pause = { paused_until_ms: world.now() + MINUTE };
    await world.deps.table.update({
      blind: "seeded",
      key: keys.hookState(endpoint.webhook_id),
      update: { set: pause },
    });
    const happened = world.meanwhile("SET #next_ms", () =>
      finishDelivery(world.deps, row, "failed", "expired"),
    );
    await deliver(world.worker, messageOf(row));
    expect(happened()).toBe(true);
    const after = await rowOf();
    expect(after).toMatchObject({ status: "failed", next_ms: row.next_ms });
    expect(after.due_sk).toBeUndefined();
  });

  test("by its owner, who has it sent again: ends nothing", async () => {
    const row = await dueAgain();
    const { webhook_id } = endpoint;
    const hook = await world.deps.table.get(hookRecord, keys.hook(webhook_id));
    if (hook === undefined) throw new Error("the endpoint is gone");
    await disableEndpoint(world.deps, hook, "manual", "test");
    const happened = world.meanwhile("SET #status = :status, #reason", async () => {
      await enableWebhook(world.deps, world.call, webhook_id, { force: true });
      const at = { webhookId: webhook_id, deliveryId: row.delivery_id };
      await redeliver(world.worker, world.call, at);
    });
    await deliver(world.worker, messageOf(row));
    expect(happened()).toBe(true);
    expect(await rowOf()).toMatchObject({ status: "pending", step: 0, trigger: "redeliver" });
  });
});
