/**
 * Delivery from outbox to endpoint in this process, on a clock that tests move: the verbs over the local DynamoDB,
 * with messages that wait in memory until their time.
 */

import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { expressionOf } from "#aws/changes.ts";
import type { BusEvent } from "#aws/events.ts";
import { DUE_INDEX, keys } from "#aws/keys.ts";
import { type DeliveryMessage, deliveryMessage, type Lane, MAX_DELAY_MS, type Wake } from "#aws/queues.ts";
import type { Alone, Update } from "#aws/table.ts";
import { type Event, type EventType, event } from "#contract/events.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { fanOut } from "#core/delivery/fan-out.ts";
import { getDelivery, listDeliveries } from "#core/delivery/list-deliveries.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { sweepWakeUps } from "#core/delivery/sweep-wake-ups.ts";
import { registerWebhookRoute } from "#core/endpoints/contract.ts";
import { registerWebhook } from "#core/endpoints/register-webhook.ts";
import { showWebhook } from "#core/endpoints/show-webhook.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { eventRecord } from "#core/events/records.ts";
import { relayEvents } from "#core/events/relay-events.ts";
import { sweepEvents } from "#core/events/sweep-events.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { createOutbound } from "#core/outbound/outbound.ts";
import { createHostShares } from "#core/turns/host-shares.ts";
import { callBy } from "#test/support/caller.ts";
import { startWorld, type WorldOptions } from "./world.ts";

export type DeliveryWorld = Awaited<ReturnType<typeof startDeliveryWorld>>;

export type Mode = "before" | "after";

const MINUTE = 60_000;
/** Six times the functions' timeouts, as the queues have it. */
const DELIVER_VISIBILITY_MS = 180_000;
const FAN_OUT_VISIBILITY_MS = 360_000;

/** Starts it with one client. Real time plays no part but in the deadlines of requests. */
export async function startDeliveryWorld({
  timeoutMs = 15_000,
  ...options
}: { timeoutMs?: number } & WorldOptions = {}) {
  const world = await startWorld(options);
  const outbound = createOutbound({ ownHosts: [], allowLoopback: true, timeoutMs });
  // From today on: the table's own clock stands, and its items must not have expired.
  let now = Date.now();
  let fail: (call: string) => Mode | undefined = () => undefined;
  /** Does `call` unless it is to fail; a call that fails after it took effect did all the same. */
  async function faulty<T>(name: string, run: () => T): Promise<T> {
    const mode = fail(name);
    if (mode === "before") throw new Error(`${name} did not get there`);
    const result = run();
    if (mode === "after") throw new Error(`the answer of ${name} got lost`);
    return result;
  }
  function setFail(next: (call: string) => Mode | undefined): void {
    fail = next;
    world.setFault(({ service, action }) => fail(`${service}:${action}`));
  }
  let waiting: { at: number; message: DeliveryMessage }[] = [];
  let published: { at: number; event: BusEvent }[] = [];
  const everPublished: string[] = [];
  let refused: (eventId: string) => boolean = () => false;
  const hosts = createHostShares({ table: world.deps.table, now: () => now });
  const deps = {
    ...world.deps,
    now: () => now,
    outbound,
    hosts,
    queues: {
      async send(lane: Lane, messages: readonly Wake[], at: number, { notBefore = 0 } = {}) {
        if (messages.length === 0) return;
        await faulty("sqs:SendMessageBatch", () => {
          for (const message of messages) {
            const wait = Math.min(Math.max(message.next_ms - at, notBefore - at, 0), MAX_DELAY_MS);
            const delay = Math.ceil(wait / 1000) * 1000;
            waiting.push({ at: at + delay, message: deliveryMessage.parse({ ...message, lane }) });
          }
        });
      },
    },
    bus: {
      async publish(events: readonly BusEvent[]) {
        return faulty("events:PutEvents", () => {
          const taken = events.filter(({ event_id }) => !refused(event_id));
          published.push(...taken.map((event) => ({ at: now, event })));
          everPublished.push(...taken.map(({ event_id }) => event_id));
          return new Set(taken.map(({ event_id }) => event_id));
        });
      },
    },
  };
  const owner = await createClient(deps, { name: "ci", scopes: ["webhooks:write", "files:read"] });
  const call = callBy({
    ...{ id: owner.client_id, workspaceId: owner.workspace_id },
    scopes: ["webhooks:write", "files:read"],
  });

  /**
   * Works off every message whose time has come, side by side as workers do. A message whose worker died comes again
   * once its queue's visibility timeout has passed.
   */
  async function work(): Promise<void> {
    for (;;) {
      const events = published.filter(({ at }) => at <= now);
      published = published.filter(({ at }) => at > now);
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      if (events.length + due.length === 0) return;
      if (events.length > 0) {
        const bodies = events.map((one) => event.parse(JSON.parse(one.event.body)));
        await fanOut(deps, bodies).catch(() => {
          published.push(...events.map((one) => ({ ...one, at: now + FAN_OUT_VISIBILITY_MS })));
        });
      }
      await Promise.all(
        due.map(({ message }) =>
          deliver(deps, message).catch(() => {
            waiting.push({ at: now + DELIVER_VISIBILITY_MS, message });
          }),
        ),
      );
    }
  }

  /** Works off the message that has waited longest, alone, as though its time had come. */
  async function workOne(): Promise<void> {
    const [first] = waiting.splice(0, 1);
    if (first === undefined) throw new Error("no message waits");
    await deliver(deps, first.message);
  }

  /** What the sweep has to do, by kind: when the first of it is due (ms). */
  async function dueTimes(): Promise<Map<string, number>> {
    const { Items = [] } = await world.dynamo.send(
      new ScanCommand({
        TableName: world.tableName,
        IndexName: DUE_INDEX,
        ProjectionExpression: "due_pk, due_sk",
      }),
    );
    const times = new Map<string, number>();
    for (const { due_pk, due_sk } of Items) {
      const kind = String(due_pk).split("#")[0] ?? "";
      const at = Date.parse(String(due_sk).slice(0, 24));
      times.set(kind, Math.min(times.get(kind) ?? at, at));
    }
    return times;
  }

  const parts: Record<string, () => Promise<unknown>> = {
    delivery: () => sweepDeliveries(deps),
    endpoint: () => sweepEndpoints(deps),
    recovery: () => sweepRecoveries(deps),
    wake_up: () => sweepWakeUps(deps),
    event: () => sweepEvents(deps),
  };

  /** What runs every minute; parts with nothing to do are left out. */
  async function sweep(): Promise<void> {
    const times = await spared(dueTimes);
    for (const [kind, run] of Object.entries(parts)) {
      // A part that fails runs again with the next sweep.
      if ((times.get(kind) ?? Number.POSITIVE_INFINITY) <= now) await run().catch(() => {});
    }
    await work();
  }

  async function spared<T>(run: () => Promise<T>): Promise<T> {
    const held = fail;
    fail = () => undefined;
    const result = await run();
    fail = held;
    return result;
  }

  async function writeOne(type: EventType, more: Partial<Event> = {}) {
    const { put } = eventWrite(now, {
      type,
      request_id: "test",
      workspace_id: owner.workspace_id,
      actor: { type: "client", id: owner.client_id },
      data: {},
      ...more,
    });
    await deps.table.put({ blind: "seeded", put });
    return eventRecord.parse(put);
  }

  /** Writes events, as verbs' transactions do. */
  function write(count: number) {
    return Promise.all(Array.from({ length: count }, () => writeOne("upload_completed")));
  }

  return {
    deps,
    worker: deps,
    call,
    work,
    write,
    /** Which events the bus doesn't take from now on. */
    refuse(match: (eventId: string) => boolean) {
      refused = match;
    },
    /** How often the bus has taken an event. */
    published: (eventId: string) => everPublished.filter((id) => id === eventId).length,
    workOne,
    sweep,
    now: () => now,
    /** Moves time on without anything happening. */
    skip(ms: number) {
      now += ms;
    },
    /** Moves time on by `ms`; on the way every message comes and every sweep that has something to do runs. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      while (now < end) {
        const nextMessage = Math.min(...[...waiting, ...published].map(({ at }) => at));
        const times = await spared(dueTimes);
        const firstDue = Math.min(...Object.keys(parts).map((kind) => times.get(kind) ?? end));
        const nextSweep = Math.max(firstDue, now + MINUTE);
        now = Math.min(end, nextSweep, Math.max(now, nextMessage));
        await work();
        if (now === nextSweep) await sweep();
      }
    },
    /** Writes an event, as a verb's transaction does, and takes it out as the relay does. */
    async emit(type: EventType = "upload_completed", more: Partial<Event> = {}): Promise<string> {
      const record = await writeOne(type, more);
      // What the relay fails to do, it or the sweep does again.
      await relayEvents(deps, [record]).catch(() => {});
      await work();
      return record.event_id;
    },
    /** The same, but the write of the event itself, which is not delivery's, is spared from what is to fail. */
    async emitCarefully(type: EventType = "upload_completed"): Promise<string> {
      const record = await spared(() => writeOne(type));
      await relayEvents(deps, [record]).catch(() => {});
      await work();
      return record.event_id;
    },
    /** Many at once. */
    async emitMany(count: number): Promise<string[]> {
      const records = await write(count);
      await relayEvents(deps, records);
      await work();
      return records.map(({ event_id }) => event_id);
    },
    /**
     * Registers an endpoint, and shows what its owner sees of it.
     *
     * @param ping false: its ping is taken away, so that what follows is the first that it is sent.
     */
    async endpoint(
      url: string,
      { ping = false, ...more }: { ping?: boolean; [member: string]: unknown } = {},
    ) {
      const request = registerWebhookRoute.body.parse({ url, events: ["upload_completed"], ...more });
      const { webhook_id } = await registerWebhook(deps, call, request);
      if (!ping) {
        for (const { message } of waiting.filter(({ message }) => message.webhook_id === webhook_id))
          await deps.table.remove({
            blind: "seeded",
            remove: keys.delivery(webhook_id, message.delivery_id),
          });
        waiting = waiting.filter(({ message }) => message.webhook_id !== webhook_id);
      }
      return {
        webhook_id,
        show: () => showWebhook(deps, call, webhook_id),
        deliveries: async () => (await listDeliveries(deps, call, webhook_id, { limit: 100 })).items,
        delivery: (id: string | undefined) => getDelivery(deps, call, webhook_id, id ?? ""),
        remove: () => deps.table.remove({ blind: "seeded", remove: keys.hook(webhook_id) }),
      };
    },
    /** Lets something happen before the first update whose expression begins so is sent; tells whether it has. */
    meanwhile(beginning: string, act: (write: Alone<Update>) => Promise<unknown>): () => boolean {
      const { table } = deps;
      const { update } = table;
      let happened = false;
      table.update = async (write) => {
        if (!happened && expressionOf(write.update).expression.startsWith(beginning)) {
          happened = true;
          table.update = update;
          await act(write);
        }
        return update(write);
      };
      return () => happened;
    },
    /** Events that the verbs have told of. */
    events: world.events,
    /** What goes wrong from now on with calls of DynamoDB and S3; ends what `failShare` and `failCall` said. */
    setFault: world.setFault,
    late: world.late,
    keepHistory: world.keepHistory,
    advanceServices: world.advanceServices,
    traces: world.traces,
    /** Dependencies as another environment would have them, whose clock is ahead by so much. */
    anotherEnvironment: ({ clockOffsetMs = 0 } = {}) => ({
      ...deps,
      table: world.anotherEnvironment().table,
      now: () => now + clockOffsetMs,
    }),
    /** Messages that wait. */
    waiting: () => waiting,
    /** Has each message that waits twice from now on, as SQS may. */
    duplicateMessages() {
      waiting = waiting.flatMap((one) => [one, one]);
    },
    /** Loses every message that waits. */
    loseMessages() {
      waiting = [];
    },
    /** Writes an event that the relay never hears of. */
    emitUnseen: async () => (await writeOne("upload_completed")).event_id,
    /** Makes this share of all calls go wrong from now on, one way or the other, by a seed. */
    failShare(share: number, seed: number) {
      const random = seeded(seed);
      setFail(() => (random() < share ? (random() < 0.5 ? "before" : "after") : undefined));
    },
    /** Makes the `nth` call of a service go wrong from now on, once; `end` says what was hit, and if there were so many. */
    failCall(nth: number, mode: Mode) {
      let count = 0;
      let hit: string | undefined;
      setFail((name) => {
        if (count++ !== nth) return undefined;
        hit = name;
        return mode;
      });
      return {
        end() {
          setFail(() => undefined);
          return { hit, more: count > nth };
        },
      };
    },
    async close() {
      outbound.close();
      await world.close();
    },
  };
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
