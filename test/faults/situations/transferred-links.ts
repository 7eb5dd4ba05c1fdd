/** Links that are handed over: offered, seen, claimed. */
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { passTime } from "../time.ts";
import { goesTo, otherWorkspace } from "./other-workspace.ts";
import { by, claiming, offered, report } from "./transfers.ts";

const DELETE = { method: "DELETE" };
const once = { "Idempotency-Key": "once" };
const noLink = { method: "GET", headers: {} };

/** A link to the report's file. */
async function linked(stage: Stage, me: Actor) {
  const all = await report(stage, me);
  const { share_id, share_url } = await me.json(`/v1/files/${all.file}/shares`, {
    json: { max_downloads: 3 },
  });
  passTime(1);
  const share = `/v1/shares/${share_id}`;
  const resource = { type: "share", id: String(share_id) };
  return { all, resource, share, url: String(share_url), at: `/v1/files/${all.file}` };
}

const claimed = (all: Parameters<typeof claiming>[0], headers: Record<string, string> = {}) => ({
  ...claiming(all, headers),
  json: {},
});

/** What is told of them stands in the logs of two organizations. */
export const transferredLinks: Situation[] = [
  {
    name: "transfer: a share is offered",
    async set(stage: Stage, me: Actor) {
      const { all, resource, share, at } = await linked(stage, me);
      const first = await offered(me, all, { resource });
      const ask = (actor: Actor, headers = {}) =>
        actor.request("/v1/transfers", { json: { resource, message: "As agreed." }, headers });
      return {
        act: (actor: Actor) => ask(actor, once),
        // Where it is claimed meanwhile, its offer is of before that, in a place that is free after it: no order has both.
        meanwhile: {
          "another offers it too": () => ask(me),
          "another offer is withdrawn": () => me.request(first.path, DELETE),
          "it is revoked": () => me.request(share, DELETE),
          "its file is deleted": () => me.request(at, DELETE),
        },
        next: { "asked again": () => ask(me, once), listed: () => me.request("/v1/transfers") },
      };
    },
  },
  {
    name: "transfer: a share is seen, before it is claimed and after",
    async set(stage: Stage, me: Actor) {
      const { all, resource, share } = await linked(stage, me);
      const { path, claim } = await offered(me, all, { resource });
      await me.request(claim, claimed(all));
      const next = await offered(me, all, { resource });
      return {
        act: async (actor: Actor) => [
          (await actor.request(next.claim, { headers: by(all.zoe) })).status,
          ...[await actor.json(share), await actor.json(share, { headers: by(all.zoe) })],
          (await actor.request(path)).status,
        ],
      };
    },
  },
  {
    name: "claim: a share",
    async set(stage: Stage, me: Actor) {
      const { all, resource, share, url, at } = await linked(stage, me);
      const { path, claim } = await offered(me, all, { resource });
      const second = await offered(me, all, { resource });
      const whole = await offered(me, all);
      const other = await otherWorkspace(me);
      const restore = () => me.request(`/v1/trash/${all.file}/restore`, { method: "POST" });
      return {
        act: (actor: Actor) => actor.request(claim, claimed(all, once)),
        meanwhile: {
          "others claim it": () => me.request(claim, claimed(all)),
          "another transfer of it is claimed": () => me.request(second.claim, claimed(all)),
          "it is withdrawn": () => me.request(path, DELETE),
          "it is revoked": () => me.request(share, DELETE),
          "it is opened": () => me.anonymous(url, noLink),
          "its file is deleted": () => me.request(at, DELETE),
          async "its file is deleted and restored"() {
            await me.request(at, DELETE);
            await restore();
          },
          "its file goes to another workspace": () => goesTo(me, all.file, other),
          async "its file goes there and back"() {
            await goesTo(me, all.file, other);
            await goesTo(me, all.file, all.workspace);
          },
          "its workspace is claimed": () => me.request(whole.claim, claiming(all)),
        },
        next: {
          "claimed again": () => me.request(claim, claimed(all, once)),
          "who made it asks": () => me.request(share),
          "who has it asks": () => me.request(share, { headers: by(all.zoe) }),
          "who has it revokes it": () => me.request(share, { ...DELETE, headers: by(all.zoe) }),
        },
      };
    },
  },
  {
    name: "claim: a share, which goes on to another",
    async set(stage: Stage, me: Actor) {
      const { all, resource, share } = await linked(stage, me);
      const first = await offered(me, all, { resource });
      await me.request(first.claim, claimed(all));
      passTime(1);
      const [back, again] = [await offered(me, all, { resource }), await offered(me, all, { resource })];
      const mine = { method: "POST", json: {} };
      return {
        act: (actor: Actor) => actor.request(back.claim, mine),
        meanwhile: {
          "another transfer of it is claimed": () => me.request(again.claim, claimed(all)),
          "who has it revokes it": () => me.request(share, { ...DELETE, headers: by(all.zoe) }),
        },
        next: { "who had it asks": () => me.request(share, { headers: by(all.zoe) }) },
      };
    },
  },
].map((one) => ({ ...one, unordered: true }));
