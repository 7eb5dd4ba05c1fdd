/** Many in one request. Those of one name come in turn, so that their calls have an order. */
import type { Situation } from "../situation.ts";
import { deleteAll } from "./upload-helpers.ts";

const headers = { "Idempotency-Key": "once" };

export const batches: Situation[] = [
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
