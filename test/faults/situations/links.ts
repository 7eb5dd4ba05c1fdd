/** Links: made, opened, revoked, expired. */
import { keys } from "#aws/keys.ts";
import type { Situation } from "../situation.ts";
import type { Actor } from "../stage.ts";
import { DAY, HOUR, passTime } from "../time.ts";

/** A file with a link of these terms. */
async function shared(me: Actor, terms: Record<string, unknown> = {}) {
  const { file_id } = await me.by.uploaded("a.txt", "hello", {});
  const { share_url, share_id } = await me.json(`/v1/files/${file_id}/shares`, { json: terms });
  return { file_id: String(file_id), url: String(share_url), share: `/v1/shares/${share_id}` };
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
        update: "ADD #all :dead",
        values: { dead: new Set(dead) },
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
    async set(_, me) {
      const { url } = await shared(me, { password: "right horse" });
      const right = { headers: { "x-share-password": "right horse" } };
      const wrong = { headers: { "x-share-password": "wrong" } };
      return {
        act: (actor) => actor.anonymous(url, right),
        meanwhile: { "another guesses": () => me.anonymous(url, { ...wrong, sourceIp: "192.0.2.2" }) },
        next: { "it is opened again": () => me.anonymous(url, right) },
      };
    },
  },
  {
    name: "link: looked at with the right password",
    async set(_, me) {
      const { url } = await shared(me, { password: "right horse", max_downloads: 3 });
      return {
        act: (actor) =>
          actor.anonymous(url, { method: "HEAD", headers: { "x-share-password": "right horse" } }),
      };
    },
  },
  {
    name: "link: opened with a wrong password",
    async set(_, me) {
      const { url } = await shared(me, { password: "right horse" });
      const right = { headers: { "x-share-password": "right horse" } };
      const wrong = { headers: { "x-share-password": "wrong" } };
      return {
        act: (actor) => actor.anonymous(url, wrong),
        meanwhile: { "it is opened": () => me.anonymous(url, right) },
        next: { "it is opened": () => me.anonymous(url, right) },
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
