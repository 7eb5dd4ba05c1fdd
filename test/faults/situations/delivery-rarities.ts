/** Deliveries whose message comes when it shouldn't, or whose endpoint changes just then. */
import { type Key, keys } from "#aws/keys.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import { deliveryRecord } from "#core/attempts/records.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import { newId } from "#core/kernel/ids.ts";
import { PROMPT_MS } from "#core/turns/endpoint-limits.ts";
import type { Behaviour } from "#test/support/receiver.ts";
import { mixed, type Situation, waiting } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { HOUR, MINUTE, passTime, SECOND } from "../time.ts";
import { endpoint, fail, later, putOff, setRow, setState, succeed } from "./endpoint.ts";

/** Longer than the workers of those that answer promptly wait, and shorter than the others do. */
const SLOW_MS = PROMPT_MS + SECOND;
const slow: Behaviour = (res) => void setTimeout(() => res.writeHead(204).end(), SLOW_MS);

/** One that answers its first request so, and then with 204. */
const atFirst = (it: Awaited<ReturnType<typeof endpoint>>, first: Behaviour): void => {
  const before = it.receiver.received.length;
  it.receiver.behave((res, one) =>
    (it.receiver.received.length === before + 1 ? first : succeed)(res, one, res.req),
  );
};

/** Another worker has the only delivery, and dies of it. */
async function leased(stage: Stage, it: Awaited<ReturnType<typeof endpoint>>): Promise<void> {
  const [row] = await it.deliveries();
  await setRow(stage, it, row?.delivery_id, { lease: "another's", lease_until_ms: Date.now() + 30 * SECOND });
}

/** So many deliveries from just before another, that nobody sends again. */
async function succeeded(stage: Stage, like: Key, count: number): Promise<void> {
  const [row] = await stage.plain.table.batchGet([like]);
  const before = like.sk.slice(0, "dlv_".length + 10);
  await stage.plain.table.transact(
    Array.from({ length: count }, (_, nth) => {
      const delivery_id = `${before}${String(nth).padStart(16, "0")}`;
      const event_id = newId("evt", Date.now());
      const made = { delivery_id, event_id, status: "succeeded" satisfies DeliveryStatus };
      return { blind: "seeded", put: { ...row, ...like, ...made, sk: delivery_id } };
    }),
  );
}

const unsent = ({ receiver }: Awaited<ReturnType<typeof endpoint>>) =>
  receiver.received.length === 0 ? ["an event was never sent"] : [];

/** Sends the only delivery again, by a clock that says what it said when that was written. */
async function sendAgain(stage: Stage, me: Actor, it: Awaited<ReturnType<typeof endpoint>>): Promise<void> {
  const [{ delivery_id = "" } = {}] = await it.deliveries();
  const row = await stage.plain.table.get(deliveryRecord, keys.delivery(it.id, delivery_id));
  const deps = { ...stage.plain, now: () => row?.next_ms ?? 0 };
  await redeliver(deps, me.call, { webhookId: it.id, deliveryId: delivery_id });
}

const rare: Situation[] = [
  {
    name: "deliver: while another's lease lasts",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await leased(stage, it);
      return { act: (actor) => actor.deliver(), meanwhile: { "it is deleted": it.remove } };
    },
  },
  {
    name: "deliver: another has taken the lease just now",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      return {
        act: (actor) => actor.deliver(),
        amid: { before: "take-lease: update DLV", run: () => leased(stage, it) },
      };
    },
  },
  {
    name: "deliver: a message that comes too soon, by one whose clock is ahead",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      atFirst(it, fail);
      const ahead = await stage.actor({ skew: 3 * SECOND });
      await ahead.deliver();
      const [next] = stage.waiting();
      passTime(Math.max(0, (next?.at ?? 0) - Date.now()));
      return { act: (actor) => actor.deliver(), meanwhile: { "it is deleted": it.remove } };
    },
  },
  {
    name: "deliver: in the lane of endpoints that answer, to one that has just failed",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await stage.work();
      await it.wake(2);
      atFirst(it, later);
      await me.deliver();
      return { act: (actor) => actor.deliver(), meanwhile: { "it is deleted": it.remove } };
    },
  },
  {
    name: "deliver: in the lane of endpoints that answer, to one that is slow for once",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await stage.work();
      await it.wake();
      atFirst(it, slow);
      return { act: (actor) => actor.deliver() };
    },
  },
  {
    name: "deliver: the failure that opens the breaker",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake(3);
      const waiting = (await it.deliveries()).filter(({ status }) => status === "pending");
      for (const { delivery_id } of waiting) await putOff(stage, it, delivery_id, 2 * HOUR);
      stage.loseMessages();
      await it.wake();
      const [row] = await it.deliveries();
      // Its next attempt is hours away, so that none but the sweep asks for those that wait.
      await setRow(stage, it, row?.delivery_id, { step: 4, attempts: 4 });
      await setState(stage, it, { failures: 4 });
      atFirst(it, fail);
      return {
        act: (actor) => actor.deliver(),
        meanwhile: {
          "it is deleted": it.remove,
          "it is disabled and enabled": async () => {
            await it.disable();
            return it.enable();
          },
        },
        next: { "a minute passes": () => stage.pass(MINUTE + SECOND) },
      };
    },
  },
  {
    name: "deliver: to an endpoint that is enabled just now",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await it.disable();
      return {
        act: (actor) => actor.deliver(),
        amid: { before: "finish-delivery: update DLV", run: it.enable },
        next: {
          "it is to be sent again, and is skipped": async () => {
            // It has come by then, whatever the clock of whoever revived it.
            await stage.pass(5 * SECOND);
            await it.redeliver();
            await it.disable();
          },
        },
        end: async () => unsent(it),
      };
    },
  },
  {
    name: "fan-out: to an endpoint that is enabled just now",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.tell();
      return {
        act: (actor) => actor.fanOut(),
        amid: { before: "fan-out: put DLV", run: it.enable },
        end: async () => unsent(it),
      };
    },
  },
  {
    name: "fan-out: to an endpoint whose owner sends it again at the very same moment",
    at: "revive-skipped",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.tell();
      return {
        act: (actor) => actor.fanOut(),
        amid: {
          before: "revive-skipped: get HOOKS",
          async run() {
            await it.enable();
            await sendAgain(stage, me, it);
            await stage.work();
          },
        },
        end: async () =>
          it.receiver.received.length === 1 ? [] : [`it was sent ${it.receiver.received.length} times`],
      };
    },
  },
  {
    name: "sweep: a recovery of more than a page",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.wake();
      const [row] = await it.deliveries();
      await it.enable();
      await succeeded(stage, keys.delivery(it.id, row?.delivery_id ?? ""), 100);
      await it.recover();
      return {
        act: (actor) => actor.sweep("recovery"),
        // Who deletes it between two pages finds a part of it done, which is no order of the whole.
        meanwhile: { "another sweep runs": () => me.sweep("recovery") },
      };
    },
  },
  {
    name: "endpoint: disabled, under an Idempotency-Key",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const disable = (actor: Actor) =>
        actor.request(`${it.hook}/disable`, { method: "POST", headers: { "Idempotency-Key": "once" } });
      return { act: disable, next: { "it is enabled": it.enable, "asked again": () => disable(me) } };
    },
  },
  {
    name: "read: a recovery",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const { job_id } = await me.json(`${it.hook}/recover`, {
        json: { since: new Date(Date.now() - MINUTE).toISOString() },
      });
      return { act: (actor) => actor.json(`${it.hook}/recover/${job_id}`) };
    },
  },
];

export const rareDeliveries: Situation[] = mixed(waiting(rare));
