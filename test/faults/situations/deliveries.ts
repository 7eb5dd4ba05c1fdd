import { keys } from "#aws/keys.ts";
import { mixed, type Situation, waiting } from "../situation.ts";
import { MINUTE, passTime, SECOND } from "../time.ts";

import { besides, endpoint, fail, gone, later, succeed } from "./endpoint.ts";

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
    name: "fan-out: to a disabled endpoint",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.tell();
      return {
        act: (actor) => actor.fanOut(),
        meanwhile: {
          "it is enabled and recovered": async () => {
            await it.enable();
            await it.recover();
            return stage.sweep();
          },
        },
        next: { "it is enabled": it.enable, "it is recovered": () => it.recover() },
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
      const it = await endpoint(stage, me, { rate_per_second: 1 });
      await it.wake(3);
      await me.deliver();
      await me.deliver();
      await it.tell(2);
      return { act: (actor) => actor.fanOut() };
    },
  },
];

const attempts: Situation[] = [
  {
    name: "deliver: answered with 2xx",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
  },
  {
    name: "deliver: answered with 500, and well later",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      it.receiver.behave((res, one) =>
        (it.receiver.received.length === 1 ? fail : succeed)(res, one, res.req),
      );
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
  },
  {
    name: "deliver: answered with 410",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      it.receiver.behave(gone);
      return {
        act: (actor) => actor.deliver(),
        meanwhile: besides(stage, it),
      };
    },
  },
  {
    name: "deliver: answered with Retry-After",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      it.receiver.behave((res, one) =>
        (it.receiver.received.length === 1 ? later : succeed)(res, one, res.req),
      );
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
  },
  {
    name: "deliver: the second attempt",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.receiver.behave(fail);
      await it.wake();
      await stage.work();
      it.receiver.behave(succeed);
      passTime(10 * SECOND);
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
  },
  {
    name: "deliver: the last attempt",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      const seen = it.receiver.received.length;
      it.receiver.behave((res, one) =>
        (it.receiver.received.length === seen + 1 ? fail : succeed)(res, one, res.req),
      );
      const [row] = await it.deliveries();
      await stage.plain.table.update({
        key: keys.delivery(it.id, row?.delivery_id ?? ""),
        update: "SET #step = :nine, #attempts = :nine",
        condition: "attribute_exists(#pk)",
        values: { nine: 9 },
      });
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
        act: async (actor) => [await actor.deliver(), await actor.deliver(), await actor.deliver()],
        end: async () =>
          it.receiver.received.length < 4 ? [`${it.receiver.received.length} of 4 events came`] : [],
      };
    },
  },
  {
    name: "deliver: the breaker's probe, answered with 2xx",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.receiver.behave(fail);
      for (let nth = 0; nth < 6; nth++) {
        await it.wake();
        await stage.work();
      }
      it.receiver.behave(succeed);
      passTime(2 * MINUTE);
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
  },
  {
    name: "deliver: the breaker's probe, answered with 500",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.receiver.behave(fail);
      for (let nth = 0; nth < 6; nth++) {
        await it.wake();
        await stage.work();
      }
      passTime(2 * MINUTE);
      const before = it.receiver.received.length;
      it.receiver.behave((res, one) =>
        (it.receiver.received.length === before + 1 ? fail : succeed)(res, one, res.req),
      );
      return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
    },
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
      return { act: async (actor) => [await actor.deliver(), await actor.deliver()] };
    },
  },
];

export const deliveries: Situation[] = mixed(waiting([...fanOuts, ...attempts]));
