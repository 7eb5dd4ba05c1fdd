/** Many in one request. Those of one name come in turn, so that their calls have an order. */
import type { Situation } from "../situation.ts";
import type { Actor } from "../stage.ts";
import { deleteAll } from "./upload-helpers.ts";

const headers = { "Idempotency-Key": "once" };

/** Files that a batch is about, one after another. */
async function threeFiles(me: Actor): Promise<string[]> {
  const ids = [];
  for (const name of ["a.txt", "b.txt", "c.txt"]) ids.push((await me.by.uploaded(name)).file_id);
  return ids;
}

function changes(name: string, json: (ids: string[]) => object): Situation {
  return {
    name,
    async set(_, me) {
      const ids = await threeFiles(me);
      const asked = { json: json(ids), headers };
      return {
        act: (actor) => actor.request("/v1/files/batch", asked),
        next: { "asked again": () => me.request("/v1/files/batch", asked) },
      };
    },
  };
}

const twice = <T>([first]: T[]): T[] => (first === undefined ? [] : [first, first]);

export const batches: Situation[] = [
  changes("batch: a file deleted, and once more, under an Idempotency-Key", (ids) => ({
    delete: twice(ids).map((file_id) => ({ file_id })),
  })),
  changes("batch: names passed on from file to file, under an Idempotency-Key", ([a, b]) => ({
    move: [
      { file_id: b, name: "d.txt" },
      { file_id: a, name: "b.txt" },
    ],
  })),
  changes("batch: a file tagged, and as before, under an Idempotency-Key", (ids) => ({
    tag: twice(ids).map((file_id) => ({ file_id, tags: ["final"] })),
  })),
  {
    name: "batch: two starts of a name, under an Idempotency-Key",
    async set(_, me) {
      const file = { filename: "a.txt", size: 5, if_exists: "fail" };
      const asked = { json: { files: [file, file] }, headers };
      return {
        act: (actor) => actor.request("/v1/uploads/batch", asked),
        next: { "asked again": () => me.request("/v1/uploads/batch", asked) },
      };
    },
  },
  {
    name: "batch: the ends of two uploads of a name, under an Idempotency-Key",
    async set(_, me) {
      const first = await me.by.upload("a.txt", "hello");
      const second = await me.by.upload("a.txt", "again");
      const upload_ids = [first.upload_id, second.upload_id];
      const asked = { json: { upload_ids, share: false }, headers };
      return {
        act: (actor) => actor.request("/v1/uploads/finalize", asked),
        next: {
          "asked again": () => me.request("/v1/uploads/finalize", asked),
          deleted: () => deleteAll(me),
        },
      };
    },
  },
];
