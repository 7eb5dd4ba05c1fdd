/** Links: made, opened, revoked, expired. */
import { keys } from "#aws/keys.ts";
import { LINK_TRIES } from "#core/links/contract.ts";
import { countTry } from "#core/links/count-try.ts";
import { linkRecord, linkTriesRecord } from "#core/links/records.ts";
import { sourceOf } from "#http/source-address.ts";
import type { Situation } from "../situation.ts";
import { type Actor, SOURCE, type Stage } from "../stage.ts";
import { DAY, HOUR, passTime, SECOND } from "../time.ts";
import { goesTo, otherWorkspace } from "./other-workspace.ts";

/** A file with a link of these terms. */
async function shared(me: Actor, terms: Record<string, unknown> = {}) {
  const { file_id } = await me.by.uploaded("a.txt", "hello", {});
  const { share_url, share_id } = await me.json(`/v1/files/${file_id}/shares`, { json: terms });
  return { file_id: String(file_id), url: String(share_url), share: `/v1/shares/${share_id}` };
}

/** What has been tried of a link's passwords, from where its readers are and from everywhere. */
function tries({ plain }: Stage, url: string) {
  const token = url.slice(url.lastIndexOf("/") + 1);
  const source = keys.linkTries(token, sourceOf(SOURCE) ?? "");
  const tryMs = LINK_TRIES.refillSeconds * SECOND;
  return {
    /** As one that is wrong, without the work of finding that out. */
    async guess(): Promise<void> {
      await countTry(plain.table, source, Date.now());
    },
    /** As if so many had just been made from elsewhere. */
    async spend(count: number): Promise<void> {
      await plain.table.update({
        key: keys.link(token),
        update: { set: { tries_until_ms: Date.now() + count * tryMs } },
        blind: "seeded",
      });
    },
    /** How many its source has made, and how many of all have not come back. */
    async made(): Promise<{ here: number; all: number }> {
      const { tried = 0 } = (await plain.table.get(linkTriesRecord, source)) ?? {};
      const { tries_until_ms = 0 } = (await plain.table.get(linkRecord, keys.link(token))) ?? {};
      return { here: tried, all: Math.max(0, Math.ceil((tries_until_ms - Date.now()) / tryMs)) };
    },
  };
}

const noLink = { method: "GET", headers: {} };

const made: Situation[] = [
  {
    name: "link: made",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      return {
        act: (actor) => actor.request(`/v1/files/${file_id}/shares`, { json: { max_downloads: 3 } }),
        meanwhile: { "the file is deleted": () => me.request(`/v1/files/${file_id}`, { method: "DELETE" }) },
        next: { "the file is deleted": () => me.request(`/v1/files/${file_id}`, { method: "DELETE" }) },
      };
    },
  },
  {
    name: "link: made with a password, under an Idempotency-Key",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      const json = { password: "right horse", expire_in: 3600 };
      const ask = (actor: Actor) =>
        actor.request(`/v1/files/${file_id}/shares`, { json, headers: { "Idempotency-Key": "once" } });
      return { act: ask, next: { "asked again": () => ask(me) } };
    },
  },
  {
    name: "link: made with a password, where the dead have all places",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "hello");
      const dead = Array.from(
        { length: stage.plain.config.hashPlaces },
        (_, nth) => `${Date.now() - 1}#${nth}`,
      );
      await stage.plain.table.update({
        key: keys.places("hash"),
        update: { add: { all: new Set(dead) } },
        blind: "seeded",
        repeats: "seeded",
      });
      const made = { json: { password: "right horse" } };
      return { act: (actor) => actor.request(`/v1/files/${file_id}/shares`, made) };
    },
  },
  {
    name: "link: revoked",
    async set(_, me) {
      const { share, url } = await shared(me);
      return {
        act: (actor) => actor.request(share, { method: "DELETE" }),
        meanwhile: { "it is opened": () => me.anonymous(url, noLink) },
        next: { "it is opened": () => me.anonymous(url, noLink) },
      };
    },
  },
  {
    name: "sweep: a link that has expired",
    async set(_stage, me) {
      const { share, url } = await shared(me, { expire_in: 3600 });
      await me.anonymous(url, noLink);
      passTime(2 * HOUR);
      return {
        act: (actor) => actor.sweep("link"),
        meanwhile: {
          "it is revoked": () => me.request(share, { method: "DELETE" }),
          "it is opened": () => me.anonymous(url, noLink),
          "another sweep runs": () => me.sweep("link"),
        },
      };
    },
  },
  {
    name: "sweep: a link that has expired, of a file that has gone to another workspace",
    async set(_stage, me) {
      const { file_id, url } = await shared(me, { expire_in: 3600 });
      await me.anonymous(url, noLink);
      const workspace = await otherWorkspace(me);
      await goesTo(me, file_id, workspace);
      passTime(2 * HOUR);
      return { act: (actor) => actor.sweep("link") };
    },
  },
  {
    name: "sweep: a link that was used up",
    async set(stage, me) {
      const { url } = await shared(me, { max_downloads: 1 });
      await me.anonymous(url, noLink);
      await stage.pass(30 * DAY - HOUR);
      passTime(2 * HOUR);
      return { act: (actor) => actor.sweep("link") };
    },
  },
];

const opened: Situation[] = [
  {
    name: "link: opened",
    async set(_, me) {
      const { url, share, file_id } = await shared(me);
      return {
        act: (actor) => actor.anonymous(url, noLink),
        meanwhile: {
          "it is revoked": () => me.request(share, { method: "DELETE" }),
          "the file is deleted": () => me.request(`/v1/files/${file_id}`, { method: "DELETE" }),
        },
        next: { "it is opened again": () => me.anonymous(url, noLink) },
      };
    },
  },
  {
    name: "link: opened, of a file that goes to another workspace",
    async set({ owner }, me) {
      const { url, file_id } = await shared(me);
      const workspace = await otherWorkspace(me);
      return {
        act: (actor) => actor.anonymous(url, noLink),
        meanwhile: { "it goes": () => goesTo(me, file_id, workspace) },
        next: {
          "it goes": () => goesTo(me, file_id, workspace),
          "it is opened there": () => me.anonymous(url, noLink),
          "it comes back": () => goesTo(me, file_id, owner.workspace_id),
          "it is opened here": () => me.anonymous(url, noLink),
        },
      };
    },
  },
  {
    name: "link: opened, of a file that has gone to another workspace",
    async set({ owner }, me) {
      const { url, file_id } = await shared(me);
      await goesTo(me, file_id, await otherWorkspace(me));
      return {
        act: (actor) => actor.anonymous(url, noLink),
        meanwhile: { "it comes back": () => goesTo(me, file_id, owner.workspace_id) },
        next: { "it is opened again": () => me.anonymous(url, noLink) },
      };
    },
  },
  {
    name: "link: opened, of a file below a folder",
    async set(stage, me) {
      const { file_id, folder_id } = await me.by.uploaded("top/in/a.txt", "hello");
      const { share_url } = await me.json(`/v1/files/${file_id}/shares`, { json: {} });
      const open = (actor: Actor) => actor.anonymous(String(share_url), noLink);
      const top = await me.json(`/v1/workspaces/${stage.owner.workspace_id}/resolve?path=top`);
      const [above, folder] = [`/v1/folders/${top["folder_id"]}`, `/v1/folders/${folder_id}`];
      const restore = `/v1/trash/${folder_id}/restore`;
      return {
        act: open,
        meanwhile: {
          "its folder is deleted": () => me.request(folder, { method: "DELETE" }),
          "the one above is deleted": () => me.request(above, { method: "DELETE" }),
          "its folder is moved": () => me.request(folder, { method: "PATCH", json: { folder: "far/away" } }),
          "its folder is deleted and restored": async () => {
            await me.request(folder, { method: "DELETE" });
            await me.request(restore, { method: "POST" });
          },
        },
        next: {
          "its folder is deleted": () => me.request(folder, { method: "DELETE" }),
          "it is opened": () => open(me),
          "its folder is restored": () => me.request(restore, { method: "POST" }),
          "it is opened again": () => open(me),
        },
      };
    },
  },
  {
    name: "link: opened, of few downloads",
    async set(_, me) {
      const { url } = await shared(me, { max_downloads: 2 });
      return {
        act: (actor) => actor.anonymous(url, noLink),
        meanwhile: { "another opens it": () => me.anonymous(url, { ...noLink, sourceIp: "192.0.2.2" }) },
        next: {
          "another opens it": () => me.anonymous(url, { ...noLink, sourceIp: "192.0.2.2" }),
          "a third opens it": () => me.anonymous(url, { ...noLink, sourceIp: "192.0.2.3" }),
        },
      };
    },
  },
  {
    name: "link: gone on with by a range",
    async set(_, me) {
      const { url } = await shared(me, { max_downloads: 2 });
      await me.anonymous(url, noLink);
      const range = { ...noLink, headers: { range: "bytes=2-" } };
      return {
        act: (actor) => actor.anonymous(url, range),
        meanwhile: { "another opens it": () => me.anonymous(url, { ...noLink, sourceIp: "192.0.2.2" }) },
        next: { "it goes on again": () => me.anonymous(url, range) },
      };
    },
  },
  {
    name: "link: opened with the right password",
    async set(stage, me) {
      const { url } = await shared(me, { password: "right horse" });
      const right = { headers: { "x-share-password": "right horse" } };
      const wrong = { headers: { "x-share-password": "wrong" } };
      const { guess, spend, made } = tries(stage, url);
      // What is left is for first tries alone.
      await spend(LINK_TRIES.all);
      let seen: unknown;
      return {
        act: (actor) => actor.anonymous(url, right),
        meanwhile: {
          "another guesses": () => me.anonymous(url, { ...wrong, sourceIp: "192.0.2.2" }),
          "its source guesses": guess,
        },
        next: {
          async "tries are counted"() {
            seen = (await made()).here;
          },
          "it is opened again": () => me.anonymous(url, right),
        },
        seen: () => ({ seen }),
      };
    },
  },
  {
    name: "link: looked at with the right password, after four wrong ones",
    async set(stage, me) {
      const { url } = await shared(me, { password: "right horse", max_downloads: 3 });
      const { guess, made } = tries(stage, url);
      for (let nth = 0; nth < 4; nth++) await guess();
      const seen: number[] = [];
      const look = async () => seen.push((await made()).here);
      return {
        act: (actor) =>
          actor.anonymous(url, { method: "HEAD", headers: { "x-share-password": "right horse" } }),
        meanwhile: { "its source guesses once more": guess },
        next: {
          "tries are counted": look,
          "its source guesses": async () => {
            passTime(10 * SECOND);
            await guess();
          },
          "tries are counted again": look,
        },
        seen: () => ({ seen }),
      };
    },
  },
  {
    name: "link: opened with a wrong password",
    async set(stage, me) {
      const { url } = await shared(me, { password: "right horse" });
      const right = { headers: { "x-share-password": "right horse" } };
      const wrong = { headers: { "x-share-password": "wrong" } };
      const { spend, made } = tries(stage, url);
      await spend(1);
      let seen: unknown;
      return {
        act: (actor) => actor.anonymous(url, wrong),
        meanwhile: { "another opens it": () => me.anonymous(url, { ...right, sourceIp: "192.0.2.2" }) },
        next: {
          async "tries are counted"() {
            seen = await made();
          },
          "it is opened": () => me.anonymous(url, right),
        },
        seen: () => ({ seen }),
      };
    },
  },
  {
    name: "read: links",
    async set(_, me) {
      const { file_id, share, url } = await shared(me, { max_downloads: 3 });
      return {
        act: async (actor) => [
          await actor.json(`/v1/files/${file_id}/shares`),
          await actor.json(share),
          (await actor.anonymous(url, { headers: { accept: "text/html", "sec-fetch-mode": "navigate" } }))
            .status,
        ],
      };
    },
  },
];

export const links: Situation[] = [...made, ...opened];
