/** Uploads that come by what is seldom met: an earlier call that died, or has been answered. */
import type { FaultCall } from "@wharf/local-cloud";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { MIB, put } from "#test/support/uploads.ts";
import type { Situation } from "../situation.ts";
import type { Actor } from "../stage.ts";
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
    name: "finalize: begun long after one that died, and dies, as a sweep looks that has found that",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "assemble-upload: Complete", upload_id);
      passTime(16 * MINUTE);
      return {
        // Its client hears nothing, and doesn't ask again.
        act: async (actor) => void (await actor.by.finalize(upload_id, { share: false })),
        amid: [
          { before: "assemble-upload: ListParts", run: () => finishUpload(me.deps, upload_id) },
          { before: "commit-upload: transact", run: () => Promise.reject(new Error("died")) },
        ],
        end: async () => ((await stage.objects()).length > 0 ? [] : ["what was sent is lost"]),
      };
    },
  },
  {
    name: "abort: as S3 begins to put its parts together",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      const gate = Promise.withResolvers<void>();
      let finalizing: Promise<Response> | undefined;
      return {
        act: (actor) => actor.by.drop(upload_id),
        amid: {
          before: "abort-upload: update UPL",
          async run() {
            const isLong = ({ action }: FaultCall) => action === "CompleteMultipartUpload";
            stage.world.setFault((call) => (isLong(call) ? { slow: gate.promise } : undefined));
            finalizing = Promise.resolve(me.by.finalize(upload_id, { share: false }));
            // S3 lists no upload that it is at work on.
            while ((await stage.multiparts()).length > 0);
            stage.world.setFault();
          },
        },
        next: {
          // Nor does its event get through: the sweep alone comes by.
          "S3 has the object": async () => {
            gate.resolve();
            await finalizing;
            stage.loseObjects();
          },
        },
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
    name: "read: sessions that are open, of which one is given up",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      const given = await me.by.start({ filename: "b.txt", size: 5 });
      return {
        // Which of them is there depends on how old the index is.
        act: async (actor) => (await actor.request("/v1/uploads?state=open")).status,
        meanwhile: { "one is given up": () => me.by.drop(given.upload_id) },
        next: { "the other is finalized": () => me.by.finish(upload_id, { share: false }) },
      };
    },
  },
  {
    name: "read: a session, and where its next chunk goes",
    async set(_, me) {
      const size = 10 * MIB + "end".length;
      const { upload_id, parts } = await me.by.start({ filename: "a.txt", size, part_size: 5 * MIB });
      for (const [at, content] of [new Uint8Array(5 * MIB), undefined, "end"].entries())
        if (content !== undefined) await put(parts[at]?.url, content);
      const path = `/v1/uploads/${upload_id}`;
      const inFront = new Map<number, string>();
      const ask = async (actor: Actor, offset: number) => {
        const answer = await actor.request(`${path}/chunks?offset=${offset}`, { method: "PUT" });
        inFront.set(offset, answer.headers.get("location") ?? "");
        return answer.status;
      };
      return {
        act: async (actor) => [
          await actor.by.status(upload_id),
          (await actor.request(`${path}/chunks?part=1`, { method: "PUT" })).status,
          await ask(actor, 0),
          await ask(actor, 5 * MIB),
        ],
        // A shorter one would leave a hole before what has come behind it.
        async check() {
          const found: string[] = [];
          for (const [offset, url] of inFront) {
            const short = await put(url, "short");
            if (short.status !== 403) found.push(`one at ${offset} may be shorter: ${short.status}`);
            const whole = await put(url, new Uint8Array(5 * MIB));
            if (whole.status !== 200) found.push(`one at ${offset} is refused: ${whole.status}`);
          }
          return found;
        },
      };
    },
  },
];
