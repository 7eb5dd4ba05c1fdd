/** Uploads that come by what is seldom met: an earlier call that died, or has been answered. */
import type { Situation } from "../situation.ts";
import { MINUTE, passTime, SECOND } from "../time.ts";
import { deleteAll, dieAt, finalizedTruly } from "./upload-helpers.ts";

export const rareUploads: Situation[] = [
  {
    name: "finalize: asked again two minutes after one that died",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "assemble-upload: Complete", upload_id);
      passTime(2 * MINUTE);
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, { share: false }),
          "the client aborts": () => me.by.drop(upload_id),
        },
        next: { deleted: () => deleteAll(me) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: under an Idempotency-Key, of what ingest has finished",
    async set(stage, me) {
      const headers = { "Idempotency-Key": "once" };
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "commit-upload", upload_id, headers);
      passTime(10 * SECOND);
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }, headers),
        next: { "asked again": () => me.by.finalize(upload_id, { share: false }, headers) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "start: asked again under its Idempotency-Key",
    async set(_, me) {
      const asked = {
        json: { filename: "a.txt", size: 5 },
        headers: { "Idempotency-Key": "once" },
      };
      await me.request("/v1/uploads", asked);
      return { act: (actor) => actor.request("/v1/uploads", asked) };
    },
  },
  {
    name: "read: a session, and where its next chunk goes",
    async set(_, me) {
      const { upload_id } = await me.by.start({ filename: "a.txt" });
      const path = `/v1/uploads/${upload_id}`;
      return {
        act: async (actor) => [
          await actor.by.status(upload_id),
          (await actor.request(`${path}/chunks?part=1`, { method: "PUT" })).status,
        ],
      };
    },
  },
];
