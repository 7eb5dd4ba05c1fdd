/** Finalizes of uploads of which nothing, or not all, has come. */
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { MINUTE } from "../time.ts";

import { besides, dieAt, finalizedTruly, overtakenByLock } from "./upload-helpers.ts";

/** An upload of no known size to which nothing has been sent, and what sends its only part. */
async function unsent(me: Actor, filename: string) {
  const { upload_id, parts } = await me.by.start({ filename });
  return { id: upload_id, send: () => fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" }) };
}

/** Whether the one upload's bytes are those that were sent. */
async function isWhole(stage: Stage): Promise<string[]> {
  const sizes = (await stage.objects()).map(({ size }) => size);
  return sizes.includes("hello".length) ? [] : [`what was sent isn't there, but ${sizes}`];
}

export const emptyUploads: Situation[] = [
  {
    name: "finalize: an empty file",
    async set(stage, me) {
      const { upload_id } = await me.by.start({ filename: "a.txt", size: 0 });
      return {
        act: (actor) => actor.by.finalize(upload_id),
        meanwhile: besides(stage, me, upload_id),
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: a file of no known size",
    async set(stage, me) {
      const session = await me.by.start({ filename: "a.txt" });
      const url = session.parts[0]?.url ?? "";
      return {
        act: (actor) => actor.by.finalize(session.upload_id),
        meanwhile: {
          "its part comes": () => fetch(url, { method: "PUT", body: "hello" }),
          "six minutes pass": () => stage.pass(6 * MINUTE),
        },
        next: {
          "its part comes": () => fetch(url, { method: "PUT", body: "hello" }),
          finalized: () => me.by.finalize(session.upload_id),
        },
      };
    },
  },
  {
    name: "finalize: parts that came after an empty one had died",
    async set(stage, me) {
      const { id, send } = await unsent(me, "a.txt");
      await dieAt(stage, "commit-upload", id);
      await send();
      return { act: (actor) => actor.by.finalize(id), end: () => isWhole(stage) };
    },
  },
  {
    name: "finalize: parts that came after an empty one was refused",
    async set(stage, me) {
      const { file_id: fileId } = await me.by.uploaded("a.txt", "what was there");
      const rival = await stage.rival();
      const { id, send } = await unsent(me, "a.txt");
      const unlock = await overtakenByLock(stage, rival, { fileId, uploadId: id });
      await unlock();
      await send();
      return { act: (actor) => actor.by.finalize(id), end: () => isWhole(stage) };
    },
  },
  {
    name: "finalize: nothing yet, beside one that began before",
    async set(stage, me) {
      const { id, send } = await unsent(me, "a.txt");
      const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = await stage.actor({
        between: async (made, send) => {
          if (!made.label.endsWith("ListParts")) return send();
          begun.resolve();
          await gate.promise;
          return send();
        },
      });
      const earlier = slow.by.finalize(id);
      await begun.promise;
      const goOn = async () => {
        await send();
        gate.resolve();
        return earlier;
      };
      return {
        act: (actor) => actor.by.finalize(id),
        meanwhile: { "its part comes, and that one goes on": goOn },
        next: { "its part comes, and that one goes on": goOn, finalized: () => me.by.finalize(id) },
      };
    },
  },
  {
    name: "finalize: parts that are missing",
    async set(_, me) {
      const session = await me.by.start({ filename: "a.txt", size: 5 });
      const url = session.parts[0]?.url ?? "";
      return {
        act: (actor) => actor.by.finalize(session.upload_id),
        meanwhile: { "the part comes": () => fetch(url, { method: "PUT", body: "hello" }) },
        next: {
          "the part comes": () => fetch(url, { method: "PUT", body: "hello" }),
          finalized: () => me.by.finalize(session.upload_id),
        },
      };
    },
  },
];
