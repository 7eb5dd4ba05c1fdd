/** Uploads that come by a form, which somebody has posted. */
import * as z from "zod";
import { objectCreated } from "#core/finalize/object-created.ts";
import type { StartAnswer } from "#core/uploads/contract.ts";
import { postForm } from "#test/support/api-client.ts";
import { type Situation, waiting } from "../situation.ts";
import type { Actor } from "../stage.ts";
import { MINUTE, passTime } from "../time.ts";
import { deleteAll, PDF } from "./upload-helpers.ts";

const startForm = (me: Actor, json: Record<string, unknown> = {}) =>
  me.by.start({ filename: "a.txt", form: true, ...json });

/** Started and posted: S3 has told of it, and nobody has worked that off. */
async function posted(me: Actor, content = "hello", json: Record<string, unknown> = {}) {
  const session = await startForm(me, json);
  await postForm(session, content);
  return session;
}

/** S3's event comes to another environment as well. */
const toldTwice = (me: Actor, { workspace_id, upload_id }: StartAnswer) =>
  objectCreated(me.deps, `f/${workspace_id}/${upload_id}`);

const starts: Situation[] = [
  {
    name: "start: with a token for a visitor",
    async set(_, me) {
      const json = { filename: "a.txt", size: 5, upload_token: true };
      const headers = { "Idempotency-Key": "once" };
      let shown: unknown;
      return {
        act: async (actor) => {
          const answer = await actor.request("/v1/uploads", { json, headers });
          shown = z.looseObject({}).parse(await answer.clone().json())["upload_token"];
          return answer;
        },
        meanwhile: { "the name is taken": () => me.by.uploaded("a.txt", "other") },
        next: { "asked again": () => me.request("/v1/uploads", { json, headers }) },
        check: async ({ status, body }) => {
          if (status !== 201) return [];
          const { upload_id } = z.looseObject({ upload_id: z.string() }).parse(body);
          const authorization = `Bearer ${String(shown)}`;
          const seen = await me.anonymous(`/v1/uploads/${upload_id}`, { headers: { authorization } });
          return seen.status === 200 ? [] : [`its token is answered ${seen.status}`];
        },
      };
    },
  },
  {
    name: "form: started",
    async set(_, me) {
      const json = { filename: "a.txt", form: true, if_exists: "fail" };
      const headers = { "Idempotency-Key": "once" };
      return {
        act: (actor) => actor.request("/v1/uploads", { json, headers }),
        meanwhile: { "the name is taken": () => me.by.uploaded("a.txt", "other") },
        next: { "asked again": () => me.request("/v1/uploads", { json, headers }) },
      };
    },
  },
];

const taken: Situation[] = [
  {
    name: "form: given up, with what was posted",
    async set(_, me) {
      const session = await posted(me);
      return {
        act: (actor) => actor.by.drop(session.upload_id),
        meanwhile: { "S3's event is worked off": () => me.ingest() },
      };
    },
  },
  {
    name: "form: posted, and told of",
    async set(_, me) {
      const session = await posted(me);
      return {
        act: (actor) => actor.ingest(),
        meanwhile: {
          "it is told of twice": () => toldTwice(me, session),
          "the client aborts": () => me.by.drop(session.upload_id),
          "the client finalizes": () => me.by.finalize(session.upload_id, { share: false }),
        },
        next: {
          "it is told of again": () => toldTwice(me, session),
          deleted: () => deleteAll(me),
        },
      };
    },
  },
  {
    name: "form: posted once more while it is taken",
    async set(_, me) {
      const session = await posted(me, "hello");
      return {
        act: (actor) => actor.ingest(),
        amid: { before: "take-posted: UploadPartCopy", run: () => postForm(session, "world") },
        next: { "it is told of again": () => toldTwice(me, session) },
      };
    },
  },
  {
    name: "form: posted without a byte",
    async set(_, me) {
      await posted(me, "");
      return { act: (actor) => actor.ingest() };
    },
  },
  {
    name: "form: content that its name refuses",
    async set(_, me) {
      await posted(me, PDF.content, { filename: PDF.filename });
      return { act: (actor) => actor.ingest() };
    },
  },
  {
    name: "form: onto a file that is locked",
    async set(_, me) {
      const { file_id } = await me.by.uploaded("a.txt", "first");
      await me.ingest();
      const lock = `/v1/files/${file_id}/lock`;
      const { lock_token } = await me.json(lock, { json: { ttl_seconds: 3_600 } });
      const session = await posted(me, "second", { filename: undefined, file_id });
      const { upload_id } = session;
      const headers = { "Lock-Token": String(lock_token) };
      return {
        act: (actor) => actor.ingest(),
        meanwhile: { "it is told of twice": () => toldTwice(me, session) },
        next: { finalized: () => me.by.finalize(upload_id, { share: false }, headers) },
      };
    },
  },
  {
    name: "form: posted after its session was given up",
    async set(_, me) {
      const session = await startForm(me);
      await me.by.drop(session.upload_id);
      await postForm(session, "hello");
      return { act: (actor) => actor.ingest() };
    },
  },
  {
    name: "form: posted, and told of by nobody",
    async set(_, me) {
      await posted(me);
      passTime(76 * MINUTE);
      return {
        act: (actor) => actor.sweep("upload"),
        meanwhile: { "S3 tells of it after all": () => me.ingest() },
      };
    },
  },
  {
    name: "form: never posted",
    async set(_, me) {
      await startForm(me);
      passTime(76 * MINUTE);
      return { act: (actor) => actor.sweep("upload") };
    },
  },
];

export const forms: Situation[] = [...starts, ...waiting(taken)];
