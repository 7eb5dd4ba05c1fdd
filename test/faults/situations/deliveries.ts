import { keys } from "#aws/keys.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { hookState } from "#core/attempts/records.ts";
import { mixed, type Situation, waiting } from "../situation.ts";
import { MINUTE, passTime, SECOND } from "../time.ts";

import { attempted, besides, endpoint, fail, gone, later, setRow, setState, succeed } from "./endpoint.ts";

/** Does something again and again. */
async function times(count: number, run: () => Promise<void>): Promise<void> {
  for (let nth = 0; nth < count; nth++) await run();
}

const fanOuts: Situation[] = [
  {
    name: "fan-out: to an endpoint",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.tell();
      return {
        act: (actor) => actor.fanOut(),
        meanwhile: {
          "it is deleted": it.remove,
          "it is disabled": it.disable,
          "its URL changes": () => it.moveAway(),
        },
      };
    },
  },
  {
    name: "fan-out: of the end of a grant, without which an endpoint hears of nothing",
    async set(stage, me) {
      const { folder_id } = await me.by.uploaded("heard/a.txt", "hello");
      const scopes = allScopes.filter((one) => one !== "admin");
      const client = await createClient(stage.plain, { name: "hearer", scopes });
      const hearer = await stage.actor({ client, name: "hearer" });
      const terms = { json: { principal_id: client.client_id, role: "manager" } };
      const grants = `/v1/folders/${folder_id}/grants`;
      const { grant_id } = await me.json(grants, terms);
      const json = { url: (await stage.receiver()).url, events: ["file_moved"], folders: [folder_id] };
      const { webhook_id } = await hearer.json("/v1/webhooks", { json });
      await stage.work();
      await me.request(`/v1/grants/${grant_id}`, { method: "DELETE" });
      await me.relay();
      const hook = `/v1/webhooks/${webhook_id}`;
      return {
        act: (actor) => actor.fanOut(),
        meanwhile: {
          "it is deleted": () => hearer.request(hook, { method: "DELETE" }),
          "it is granted again": () => me.request(grants, terms),
        },
        next: { seen: () => hearer.request(hook) },
      };
    },
  },
  {
    name: "fan-out: to a disabled endpoint",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.tell();
      let recovered = false;
      return {
        act: (actor) => actor.fanOut(),
        meanwhile: {
          "it is enabled and recovered": async () => {
            recovered = true;
            await it.enable();
            await it.recover();
            return stage.sweep();
          },
        },
        next: {
          "it is enabled": it.enable,
          // Who has recovered what it missed does so no second time.
          "it is recovered": async () => recovered || it.recover(),
        },
        end: async () =>
          (await it.deliveries()).some(({ status }) => status === "skipped_disabled")
            ? ["an event was never sent"]
            : [],
      };
    },
  },
  {
    name: "fan-out: to an endpoint whose turns are given out",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      // One that is slow and has just failed: turns are seconds apart, and each that is kept too much is felt.
      const slow = { failures: 1, latency_ms: 15 * SECOND };
      await setState(stage, it, { ...slow, turn_ms: Date.now() + 15 * SECOND });
      await it.tell(6);
      const turn = async () => (await stage.plain.table.get(hookState, keys.hookState(it.id)))?.turn_ms ?? 0;
      let lost = 0;
      return {
        act: (actor) => actor.fanOut(),
        next: {
          "the same events come": async () => {
            const before = await turn();
            await stage.fanOutAgain();
            lost = (await turn()) - before;
          },
        },
        end: async () => (lost === 0 ? [] : [`turns of ${lost} ms were kept for what has its turns`]),
      };
    },
  },
];

const attempts: Situation[] = [
  {
    name: "deliver: answered with 2xx",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake(2);
      await me.deliver();
      let answer = async () => {};
      return {
        act: (actor) => actor.deliver(),
        meanwhile: {
          ...besides(stage, it),
          "its new URL answers": async () => {
            const moved = await it.moveAway();
            await stage.work();
            return moved;
          },
          "another worker gets its message too": async () => {
            answer = await it.hold(() => stage.workAgain());
          },
        },
        next: { "the other's request is answered": () => answer() },
      };
    },
  },
  {
    name: "deliver: answered with 500, and well later",
    set: (stage, me) => attempted(stage, me, (it) => it.answerOnce(fail)),
  },
  {
    name: "deliver: answered with 410",
    set: (stage, me) => attempted(stage, me, (it) => it.receiver.behave(gone)),
  },
  {
    name: "deliver: answered with Retry-After",
    set: (stage, me) => attempted(stage, me, (it) => it.answerOnce(later)),
  },
  {
    name: "deliver: the second attempt",
    set: (stage, me) =>
      attempted(stage, me, async (it) => {
        it.answerOnce(fail);
        await stage.work();
        passTime(10 * SECOND);
      }),
  },
  {
    name: "deliver: the last attempt",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      it.answerOnce(fail);
      const [row] = await it.deliveries();
      await setRow(stage, it, row?.delivery_id, { step: 9, attempts: 9 });
      const redeliver = () =>
        me.request(`${it.hook}/deliveries/${row?.delivery_id}/redeliver`, { method: "POST" });
      return {
        act: (actor) => actor.deliver(),
        meanwhile: {
          ...besides(stage, it),
          "it is sent again after half a minute": async () => {
            passTime(31 * SECOND);
            return redeliver();
          },
        },
      };
    },
  },
  {
    name: "deliver: of many that come at once",
    async set(stage, me) {
      const it = await endpoint(stage, me, { rate_per_second: 1 });
      await it.wake(4);
      return {
        act: (actor) => times(3, () => actor.deliver()),
        end: async () =>
          it.receiver.received.length < 4 ? [`${it.receiver.received.length} of 4 events came`] : [],
      };
    },
  },
  {
    name: "deliver: of more than may be under way at once",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake(22);
      return { act: (actor) => it.crowd(22, () => actor.deliver()) };
    },
  },
  {
    name: "deliver: of more than may be under way at once, to one that fails",
    at: "claim-turn",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.answerOnce(fail);
      await it.wake();
      await stage.stall(4 * SECOND);
      await it.wake(4);
      return { act: (actor) => it.crowd(4, () => actor.deliver()) };
    },
  },
  {
    name: "deliver: of many workers at once, to four endpoints of one host",
    at: "host-shares",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      for (let nth = 2; nth <= 4; nth++)
        await me.json("/v1/webhooks", {
          json: { url: `${it.receiver.url}/${nth}`, events: ["file_downloaded"] },
        });
      await stage.work();
      await it.wake(12);
      const others = await Promise.all(Array.from({ length: 44 }, () => stage.actor()));
      passTime(SECOND);
      return { act: (actor) => Promise.all([actor, ...others].map((one) => one.deliver())) };
    },
  },
  {
    name: "deliver: turns that nobody used through a stall",
    async set(stage, me) {
      const it = await endpoint(stage, me, { rate_per_second: 1 });
      await it.wake(9);
      await stage.stall(4 * MINUTE);
      return { act: (actor) => times(3, () => actor.deliver()) };
    },
  },
  {
    name: "deliver: turns that were kept before the rate was lowered",
    async set(stage, me) {
      const it = await endpoint(stage, me, { rate_per_second: 5 });
      await it.wake(14);
      await stage.stall(0);
      await it.slowDown();
      passTime(2 * SECOND);
      return { act: (actor) => times(3, () => actor.deliver()) };
    },
  },
  {
    name: "deliver: the breaker's probe, answered with 2xx",
    set: (stage, me) =>
      attempted(stage, me, async (it) => {
        await it.breakDown();
        it.receiver.behave(succeed);
      }),
  },
  {
    name: "deliver: the breaker's probe, answered with 500",
    set: (stage, me) =>
      attempted(stage, me, async (it) => {
        await it.breakDown();
        it.answerOnce(fail);
      }),
  },
  {
    name: "deliver: to a disabled endpoint",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await it.disable();
      return { act: (actor) => actor.deliver(), meanwhile: { "it is enabled": it.enable } };
    },
  },
  {
    name: "deliver: the ping of a new endpoint",
    async set(stage, me) {
      const receiver = await stage.receiver();
      await me.json("/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
      return { act: (actor) => actor.deliver() };
    },
  },
  {
    name: "deliver: to an endpoint that has never answered well",
    async set(stage, me) {
      const receiver = await stage.receiver(succeed, fail);
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await me.json("/v1/webhooks", { json: { url: receiver.url, events: ["file_downloaded"] } });
      await stage.work();
      receiver.behaveForPings(succeed);
      for (let nth = 0; nth < 2; nth++) await me.request(`/v1/files/${file_id}/content`);
      await me.relay();
      await me.fanOut();
      passTime(2 * SECOND);
      return { act: (actor) => times(2, () => actor.deliver()) };
    },
  },
];

export const deliveries: Situation[] = mixed(waiting([...fanOuts, ...attempts]));
