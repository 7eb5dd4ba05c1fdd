/** The outbox, the relay and the log of events. */
import { type Situation, waiting } from "../situation.ts";
import { MINUTE, passTime } from "../time.ts";

export const events: Situation[] = waiting([
  {
    name: "relay: new events",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await me.request(`/v1/files/${file_id}/content`);
      return {
        act: (actor) => actor.relay(),
        meanwhile: {
          "more happens": async () => {
            const answer = await me.request(`/v1/files/${file_id}/content`);
            await stage.work();
            return answer;
          },
        },
        next: { "more happens": () => me.request(`/v1/files/${file_id}/content`) },
      };
    },
  },
  {
    name: "relay: new events, beside the sweep",
    unordered: true,
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await me.request(`/v1/files/${file_id}/content`);
      return {
        act: (actor) => actor.relay(),
        meanwhile: {
          "it runs after three minutes": async () => {
            passTime(3 * MINUTE);
            return stage.sweep();
          },
        },
      };
    },
  },
  {
    name: "sweep: events that never left",
    unordered: true,
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await me.request(`/v1/files/${file_id}/content`);
      stage.missEvents();
      passTime(3 * MINUTE);
      return {
        act: (actor) => actor.sweep("event"),
        meanwhile: {
          "another sweep runs": () => me.sweep("event"),
          "more happens": async () => {
            const answer = await me.request(`/v1/files/${file_id}/content`);
            await stage.work();
            return answer;
          },
        },
        next: { "more happens": () => me.request(`/v1/files/${file_id}/content`) },
      };
    },
  },
  {
    name: "read: the log of events",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await stage.work();
      const all = await me.json("/v1/events?limit=10");
      return {
        act: (actor) => actor.request(`/v1/events?limit=10&after=${all["next_cursor"]}`),
        meanwhile: {
          "more happens": async () => {
            const answer = await me.request(`/v1/files/${file_id}/content`);
            await stage.work();
            return answer;
          },
        },
      };
    },
  },
  {
    name: "read: the log of events, which is waited for",
    ticks: true,
    async set(stage, me) {
      await me.by.uploaded("a.txt", "hello");
      await stage.work();
      return { act: (actor) => actor.request("/v1/events?limit=10&wait=1") };
    },
  },
]);
