import type { Situation } from "../situation.ts";
import type { Stage } from "../stage.ts";
import { MINUTE, passTime } from "../time.ts";
import { goesTo, otherWorkspace } from "./other-workspace.ts";

import { besides, deleteAll, finalizedTruly, overtakenByLock, PDF } from "./upload-helpers.ts";

/** Whether a refusal is told of in a folder. */
async function isToldIn(stage: Stage, folder: string): Promise<string[]> {
  const told = (await stage.world.dump()).filter(({ type, body }) => type === "upload_rejected" && body);
  return told.some(({ body }) => String(body).includes(folder)) ? [] : [`${folder} hears of no refusal`];
}

const finalizes: Situation[] = [
  {
    name: "finalize: a new file",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("in/a.txt", "hello");
      return {
        act: (actor) => actor.by.finalize(upload_id),
        meanwhile: {
          ...besides(stage, me, upload_id),
          "the name is taken": () => me.by.uploaded("in/a.txt", "other"),
        },
        next: { deleted: () => deleteAll(me) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: onto a file",
    async set(stage, me) {
      const first = await me.by.uploaded("a.txt", "first");
      const { folder_id: folder } = await me.by.uploaded("in/other.txt", "other");
      const { upload_id } = await me.by.upload("a.txt", "second");
      const file = `/v1/files/${first.file_id}`;
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: {
          ...besides(stage, me, upload_id),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "the file is moved": () => me.request(file, { method: "PATCH", json: { folder } }),
          "the file is deleted": () => me.request(file, { method: "DELETE" }),
          "the file is locked": () => me.request(`${file}/lock`, { json: { ttl_seconds: 60 } }),
        },
        next: {
          restored: () => me.request(`${file}/versions/${first.version_id}/restore`, { method: "POST" }),
          deleted: () => me.request(file, { method: "DELETE" }),
        },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: onto a file that goes to another workspace",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "first");
      const workspace = await otherWorkspace(me);
      const { upload_id } = await me.by.upload("a.txt", "second", { file_id, filename: undefined });
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: { "it goes": () => goesTo(me, file_id, workspace) },
        next: { "it is finalized again": () => me.by.finalize(upload_id, { share: false }) },
      };
    },
  },
  {
    name: "finalize: with a lock",
    async set(stage, me) {
      const first = await me.by.uploaded("a.txt", "first");
      const rival = await stage.rival();
      const { upload_id } = await me.by.upload("a.txt", "second");
      const lock = `/v1/files/${first.file_id}/lock`;
      const { lock_token } = await me.json(lock, { json: { ttl_seconds: 60 } });
      const headers = { "Lock-Token": String(lock_token) };
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }, headers),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, { share: false }, headers),
          "it is released": () => me.request(lock, { method: "DELETE", headers }),
          "it is broken": () => rival.request(`${lock}/break`, { json: { reason: "mine" } }),
          "it is taken over": async () => {
            passTime(70_000);
            return rival.request(lock, { json: { ttl_seconds: 60 } });
          },
        },
        next: { released: () => me.request(lock, { method: "DELETE", headers }) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: refused, since another holds the lock",
    async set(stage, me) {
      const first = await me.by.uploaded("a.txt", "first");
      const rival = await stage.rival();
      const { upload_id } = await me.by.upload("a.txt", "second");
      const lock = `/v1/files/${first.file_id}/lock`;
      const { lock_token } = await rival.json(lock, { json: { ttl_seconds: 60 } });
      const release = () =>
        rival.request(lock, { method: "DELETE", headers: { "Lock-Token": String(lock_token) } });
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: { "it is released": release },
        next: { released: release },
      };
    },
  },
  {
    name: "finalize: refused once more, with its parts put together",
    async set(stage, me) {
      const { file_id: fileId } = await me.by.uploaded("a.txt", "first");
      const rival = await stage.rival();
      const { upload_id } = await me.by.upload("a.txt", "second");
      const unlock = await overtakenByLock(stage, rival, { fileId, uploadId: upload_id });
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        next: { released: unlock },
      };
    },
  },
  {
    name: "finalize: after one that was refused",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await me.by.finalize(upload_id, { parts: [{ part_number: 2, etag: "none" }] });
      return {
        act: (actor) => actor.by.finalize(upload_id),
        check: async ({ code }) => (code === "finalizing" ? ["nobody else finalizes it"] : []),
      };
    },
  },
  {
    name: "finalize: parts that S3 has lost",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      for (const { key, id } of await stage.multiparts()) await me.deps.objects.abort(key, id);
      return { act: (actor) => actor.by.finalize(upload_id) };
    },
  },
  {
    name: "finalize: with another name where it is taken",
    async set(stage, me) {
      await me.by.uploaded("a.txt", "first");
      const { upload_id } = await me.by.upload("a.txt", "second", { if_exists: "rename" });
      return {
        act: (actor) => actor.by.finalize(upload_id),
        meanwhile: {
          ...besides(stage, me, upload_id),
          "that name is taken too": () => me.by.uploaded("a (1).txt", "other"),
        },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: a name that is to be free",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello", { if_exists: "fail" });
      passTime(40 * MINUTE);
      return {
        act: (actor) => actor.by.finalize(upload_id),
        meanwhile: {
          ...besides(stage, me, upload_id),
          "the name is taken": () => me.by.uploaded("a.txt", "other"),
        },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: content that its name refuses",
    async set(stage, me) {
      const { upload_id } = await me.by.upload(`in/${PDF.filename}`, PDF.content, { metadata: { of: "ci" } });
      return {
        act: (actor) => actor.by.finalize(upload_id),
        meanwhile: besides(stage, me, upload_id),
      };
    },
  },
  {
    name: "finalize: content that an existing name refuses",
    async set(_, me) {
      await me.by.uploaded(PDF.filename, "%PDF-1.7\n");
      const { upload_id } = await me.by.upload(PDF.filename, PDF.content);
      return { act: (actor) => actor.by.finalize(upload_id) };
    },
  },
  {
    name: "finalize: content that its name refuses, of a file that was moved",
    async set(stage, me) {
      const { file_id } = await me.by.uploaded(PDF.filename, "%PDF-1.7\n");
      const { folder_id: folder } = await me.by.uploaded("in/other.txt", "other");
      const { upload_id } = await me.by.start({ file_id, size: PDF.content.length }).then(async (session) => {
        await fetch(session.parts[0]?.url ?? "", { method: "PUT", body: PDF.content });
        return session;
      });
      await me.request(`/v1/files/${file_id}`, { method: "PATCH", json: { folder } });
      return { act: (actor) => actor.by.finalize(upload_id), end: () => isToldIn(stage, String(folder)) };
    },
  },
  {
    name: "finalize: a checksum that isn't right",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      return { act: (actor) => actor.by.finalize(upload_id, { checksum: { crc32: "00000000" } }) };
    },
  },
  {
    name: "finalize: a link with a password",
    async set(stage, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      const terms = { share: true, password: "right horse", max_downloads: 2 };
      return {
        act: (actor) => actor.by.finalize(upload_id, terms),
        meanwhile: {
          "the client asks again": () => me.by.finalize(upload_id, terms),
          "S3's event is worked off": () => me.ingest(),
        },
        check: (outcome) => finalizedTruly(me, outcome),
        end: async () => (stage.waiting().length > 0 ? ["messages wait"] : []),
      };
    },
  },
  {
    name: "finalize: under an Idempotency-Key",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      const headers = { "Idempotency-Key": "once" };
      return {
        act: (actor) => actor.by.finalize(upload_id, {}, headers),
        next: { "asked again": () => me.by.finalize(upload_id, {}, headers) },
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "finalize: once more",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello");
      await me.by.finalize(upload_id);
      return {
        act: (actor) => actor.by.finalize(upload_id),
        check: (outcome) => finalizedTruly(me, outcome),
      };
    },
  },
  {
    name: "abort: an open session",
    async set(_, me) {
      const { upload_id } = await me.by.upload("a.txt", "hello", { if_exists: "fail" });
      return {
        act: (actor) => actor.by.drop(upload_id),
        meanwhile: { "the client finalizes": () => me.by.finalize(upload_id) },
        next: { "another starts": () => me.by.uploaded("a.txt", "other") },
      };
    },
  },
];

export const finalizedUploads: Situation[] = finalizes;
