import { type Situation, waiting } from "../situation.ts";
import { DAY, HOUR, MINUTE, passTime } from "../time.ts";

import { deleteAll, dieAt, finalizedTruly, PDF } from "./upload-helpers.ts";

const leftBehind: Situation[] = [
  {
    name: "ingest: a finalize that died before its commit",
    async set(stage, me) {
      const first = await me.by.uploaded("a.txt", "first");
      await me.ingest();
      const { upload_id } = await me.by.upload("a.txt", "second");
      await dieAt(stage, "commit-upload", upload_id);
      const file = `/v1/files/${first.file_id}`;
      return {
        act: (actor) => actor.ingest(),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, { share: false }),
          "the client aborts": () => me.by.drop(upload_id),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "the file is deleted": () => me.request(file, { method: "DELETE" }),
        },
        next: { deleted: () => me.request(file, { method: "DELETE" }) },
      };
    },
  },
  {
    name: "ingest: a finalize that died, of a file that has another name at each try",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded("a.txt", "first");
      await me.ingest();
      const { upload_id } = await me.by.upload("a.txt", "second");
      await dieAt(stage, "commit-upload", upload_id);
      let moves = 0;
      return {
        act: (actor) => actor.ingest(),
        amid: {
          before: "commit-upload: transact",
          each: true,
          run: () => me.json(`/v1/files/${file_id}`, { method: "PATCH", json: { name: `${++moves}.txt` } }),
        },
        end: async () =>
          (await stage.objects()).some(({ size }) => size === "second".length)
            ? []
            : ["what was sent is lost"],
      };
    },
  },
  {
    name: "ingest: an aborted session's object",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "complete-upload", upload_id);
      await me.by.drop(upload_id);
      return { act: (actor) => actor.ingest() };
    },
  },
  {
    name: "sweep: a finalize that died before S3 was asked",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "assemble-upload", upload_id);
      passTime(6 * MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, { share: false }),
          "the client aborts": () => me.by.drop(upload_id),
        },
        next: { finalized: () => me.by.finalize(upload_id, { share: false }) },
      };
    },
  },
  {
    name: "sweep: a finalize that died before its commit",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "commit-upload", upload_id);
      passTime(6 * MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, { share: false }),
          "the client aborts": () => me.by.drop(upload_id),
          "S3's event is worked off": () => me.ingest(),
        },
        next: { deleted: () => deleteAll(me) },
      };
    },
  },
  {
    name: "sweep: a finalize that can't succeed",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await dieAt(stage, "assemble-upload", upload_id);
      passTime(20 * MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        meanwhile: { "the client asks again": () => me.by.finalize(upload_id, { share: false }) },
        next: { finalized: () => me.by.finalize(upload_id, { share: false }) },
        end: async () => ((await stage.objects()).length > 0 ? [] : ["what was sent is lost"]),
      };
    },
  },
  {
    name: "sweep: an empty finalize that died, and parts since",
    async set(stage, me) {
      const { upload_id, parts } = await me.by.start({ filename: "a.txt" });
      await dieAt(stage, "commit-upload", upload_id);
      await fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" });
      passTime(6 * MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        next: { finalized: () => me.by.finalize(upload_id, { share: false }) },
        end: async () => ((await stage.objects()).some(({ size }) => size === 5) ? [] : ["its part is lost"]),
      };
    },
  },
  {
    name: "sweep: a session that has expired",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello", { if_exists: "fail" });
      passTime(6 * DAY + MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        meanwhile: {
          "the client finalizes": () => me.by.finalize(upload_id),
          "the client aborts": () => me.by.drop(upload_id),
        },
      };
    },
  },
  {
    name: "sweep: what an aborted session has left",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      const dying = await stage.actor({
        between: (made, send) =>
          made.label.startsWith("clean-upload") ? Promise.reject(new Error("died")) : send(),
      });
      await dying.by.drop(upload_id).catch(() => {});
      passTime(HOUR);
      return { act: (actor) => actor.sweep("upload") };
    },
  },
];

function form(name: string, content: string): FormData {
  const data = new FormData();
  data.set("file", new File([content], name));
  return data;
}

const whole: Situation[] = [
  {
    name: "upload in one request: a new file",
    async set(stage, me) {
      return {
        act: (actor) => actor.request("/v1/files/upload", { body: form("a.txt", "hello") }),
        meanwhile: {
          "the name is taken": () => me.by.uploaded("a.txt", "other"),
          "six minutes pass": () => stage.pass(6 * MINUTE),
        },
        next: { deleted: () => deleteAll(me) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "upload in one request: onto a file",
    async set(_, me) {
      await me.by.uploaded("a.txt", "first");
      const headers = { "Idempotency-Key": "once" };
      return {
        act: (actor) => actor.request("/v1/files/upload", { body: form("a.txt", "hello"), headers }),
        meanwhile: {
          "another version comes": () => me.by.uploaded("a.txt", "third"),
        },
        next: {
          "asked again": () => me.request("/v1/files/upload", { body: form("a.txt", "hello"), headers }),
        },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "upload in one request: content that its name refuses",
    async set() {
      return { act: (actor) => actor.request("/v1/files/upload", { body: form(PDF.filename, PDF.content) }) };
    },
  },
];

export const otherUploads: Situation[] = [...waiting(leftBehind), ...whole];
