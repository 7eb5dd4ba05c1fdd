/** Finalizes of uploads of which nothing, or not all, has come. */
import { MIB, put } from "#test/support/uploads.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { MINUTE } from "../time.ts";

import { besides, deleteAll, dieAt, finalizedTruly, overtakenByLock, stopBefore } from "./upload-helpers.ts";

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
        next: {
          // So that a copy of its PutObject which comes 12 minutes later comes as late as S3 may take it.
          deleted: async () => {
            await deleteAll(me);
            await stage.pass(2.5 * MINUTE);
          },
        },
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
      const held = await stopBefore(stage, "assemble-upload: ListParts");
      const earlier = held.actor.by.finalize(id);
      await held.reached;
      const goOn = async () => {
        await send();
        held.goOn();
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
    name: "finalize: nothing yet, as another begins with what has come since",
    async set(stage, me) {
      const { id, send } = await unsent(me, "a.txt");
      const held = await stopBefore(stage, "assemble-upload: Complete");
      let other: Promise<Response> | undefined;
      return {
        act: (actor) => actor.by.finalize(id),
        amid: {
          before: "commit-upload: transact",
          async run() {
            await send();
            other = Promise.resolve(held.actor.by.finalize(id));
            await held.reached;
          },
        },
        next: {
          "that one goes on": async () => {
            held.goOn();
            await other;
          },
          finalized: () => me.by.finalize(id),
        },
        end: () => isWhole(stage),
      };
    },
  },
  {
    name: "finalize: all its parts, as another has fewer put together",
    async set(stage, me) {
      const { upload_id, parts } = await me.by.start({ filename: "a.bin", part_size: 5 * MIB });
      const [first, second] = parts.map(({ url }) => url);
      await put(first, new Uint8Array(5 * MIB));
      const held = await stopBefore(stage, "assemble-upload: Complete");
      const fewer = held.actor.by.finalize(upload_id);
      await held.reached;
      await put(second, "end");
      const goOn = async () => {
        held.goOn();
        await fewer;
      };
      return {
        act: (actor) => actor.by.finalize(upload_id),
        amid: { before: "assemble-upload: Complete", run: goOn },
        next: { "that one goes on": goOn, finalized: () => me.by.finalize(upload_id) },
        check: async ({ status }) => (status === 200 ? ["it has been told of a file without its end"] : []),
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
