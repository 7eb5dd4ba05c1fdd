/** The outbox, the relay and the log of events. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { appendToFeed } from "#core/events/append-to-feed.ts";
import { eventRecord } from "#core/events/records.ts";
import { EVENT_KEEP_MS } from "#core/kernel/outbox.ts";
import { type Situation, waiting } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, isGone, MINUTE, passTime } from "../time.ts";

const LOG = "/v1/events?limit=10";
const page = z.object({ items: z.array(z.object({ id: z.string() })), next_cursor: z.string() });
const keyed = z.looseObject({ pk: z.string(), sk: z.string() });

/** Reads on from an answer: each event that there is must be told once. */
async function untold(stage: Stage, me: Actor, body: unknown): Promise<string[]> {
  let found = page.parse(body);
  const ids: string[] = [];
  do {
    ids.push(...found.items.map(({ id }) => id));
    found = page.parse(await me.json(`${LOG}&after=${found.next_cursor}`));
  } while (found.items.length > 0);
  const all = (await stage.world.events())
    .flatMap(({ id, workspace_id }) => (workspace_id === undefined ? [] : [id]))
    .join(" ");
  return ids.sort().join(" ") === all ? [] : [`it told ${ids.join(" ")}, and there are ${all}`];
}

/** DynamoDB removes what has expired. */
async function expire(stage: Stage): Promise<void> {
  const gone = (await stage.world.dump()).filter(isGone).map((item) => keyed.parse(item));
  for (const { pk, sk } of gone) await stage.plain.table.remove({ blind: "expired", remove: { pk, sk } });
}

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
    name: "read: the log of events, the first of which have expired",
    // Who meets a conflict where it asks for them tells the rest in its next answer.
    at: "read-feed: query",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await stage.work();
      passTime(EVENT_KEEP_MS + DAY);
      await expire(stage);
      await me.request(`/v1/files/${file_id}/content`);
      await stage.work();
      return {
        act: (actor) => actor.request(LOG),
        check: ({ body }) => untold(stage, me, body),
      };
    },
  },
  {
    name: "read: the log of events, one of which is seen before the one before it",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await me.request(`/v1/files/${file_id}/content`);
      await stage.work();
      const { default_workspace } = me.call.caller;
      const key = keys.feedEntry(default_workspace, 1);
      const [entry] = await stage.plain.table.batchGet([key]);
      await stage.plain.table.remove({ blind: "not seen yet", remove: key });
      return {
        act: (actor) => actor.request(LOG),
        amid: {
          before: "read-feed: get FEED.SEQ",
          run: () => stage.plain.table.put({ blind: "seen by now", put: { ...entry, ...key } }),
        },
        check: ({ body }) => untold(stage, me, body),
      };
    },
  },
  {
    name: "read: the log of events, one of which an earlier version gave two places",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      await stage.work();
      const [done] = await stage.world.events("upload_completed");
      const key = keys.event(done?.id ?? "");
      await stage.plain.table.update({ blind: "an earlier version's", key, update: { remove: ["seq"] } });
      const [record] = await stage.plain.table.batchGet([key]);
      await appendToFeed(stage.plain, me.call.caller.default_workspace, [eventRecord.parse(record)]);
      // None does so any more: both are gone before all comes to rest.
      passTime(EVENT_KEEP_MS - 7 * DAY);
      await me.request(`/v1/files/${file_id}/content`);
      await stage.work();
      return {
        act: (actor) => actor.request(LOG),
        check: ({ body }) => untold(stage, me, body),
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
