import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { type StartAnswer, startAnswer } from "#core/uploads/contract.ts";
import { put } from "#test/support/uploads.ts";
import { type Client, type Given, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A claim of an Idempotency-Key whose function died is free again after this. */
const CLAIM_MS = 6_000;

type Mode = "before" | "after";

let world: World;
let client: Client;
const counts: Record<string, number> = {};

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
});
afterAll(async () => {
  console.log(
    "crash points of uploads:",
    counts,
    Object.values(counts).reduce((sum, count) => sum + count),
  );
  await world.close();
});

/** Makes the `nth` AWS call of the functions go wrong, once. */
async function failCall(nth: number, mode: Mode) {
  // A token that has run out is not asked for anew in the middle of the story.
  await client.request("/v1/uploads/none");
  let count = 0;
  let hit: string | undefined;
  world.setFault(({ caller, service, action }) => {
    // What holders of presigned URLs send is not a function's call.
    if (caller.startsWith("presigned") || count++ !== nth) return undefined;
    hit = `${service}:${action}`;
    return mode;
  });
  return {
    /** Ends it, and says what was hit, if there were that many calls. */
    end() {
      world.setFault();
      return { hit, more: count > nth };
    },
  };
}

type Ended = ReturnType<Awaited<ReturnType<typeof failCall>>["end"]>;

/** Tells `story` with each of its AWS calls going wrong in turn, and counts them as crash points of `what`. */
async function everyCall(what: string, mode: Mode, story: (name: string, nth: number) => Promise<Ended>) {
  const names: string[] = [];
  const hits: string[] = [];
  for (let nth = 0, more = true; more; nth++) {
    expect(nth).toBeLessThan(40);
    const name = `${what}-${mode}-${nth}.pdf`.replaceAll(" ", "-");
    const ended = await story(name, nth);
    names.push(name);
    if (ended.hit !== undefined) hits.push(ended.hit);
    more = ended.more;
  }
  counts[`${what}, ${mode}`] = hits.length;
  return { names, hits };
}

/** Sends a request as a client does that got no usable answer: again, waiting where it is told to. */
async function persist(path: string, given: Given, wanted = 200): Promise<Response> {
  for (let attempt = 0; attempt < 6; attempt++) {
    const answer = await client.request(path, given);
    if (answer.ok || answer.status === wanted) return answer;
    if (answer.status === 409) world.advance(CLAIM_MS);
    else if (answer.status < 500) throw new Error(`refused: ${await answer.text()}`);
  }
  throw new Error(`${path} never succeeded`);
}

const start = async (filename: string) => {
  const given = { json: { filename, size: 5 }, headers: { "idempotency-key": filename } };
  return startAnswer.parse(await (await persist("/v1/uploads", given)).json());
};
const send = async (filename: string, content = "%PDF-") => {
  const session = await start(filename);
  await put(session.parts[0]?.url, content);
  return session;
};
const finalizePath = ({ upload_id }: StartAnswer) => `/v1/uploads/${upload_id}/finalize`;
const finalize = async (session: StartAnswer, headers: Record<string, string> = {}) =>
  finalizeAnswer.parse(await (await persist(finalizePath(session), { json: {}, headers })).json());
const isWhole = async ({ workspace_id, upload_id }: StartAnswer) =>
  (await world.deps.objects.head(`o/${workspace_id}/${upload_id}`)) !== undefined;

/** What there is under each name. */
async function countOf(names: readonly string[]) {
  const items = await world.dump();
  const events = await world.events();
  return names.map((name) => {
    const ids = items
      .filter((item) => item["kind"] === "file" && item["name"] === name)
      .map((item) => item["node_id"]);
    const of = (prefix: string, key: "pk" | "sk") =>
      items.filter((item) => ids.includes(item["file_id"]) && String(item[key]).startsWith(prefix)).length;
    const told = (type: string) =>
      events.filter((event) => event.type === type && event.data["name"] === name).length;
    return {
      files: ids.length,
      versions: of("VER#", "sk"),
      links: of("LINK#", "pk"),
      completed: told("upload_completed"),
      rejected: told("upload_rejected"),
    };
  });
}
const NOTHING = { files: 0, versions: 0, links: 0, completed: 0, rejected: 0 };
const ONCE = { ...NOTHING, files: 1, versions: 1, links: 1, completed: 1 };

async function sweep(ms: number): Promise<void> {
  world.advance(ms);
  await sweepUploads(world.deps);
  await sweepUploads(world.deps);
}

/** Sessions that are not over, S3's uploads that are still open, and objects that no version speaks of. */
async function left() {
  const { Uploads = [] } = await world.s3.send(new ListMultipartUploadsCommand({ Bucket: "files" }));
  const { Contents = [] } = await world.s3.send(new ListObjectsV2Command({ Bucket: "files" }));
  const items = await world.dump();
  const ready = new Set(items.filter((item) => item["state"] === "ready").map((item) => item["object_key"]));
  return {
    sessions: items.filter((item) => String(item["due_pk"]).startsWith("upload#")).length,
    uploads: Uploads.length,
    objects: Contents.filter(({ Key }) => !ready.has(Key)).length,
  };
}

describe.each(["before", "after"] as const)("an AWS call goes wrong (%s it takes effect)", (mode) => {
  test("in start, and the client tries again: one session, one file", async () => {
    const { names, hits } = await everyCall("start", mode, async (name, nth) => {
      const fault = await failCall(nth, mode);
      const session = await start(name);
      const ended = fault.end();
      await put(session.parts[0]?.url, "%PDF-");
      expect((await finalize(session)).file_id).toBe(session.file_id);
      return ended;
    });
    expect(hits).toContain("dynamodb:TransactWriteItems");
    expect(await countOf(names)).toEqual(names.map(() => ONCE));
    await sweep(7 * DAY);
    // An upload of S3 whose session was never written is left to the bucket's lifecycle.
    expect(await left()).toMatchObject({ sessions: 0, objects: 0 });
  });

  test("in start without a key, where the hint of its path lies: one file, whatever sessions", async () => {
    const moved = await world.addFile(client, `elsewhere ${mode}.pdf`);
    const { names, hits } = await everyCall("start without a key", mode, async (name, nth) => {
      const path = `deep/${name}`;
      const hint = keys.fileHint(client.workspace_id, path);
      await world.deps.table.put({ blind: "seeded", put: { ...hint, file_id: moved } });
      const fault = await failCall(nth, mode);
      const given = { json: { filename: path, size: 5 } };
      const session = startAnswer.parse(await (await persist("/v1/uploads", given)).json());
      const ended = fault.end();
      await put(session.parts[0]?.url, "%PDF-");
      expect((await finalize(session)).file_id).toBe(session.file_id);
      return ended;
    });
    expect(hits).toEqual(expect.arrayContaining(["dynamodb:PutItem", "dynamodb:UpdateItem"]));
    expect(await countOf(names)).toEqual(names.map(() => ONCE));
    await sweep(7 * DAY);
    expect(await left()).toMatchObject({ sessions: 0, objects: 0 });
  });

  test.each([
    ["finalize", false],
    ["finalize with a key", true],
  ])("in %s, and the client tries again: one file, one event, one link", async (what, withKey) => {
    const { uploads } = await left();
    const { names, hits } = await everyCall(what, mode, async (name, nth) => {
      const session = await send(name);
      const fault = await failCall(nth, mode);
      const answer = await finalize(session, withKey ? { "idempotency-key": `finalize ${name}` } : {});
      const ended = fault.end();
      expect(await finalize(session)).toEqual(answer);
      return ended;
    });
    expect(hits).toContain("dynamodb:TransactWriteItems");
    expect(await countOf(names)).toEqual(names.map(() => ONCE));
    await sweep(7 * DAY);
    expect(await left()).toEqual({ sessions: 0, uploads, objects: 0 });
  });

  test("in finalize, and the client is gone: what S3 has made becomes a file, the rest goes", async () => {
    const { uploads } = await left();
    const expected: (typeof ONCE)[] = [];
    const { names } = await everyCall("finalize without client", mode, async (name, nth) => {
      const session = await send(name);
      const fault = await failCall(nth, mode);
      await client.request(finalizePath(session), { json: {} });
      const ended = fault.end();
      const whole = await isWhole(session);
      // Half of them are found by ingest, at once; the others by the sweep.
      if (whole && nth % 2 === 0) await finishUpload(world.deps, session.upload_id);
      expected.push(whole ? ONCE : NOTHING);
      return ended;
    });
    await sweep(6 * MINUTE);
    expect(await countOf(names)).toEqual(expected);
    await sweep(7 * DAY);
    expect(await countOf(names)).toEqual(expected);
    expect(await left()).toEqual({ sessions: 0, uploads, objects: 0 });
  });

  test("in ingest, after a finalize that died: a later try finishes it, once", async () => {
    const { names, hits } = await everyCall("ingest", mode, async (name, nth) => {
      const session = await send(name);
      world.setFault(({ action }) => (action === "CompleteMultipartUpload" ? "after" : undefined));
      expect((await client.request(finalizePath(session), { json: {} })).status).toBe(503);
      const fault = await failCall(nth, mode);
      const tried = await finishUpload(world.deps, session.upload_id).catch(() => "failed");
      const ended = fault.end();
      // SQS gives it again, and also when it needn't.
      expect(["completed", "failed"]).toContain(tried);
      await finishUpload(world.deps, session.upload_id);
      return ended;
    });
    expect(hits).toContain("dynamodb:TransactWriteItems");
    expect(await countOf(names)).toEqual(names.map(() => ONCE));
    await sweep(7 * DAY);
    expect(await left()).toMatchObject({ sessions: 0, objects: 0 });
  });

  test("in a rejection: it is told once, and the bytes go", async () => {
    const { names } = await everyCall("rejection", mode, async (name, nth) => {
      const session = await send(name, "#!/sh");
      const fault = await failCall(nth, mode);
      await persist(finalizePath(session), { json: {} }, 422);
      return fault.end();
    });
    expect(await countOf(names)).toEqual(names.map(() => ({ ...NOTHING, rejected: 1 })));
    await sweep(MINUTE);
    expect(await left()).toMatchObject({ sessions: 0, objects: 0 });
  });

  test("in an abort: the sweep leaves nothing", async () => {
    const { uploads } = await left();
    const { names } = await everyCall("abort", mode, async (name, nth) => {
      const session = await send(name);
      const fault = await failCall(nth, mode);
      await client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" });
      return fault.end();
    });
    await sweep(7 * DAY);
    expect(await countOf(names)).toEqual(names.map(() => NOTHING));
    expect(await left()).toEqual({ sessions: 0, uploads, objects: 0 });
  });

  test("in the sweep: the next one ends what it left", async () => {
    const { uploads } = await left();
    await everyCall("sweep", mode, async (name, nth) => {
      await send(name);
      world.advance(7 * DAY);
      const fault = await failCall(nth, mode);
      await sweepUploads(world.deps).catch(() => {});
      return fault.end();
    });
    await sweep(0);
    expect(await left()).toEqual({ sessions: 0, uploads, objects: 0 });
  });

  test("in an upload in one request: one file for one key", async () => {
    const { names } = await everyCall("one request", mode, async (name, nth) => {
      const body = new FormData();
      body.set("file", new Blob(["%PDF-"]), name);
      const fault = await failCall(nth, mode);
      await persist("/v1/files/upload", {
        method: "POST",
        body,
        headers: { "idempotency-key": `direct ${name}` },
      });
      return fault.end();
    });
    expect(await countOf(names)).toEqual(names.map(() => ONCE));
    await sweep(DAY);
    expect(await left()).toMatchObject({ sessions: 0, objects: 0 });
  });
});
