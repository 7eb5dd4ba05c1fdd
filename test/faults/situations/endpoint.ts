/** An endpoint with a receiver behind it, as situations of webhooks begin. */
import * as z from "zod";
import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { wakeAt } from "#core/attempts/wake.ts";
import type { Behaviour } from "#test/support/receiver.ts";
import type { Story } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { HOUR, MINUTE, passTime } from "../time.ts";

export const fail: Behaviour = (res) => void res.writeHead(500).end();
export const succeed: Behaviour = (res) => void res.writeHead(204).end();
export const gone: Behaviour = (res) => void res.writeHead(410).end();
export const later: Behaviour = (res) => void res.writeHead(503, { "retry-after": "1800" }).end();

const rows = z.object({ items: z.array(z.object({ delivery_id: z.string(), status: z.string() })) });

/** An endpoint that has answered its ping (`onPing`), and a file whose downloads are what it is told of. */
export async function endpoint(
  stage: Stage,
  me: Actor,
  more: Record<string, unknown> = {},
  onPing: Behaviour = succeed,
) {
  const receiver = await stage.receiver(succeed, onPing);
  const { file_id } = await me.by.uploaded("a.txt", "hello", {});
  const { webhook_id } = await me.json("/v1/webhooks", {
    json: { url: receiver.url, events: ["file_downloaded"], ...more },
  });
  await stage.work();
  const hook = `/v1/webhooks/${webhook_id}`;
  const patch = (json: unknown) => me.request(hook, { method: "PATCH", json });
  return {
    receiver,
    id: String(webhook_id),
    hook,
    /** Has something to tell of. */
    async happen(count = 1): Promise<void> {
      for (let nth = 0; nth < count; nth++) {
        passTime(10);
        await me.request(`/v1/files/${file_id}/content`);
      }
    },
    /** The same, as far as the bus. */
    async tell(count = 1): Promise<void> {
      await this.happen(count);
      await me.relay();
    },
    /** The same, as far as the messages. */
    async wake(count = 1): Promise<void> {
      await this.tell(count);
      await me.fanOut();
    },
    /** Answers the next request so, and all that follow well. */
    answerOnce(first: Behaviour): void {
      const seen = receiver.received.length;
      receiver.behave((res, one, req) =>
        (receiver.received.length === seen + 1 ? first : succeed)(res, one, req),
      );
    },
    /** Lets so many work at once, and answers none of them before each has come here or has given up. */
    async crowd(count: number, work: () => Promise<unknown>): Promise<void> {
      const answers: (() => void)[] = [];
      let done = 0;
      const another = () => {
        done += 1;
        if (done >= count) for (const answer of answers.splice(0)) answer();
      };
      receiver.behave((res) => {
        answers.push(() => void res.writeHead(204).end());
        another();
      });
      await Promise.all(Array.from({ length: count }, () => work().finally(another)));
    },
    /**
     * Lets somebody work until a request of theirs has come here, and has that wait for its answer; nothing waits where
     * none comes. What is returned answers it, and lets them end.
     */
    async hold(work: () => Promise<unknown>): Promise<() => Promise<void>> {
      const behave = (how: Behaviour) => {
        receiver.behave(how);
        receiver.behaveForPings(how);
      };
      let answer = () => {};
      const arrived = new Promise<void>((resolve) =>
        behave((res) => {
          answer = () => void res.writeHead(204).end();
          resolve();
        }),
      );
      const working = work();
      await Promise.race([working, arrived]);
      behave(succeed);
      return async () => {
        answer();
        await working;
      };
    },
    /** Fails until its breaker opens, and longer than it stays open. */
    async breakDown(): Promise<void> {
      receiver.behave(fail);
      for (let nth = 0; nth < 5; nth++) {
        await stage.work();
        await this.wake();
      }
      await stage.work();
      passTime(2 * MINUTE);
    },
    /** Answers well what happens now, and all that waits. */
    async answerWell(): Promise<void> {
      receiver.behave(succeed);
      await this.wake();
      await stage.work();
    },
    disable: () => me.request(`${hook}/disable`, { method: "POST" }),
    enable: () => me.request(`${hook}/enable`, { json: { force: true } }),
    remove: () => me.request(hook, { method: "DELETE" }),
    async moveAway() {
      const other = await stage.receiver();
      return patch({ url: other.url });
    },
    slowDown: () => patch({ rate_per_second: 1 }),
    recover: (actor = me, statuses = ["failed", "skipped_disabled"]) =>
      actor.request(`${hook}/recover`, {
        json: { since: new Date(Date.now() - HOUR).toISOString(), statuses },
      }),
    /** Its first delivery. */
    async redeliver(): Promise<void> {
      const [row] = await this.deliveries();
      await me.request(`${hook}/deliveries/${row?.delivery_id}/redeliver`, { method: "POST" });
    },
    deliveries: async () => rows.parse(await me.json(`${hook}/deliveries?limit=100`)).items,
    shown: () => me.json(hook),
  };
}

/** Has a delivery stand as it does after what would take long to play. */
export function setRow(stage: Stage, { id }: { id: string }, deliveryId: string | undefined, to: Item) {
  return setItem(stage, keys.delivery(id, deliveryId ?? ""), to);
}

/** The same, where it has waited for so long that it asks again by itself only after `ms`. */
export function putOff(stage: Stage, it: { id: string }, deliveryId: string | undefined, ms: number) {
  const next_ms = Date.now() + ms;
  const { due_pk, due_sk } = wakeAt(deliveryId ?? "", next_ms, Date.now());
  return setRow(stage, it, deliveryId, { deferred: true, next_ms, due_pk, due_sk });
}

/** The same, of what is known of an endpoint. */
export function setState(stage: Stage, { id }: { id: string }, to: Item) {
  return setItem(stage, keys.hookState(id), to);
}

function setItem({ plain }: Stage, key: Key, set: Item) {
  return plain.table.update({ key, update: { set }, condition: "attribute_exists(#pk)" });
}

/** An attempt at an endpoint and who may act beside it, once something waits and has come to where it begins. */
export async function attempted(
  stage: Stage,
  me: Actor,
  begin: (it: Awaited<ReturnType<typeof endpoint>>) => unknown,
): Promise<Story> {
  const it = await endpoint(stage, me);
  await it.wake();
  await begin(it);
  return { act: (actor) => actor.deliver(), meanwhile: besides(stage, it) };
}

/** Who may act beside a delivery. */
export function besides(
  stage: Stage,
  it: Awaited<ReturnType<typeof endpoint>>,
): Record<string, () => Promise<unknown>> {
  return {
    "its URL changes": () => it.moveAway(),
    "it is disabled": () => it.disable(),
    "it is disabled and enabled": async () => {
      await it.disable();
      return it.enable();
    },
    "it is deleted": () => it.remove(),
    "the message comes twice": () => stage.workAgain(),
    "a minute passes": () => stage.pass(MINUTE),
  };
}
