import { keys } from "#aws/keys.ts";
import { mixed, type Situation, type Story, waiting } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { HOUR, MINUTE, passTime } from "../time.ts";

import { endpoint, fail, gone, later, succeed } from "./endpoint.ts";

const sweeps: Situation[] = [
  {
    name: "sweep: a delivery whose message got lost",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      stage.loseMessages();
      passTime(5 * MINUTE);
      return {
        act: (actor) => actor.sweep("delivery"),
        meanwhile: { "another sweep runs": () => me.sweep("delivery"), "it is deleted": it.remove },
      };
    },
  },
  {
    name: "sweep: a recovery that has ended",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      await it.wake();
      await it.recover();
      passTime(1);
      await me.sweep("recovery");
      // What fails from here on is nobody's to send again.
      it.receiver.behave(gone);
      await stage.work();
      it.receiver.behave(succeed);
      await it.enable();
      return { act: (actor) => actor.sweep("recovery") };
    },
  },
  {
    name: "sweep: an endpoint that has failed for a day",
    set: (stage, me) => failing(stage, me, { hours: 25, failures: 3 }),
  },
  {
    name: "sweep: an endpoint that has failed once, a day ago",
    set: (stage, me) => failing(stage, me, { hours: 25, failures: 1 }),
  },
  {
    name: "sweep: an endpoint that has failed for five days",
    set: (stage, me) => failing(stage, me, { hours: 121, failures: 30 }),
  },
  {
    name: "sweep: deliveries that wait for an endpoint that is well again",
    async set(stage, me) {
      const it = await endpoint(stage, me);
      it.receiver.behave(later);
      await it.wake(1);
      await stage.work();
      await it.wake(3);
      await stage.work();
      it.receiver.behave(succeed);
      passTime(31 * MINUTE);
      return {
        act: (actor) => actor.sweep("wake_up"),
        meanwhile: { "another sweep runs": () => me.sweep("wake_up"), "it is disabled": it.disable },
      };
    },
  },
];

/** An endpoint of one folder, which hears of those that fail all the same. */
async function watcher(stage: Stage, me: Actor): Promise<void> {
  const { url } = await stage.receiver();
  const { folder_id } = await me.by.uploaded("reports/b.txt", "hello");
  await me.json("/v1/webhooks", {
    json: { url, events: ["webhook_failing", "webhook_disabled"], folders: [folder_id] },
  });
}

/** The sweep looks at an endpoint that has failed for so long, as its state says. */
async function failing(
  stage: Stage,
  me: Actor,
  { hours, failures }: { hours: number; failures: number },
): Promise<Story> {
  const it = await endpoint(stage, me);
  await watcher(stage, me);
  it.receiver.behave(fail);
  await it.wake();
  await stage.work();
  passTime(hours * HOUR);
  const since = Date.now() - hours * HOUR;
  await stage.plain.table.update({
    key: keys.hookState(it.id),
    update: {
      set: {
        ...{ failing_since_ms: since, last_failure_ms: Date.now() - HOUR },
        ...{ failing_count: failures, failures },
      },
    },
    condition: "attribute_exists(#pk)",
  });
  stage.loseMessages();
  return {
    act: (actor) => actor.sweep("endpoint"),
    meanwhile: {
      "it answers": () => it.answerWell(),
      "its URL changes": () => it.moveAway(),
      "another sweep runs": () => me.sweep("endpoint"),
    },
    next: { "it answers": () => it.answerWell() },
  };
}

export const deliverySweeps: Situation[] = mixed(waiting(sweeps));
