import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { hookSecretRecord } from "#core/attempts/records.ts";
import { signWebhook } from "#core/attempts/sign-webhook.ts";
import { newWebhookSecret } from "#core/endpoints/register-webhook.ts";
import type { Received } from "#test/support/receiver.ts";
import { disagreements } from "../agree.ts";
import { mixed, type Situation } from "../situation.ts";
import type { Actor } from "../stage.ts";
import { MINUTE, passTime, SECOND } from "../time.ts";

import { endpoint, fail, gone, later, putOff, succeed } from "./endpoint.ts";

/** Whether each of these secrets has signed it, the first of them first. */
function isSigned({ headers, body }: Received, signing: readonly string[]): boolean {
  const { "webhook-id": id = "", "webhook-timestamp": timestamp } = headers;
  const signed = signWebhook({ id, timestamp: Number(timestamp), body, signing, plain: signing[0] ?? "" });
  return headers["webhook-signature"] === signed["webhook-signature"];
}

const owners: Situation[] = [
  {
    name: "endpoint: registered",
    async set(stage, me) {
      const receiver = await stage.receiver();
      const ask = (actor: Actor) =>
        actor.request("/v1/webhooks", {
          json: { url: receiver.url, events: ["*"] },
          headers: { "Idempotency-Key": "once" },
        });
      return {
        act: ask,
        next: { "asked again": () => ask(me), "a file comes": () => me.by.uploaded("a.txt") },
      };
    },
  },
  {
    name: "endpoint: its URL is changed",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const other = await stage.receiver();
      // What waits goes to the new URL.
      it.answerOnce(later);
      await it.wake();
      return {
        act: (actor) => actor.request(it.hook, { method: "PATCH", json: { url: other.url } }),
        meanwhile: {
          "it is disabled": it.disable,
          "it is deleted": it.remove,
          "its rate changes": it.slowDown,
        },
        next: { "something happens": () => it.happen() },
        check: async ({ status }) =>
          status === 200 ? disagreements(await it.shown(), { url: other.url }) : [],
      };
    },
  },
  {
    name: "endpoint: its rate is changed",
    async set(stage, me) {
      const it = await endpoint(stage, me, { rate_per_second: 20 });
      return {
        act: (actor) => actor.request(it.hook, { method: "PATCH", json: { rate_per_second: 1 } }),
        meanwhile: { "its URL changes": () => it.moveAway() },
        next: {
          "its rate is changed back": () =>
            me.request(it.hook, { method: "PATCH", json: { rate_per_second: 20 } }),
        },
      };
    },
  },
  {
    name: "endpoint: deleted",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      return {
        act: (actor) => actor.request(it.hook, { method: "DELETE" }),
        meanwhile: { "its URL changes": () => it.moveAway() },
        next: { "something happens": () => it.happen() },
      };
    },
  },
  {
    name: "endpoint: disabled",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      return {
        act: (actor) => actor.request(`${it.hook}/disable`, { method: "POST" }),
        meanwhile: { "its URL changes": () => it.moveAway(), "it is deleted": it.remove },
        next: { "it is enabled": it.enable, "something happens": () => it.happen() },
      };
    },
  },
  {
    name: "endpoint: enabled",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      let untrue = false;
      return {
        act: async (actor) => {
          const answer = await actor.request(`${it.hook}/enable`, { json: {} });
          const shown = z.object({ status: z.string() }).safeParse(await (await me.request(it.hook)).json());
          untrue = answer.status === 409 && shown.data?.status === "enabled";
          return answer;
        },
        meanwhile: {
          "its URL changes": () => it.moveAway(),
          "it is deleted": it.remove,
          "it is enabled": it.enable,
        },
        next: { "something happens": () => it.happen(), "it is disabled": it.disable },
        end: async () => (untrue ? ["it was said to stay disabled, and is enabled"] : []),
      };
    },
  },
  {
    name: "endpoint: tested",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      return {
        act: (actor) => actor.request(`${it.hook}/test`, { method: "POST" }),
        meanwhile: { "its URL changes": () => it.moveAway(), "it is deleted": it.remove },
      };
    },
  },
  {
    name: "endpoint: tested before it has answered",
    async set(stage, me) {
      const it = await endpoint(stage, me, {}, fail);
      await it.wake();
      const [row] = await it.deliveries();
      await putOff(stage, it, row?.delivery_id, 10 * MINUTE);
      it.receiver.behaveForPings(succeed);
      let answer = async () => {};
      return {
        act: (actor) => actor.request(`${it.hook}/test`, { method: "POST" }),
        meanwhile: {
          "its URL changes": () => it.moveAway(),
          "its ping is under way": async () => {
            passTime(10 * SECOND);
            answer = await it.hold(() => stage.work());
          },
        },
        next: { "its ping is answered": () => answer() },
      };
    },
  },
  {
    name: "endpoint: its secret is rotated",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const rotate = (actor: Actor) =>
        actor.request(`${it.hook}/secret/rotate`, { json: {}, headers: { "Idempotency-Key": "once" } });
      return {
        act: rotate,
        next: {
          "asked again": () => rotate(me),
          promoted: () => me.request(`${it.hook}/secret/promote`, { method: "POST" }),
        },
      };
    },
  },
  {
    name: "endpoint: its secret is rotated to one of its owner's",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const before = await stage.plain.table.get(hookSecretRecord, keys.hookSecret(it.id));
      const secret = newWebhookSecret();
      const rotate = (actor: Actor) => actor.request(`${it.hook}/secret/rotate`, { json: { secret } });
      return {
        act: rotate,
        next: { "said again": () => rotate(me), "something happens": () => it.happen() },
        end: async () => {
          const [came] = it.receiver.received;
          return came && isSigned(came, [secret, before?.current ?? ""])
            ? []
            : ["the secret before signs no more"];
        },
      };
    },
  },
  {
    name: "endpoint: its secret is promoted",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      const rotate = () => me.request(`${it.hook}/secret/rotate`, { json: {} });
      await rotate();
      return {
        act: (actor) => actor.request(`${it.hook}/secret/promote`, { method: "POST" }),
        meanwhile: { "it is rotated again": rotate },
        next: { "it is rotated once more": rotate },
      };
    },
  },
  {
    name: "read: endpoints and deliveries",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await stage.work();
      const [row] = await it.deliveries();
      return {
        act: async (actor) => [
          await actor.json("/v1/webhooks"),
          await actor.json(it.hook),
          await actor.json(`${it.hook}/deliveries`),
          await actor.json(`${it.hook}/deliveries/${row?.delivery_id}`),
        ],
      };
    },
  },
];

const again: Situation[] = [
  {
    name: "delivery: sent again by its owner",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.receiver.behave(gone);
      await it.wake();
      await stage.work();
      await it.enable();
      it.receiver.behave(succeed);
      const [row] = await it.deliveries();
      const path = `${it.hook}/deliveries/${row?.delivery_id}/redeliver`;
      return {
        act: (actor) => actor.request(path, { method: "POST", headers: { "Idempotency-Key": "once" } }),
        meanwhile: {
          "it is deleted": it.remove,
          "it is sent again": () => me.request(path, { method: "POST" }),
        },
        next: {
          "asked again": () => me.request(path, { method: "POST", headers: { "Idempotency-Key": "once" } }),
        },
      };
    },
  },
  {
    name: "recovery: started",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.disable();
      await it.wake(2);
      await it.enable();
      return {
        act: (actor) => it.recover(actor),
        meanwhile: { "another starts": () => it.recover(), "it is disabled": it.disable },
      };
    },
  },
  {
    name: "sweep: a recovery",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await stage.work();
      await it.disable();
      await it.wake(2);
      await it.enable();
      await it.recover(me, ["skipped_disabled", "succeeded"]);
      return {
        act: (actor) => actor.sweep("recovery"),
        meanwhile: { "another sweep runs": () => me.sweep("recovery"), "it is deleted": it.remove },
      };
    },
  },
];

export const webhooks: Situation[] = mixed([...owners, ...again]);
