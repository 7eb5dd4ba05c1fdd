import { keys } from "#aws/keys.ts";
import { newId } from "#core/kernel/ids.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import type { Situation } from "../situation.ts";
import type { Actor } from "../stage.ts";
import { MINUTE, passTime } from "../time.ts";

import { deleteAll } from "./upload-helpers.ts";

/** A start's session, as its answer tells of it. */
function starting(json: Record<string, unknown>, headers: Record<string, string> = {}) {
  const made = { id: "", url: "" };
  return {
    made,
    async act(actor: Actor): Promise<Response> {
      const answer = await actor.request("/v1/uploads", { json, headers });
      if (answer.ok) {
        const { upload_id, parts } = startAnswer.parse(await answer.clone().json());
        Object.assign(made, { id: upload_id, url: parts[0]?.url });
      }
      return answer;
    },
    /** Sends its bytes and finalizes it. */
    async finish(me: Actor): Promise<unknown> {
      if (made.id === "") return undefined;
      await fetch(made.url, { method: "PUT", body: "hello" });
      return me.by.finalize(made.id);
    },
    abort: (me: Actor) => me.by.drop(made.id),
    async told(me: Actor): Promise<string[]> {
      if (made.id === "") return [];
      const { state } = await me.by.status(made.id);
      return state === "open" ? [] : [`the session that was started is ${state}`];
    },
  };
}

const small = { filename: "a.txt", size: 5 };

const starts: Situation[] = [
  {
    name: "start: a new file, which is finalized",
    async set(_, me) {
      const session = starting(small);
      return {
        act: session.act,
        next: { finalized: () => session.finish(me), deleted: () => deleteAll(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: a new file, which is aborted",
    async set(_, me) {
      const session = starting({ ...small, path: "/in" });
      return { act: session.act, next: { aborted: () => session.abort(me) }, check: () => session.told(me) };
    },
  },
  {
    name: "start: onto a file that is there",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "first");
      const session = starting(small);
      return {
        act: session.act,
        meanwhile: {
          "the file is deleted": () => me.request(`/v1/files/${file_id}`, { method: "DELETE" }),
          "the file is renamed": () =>
            me.request(`/v1/files/${file_id}`, { method: "PATCH", json: { name: "b.txt" } }),
        },
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: onto a file that its hint doesn't lead to",
    async set(stage, me) {
      const { workspace_id } = stage.owner;
      await me.by.uploaded("in/a.txt", "first");
      const hint = { ...keys.fileHint(workspace_id, "in/a.txt"), file_id: newId("file", 0) };
      await stage.plain.table.put({ put: hint, blind: "a hint that lies" });
      const session = starting({ ...small, path: "in" });
      return {
        act: session.act,
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: a name that a folder has",
    async set(_, me) {
      await me.by.uploaded("a.txt/b.txt", "other");
      return { act: starting(small).act };
    },
  },
  {
    name: "start: a version of a file by its id",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "first");
      const session = starting({ file_id, size: 5 });
      return {
        act: session.act,
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: under an Idempotency-Key",
    async set(_, me) {
      const session = starting(small, { "Idempotency-Key": "once" });
      return {
        act: session.act,
        next: {
          finalized: () => session.finish(me),
          "asked again": () =>
            me.request("/v1/uploads", { json: small, headers: { "Idempotency-Key": "once" } }),
        },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: refused, and corrected under its Idempotency-Key",
    async set(_, me) {
      await me.by.uploaded("a.txt/b.txt", "other");
      const headers = { "Idempotency-Key": "once" };
      return {
        act: starting(small, headers).act,
        next: { corrected: () => starting({ ...small, filename: "c.txt" }, headers).act(me) },
      };
    },
  },
  {
    name: "start: as corrected under an Idempotency-Key",
    async set(_, me) {
      await me.by.uploaded("a.txt/b.txt", "other");
      const headers = { "Idempotency-Key": "once" };
      await starting(small, headers).act(me);
      return {
        act: starting({ ...small, filename: "c.txt" }, headers).act,
        check: async ({ status }) => (status === 201 ? [] : ["nobody else has the key"]),
      };
    },
  },
  {
    name: "start: with another name where it is taken",
    async set(_, me) {
      await me.by.uploaded("a.txt", "first");
      const session = starting({ ...small, if_exists: "rename" });
      return {
        act: session.act,
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: a name that is to be free",
    async set(stage, me) {
      const session = starting({ ...small, if_exists: "fail" });
      const rival = await stage.rival();
      return {
        act: session.act,
        meanwhile: {
          "another starts on it": () =>
            rival.request("/v1/uploads", {
              json: { ...small, if_exists: "fail", workspace: stage.owner.workspace_id },
            }),
        },
        next: { aborted: () => session.abort(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: a name that an aborted upload had reserved",
    async set(_, me) {
      const first = starting({ ...small, if_exists: "fail" });
      await first.act(me);
      await first.abort(me);
      const session = starting({ ...small, if_exists: "fail" });
      return {
        act: session.act,
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "start: a name that isn't free",
    async set(_, me) {
      await me.by.uploaded("a.txt", "first");
      return { act: starting({ ...small, if_exists: "fail" }).act };
    },
  },
  {
    name: "start: in a workspace that the name makes",
    async set(_, me) {
      const session = starting({ ...small, workspace: "reports" });
      return {
        act: session.act,
        next: { finalized: () => session.finish(me) },
        check: () => session.told(me),
      };
    },
  },
  {
    name: "sign: more URLs, which keeps a reservation",
    async set(_, me) {
      const session = starting({ ...small, if_exists: "fail" });
      await session.act(me);
      passTime(40 * MINUTE);
      return {
        act: (actor) => actor.by.sign(session.made.id, { first: 1, count: 1 }),
        meanwhile: { "the client aborts": () => session.abort(me) },
        next: { finalized: () => session.finish(me) },
      };
    },
  },
  {
    name: "sign: where a chunk goes",
    async set(_, me) {
      const session = starting(small);
      await session.act(me);
      return {
        act: (actor) =>
          actor.request(`/v1/uploads/${session.made.id}/chunks`, {
            method: "PUT",
            headers: { "content-range": "bytes 0-4/5", "content-type": "application/octet-stream" },
          }),
        meanwhile: { "the client aborts": () => session.abort(me) },
        next: { finalized: () => session.finish(me) },
      };
    },
  },
];

export const startedUploads: Situation[] = starts;
