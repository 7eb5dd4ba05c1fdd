import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type BrokenEnd, type BrokenForm, type Fault, type LateLayout, s3Fault } from "@wharf/local-cloud";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { MIB, put, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;

let world: World;
let client: Client;
let by: Uploader;

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
  by = uploader(client);
});
afterEach(() => world.setFault());
afterAll(() => world.close());

/** CompleteMultipartUpload goes wrong in this way, `times` times. */
function failComplete(fault: Fault, times = Number.POSITIVE_INFINITY) {
  let count = 0;
  world.setFault(({ action }) =>
    action === "CompleteMultipartUpload" && count++ < times ? fault : undefined,
  );
  return () => count;
}

const whatIsToldOf = (id: string) => read(problem, by.finalize(id));
const isFinalizing = { status: 503, code: "finalizing", retry_after_seconds: 5 };
async function objects(): Promise<string[]> {
  const { Contents = [] } = await world.s3.send(new ListObjectsV2Command({ Bucket: "files" }));
  return Contents.map(({ Key = "" }) => Key);
}

describe("S3's 200 is no success until it has said so to the end", () => {
  const forms: BrokenForm[] = ["empty", "preamble", "half", "unclosed"];
  const ends: BrokenEnd[] = ["cut", "clean"];
  const cases = forms.flatMap((form) =>
    ends.flatMap((end) => [true, false].map((happened) => ({ form, end, happened }))),
  );

  test.each(cases)("where it ends $form and $end, whether it happened ($happened) or not", async (given) => {
    const session = await by.upload(`broken-${given.form}-${given.end}-${given.happened}.txt`);
    const asked = failComplete({ broken: given.form, happened: given.happened, end: given.end }, 1);
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
    // The SDK asks again, and what S3 then says holds for both.
    expect(asked()).toBe(2);
    expect((await by.download(session.file_id)).toString()).toBe("hello");
  });

  const layouts: LateLayout[] = ["none", "before", "between", "both"];
  test.each(layouts)("where an error comes late, with white space %s its document", async (layout) => {
    const session = await by.upload(`late-${layout}.txt`);
    const asked = failComplete({ lateError: s3Fault("InternalError").error, layout }, 1);
    expect(await by.finish(session.upload_id)).toMatchObject({ size: 5 });
    expect(asked()).toBe(2);
    expect((await by.download(session.file_id)).toString()).toBe("hello");
  });

  test("where it never says so: the client is told to ask again, and nothing is lost", async () => {
    const session = await by.upload("never.txt");
    failComplete({ broken: "empty", happened: false });
    expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "finalizing", bytes_received: 5 });
    world.setFault();
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
  });

  test("where it failed although it said so: nobody takes the object's word for it", async () => {
    const session = await by.upload("not-seen.txt");
    world.setFault(({ action }) => (action === "HeadObject" ? s3Fault("NoSuchKey") : undefined));
    expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
    world.setFault();
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
  });
});

/** A finalize that S3 keeps waiting until `release`; the upload is gone meanwhile. */
async function startSlow(name: string, json: Record<string, unknown> = {}) {
  const session = await by.upload(name, "hello", json);
  const gate = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  world.setFault(({ action }) => {
    if (action !== "CompleteMultipartUpload") return undefined;
    began.resolve();
    return { slow: gate.promise };
  });
  const first = by.finalize(session.upload_id);
  await began.promise;
  // Once S3 has taken the call, the parts are gone and the object isn't there.
  await expect
    .poll(() => world.deps.objects.listParts(`o/${session.workspace_id}/${session.upload_id}`, "x"))
    .toBe(undefined);
  return { ...session, first, release: () => gate.resolve() };
}

describe("while S3 puts the parts together", () => {
  test("no part can be sent, nor its URL be had", async () => {
    const slow = await startSlow("no-parts.txt");
    for (const request of [
      by.sign(slow.upload_id, { first: 1, count: 1 }),
      client.request(`/v1/uploads/${slow.upload_id}/chunks?part=1`, { method: "PUT" }),
    ])
      expect(await read(problem, request)).toMatchObject(isFinalizing);
    slow.release();
    expect((await slow.first).status).toBe(200);
  });

  test("a repeat is told so, and gets the same answer in the end", async () => {
    const slow = await startSlow("slow.txt");
    expect(await whatIsToldOf(slow.upload_id)).toMatchObject(isFinalizing);
    expect(await by.status(slow.upload_id)).toMatchObject({
      state: "finalizing",
      received: [[1, 1]],
      bytes_received: 5,
    });
    slow.release();
    const answer = await (await slow.first).json();
    expect(answer).toMatchObject({ file_id: slow.file_id, size: 5 });
    expect(await by.finish(slow.upload_id)).toEqual(answer);
  });

  test("neither a wrong repeat nor the sweep gives it up", async () => {
    const slow = await startSlow("wrong-repeat.txt");
    const wrong = await by.finalize(slow.upload_id, { parts: [{ part_number: 1, etag: "none" }] });
    expect((await read(problem, wrong)).code).toBe("finalizing");
    world.advance(6 * MINUTE);
    await sweepUploads(world.deps);
    expect(await by.status(slow.upload_id)).toMatchObject({ state: "finalizing" });
    expect(await whatIsToldOf(slow.upload_id)).toMatchObject(isFinalizing);
    slow.release();
    expect((await slow.first).status).toBe(200);
  });

  test("a refusal of a repeat doesn't make a later one think that S3 isn't at it", async () => {
    const slow = await startSlow("named.txt", { if_exists: "fail" });
    const other = await world.addFile(client, "named.txt", "other");
    expect(await whatIsToldOf(slow.upload_id)).toMatchObject({ status: 409, code: "name_taken" });
    expect((await client.request(`/v1/files/${other}`, { method: "DELETE" })).status).toBe(204);
    expect(await whatIsToldOf(slow.upload_id)).toMatchObject(isFinalizing);
    slow.release();
    expect((await slow.first).status).toBe(200);
    expect((await by.download(slow.file_id)).toString()).toBe("hello");
  });

  test("an abort leaves nothing, although S3 makes the object afterwards", async () => {
    const slow = await startSlow("aborted.txt");
    expect((await by.drop(slow.upload_id)).status).toBe(204);
    slow.release();
    expect(await read(problem, slow.first)).toMatchObject({ status: 409, code: "upload_closed" });
    expect((await objects()).filter((key) => key.endsWith(slow.upload_id))).toHaveLength(1);
    world.advance(16 * MINUTE);
    await sweepUploads(world.deps);
    expect((await objects()).filter((key) => key.endsWith(slow.upload_id))).toEqual([]);
    const left = (await world.dump()).filter(
      (item) => item["upload_id"] === slow.upload_id && item["due_pk"],
    );
    expect(left).toEqual([]);
  });
});

describe("beside another finalize", () => {
  /** Each of these names holds the next call of its name; all other calls go on. */
  function hold(...names: string[]) {
    const holds = names.map((name) => ({ name, held: false, ...gates() }));
    world.setFault(async ({ action }) => {
      const next = holds.find(({ name, held }) => name === action && !held);
      if (next === undefined) return undefined;
      next.held = true;
      next.reached.resolve();
      await next.gate.promise;
      return undefined;
    });
    return holds.map(({ reached, gate }) => ({ reached: reached.promise, release: () => gate.resolve() }));
  }
  const gates = () => ({ reached: Promise.withResolvers<void>(), gate: Promise.withResolvers<void>() });

  /** An upload of unknown size to which nothing has been sent, and what sends its only part. */
  async function unsent(filename: string) {
    const session = await by.start({ filename });
    return { ...session, send: () => put(session.parts[0]?.url, "hello") };
  }

  test.each(["PutObject", "TransactWriteItems"])(
    "one that has found no part makes no empty file of those that come (held at %s)",
    async (name) => {
      const { upload_id, file_id, send } = await unsent(`early-${name}.txt`);
      const [held] = hold(name);
      const early = by.finish(upload_id);
      await held?.reached;
      await send();
      const answer = await by.finish(upload_id);
      expect(answer).toMatchObject({ file_id, size: 5 });
      held?.release();
      expect(await early).toEqual(answer);
      expect((await by.download(file_id)).toString()).toBe("hello");
    },
  );

  test("nor where it would be first, once the other has begun", async () => {
    const { upload_id, file_id, send } = await unsent("begun.txt");
    const [commit, complete] = hold("TransactWriteItems", "CompleteMultipartUpload");
    const early = by.refusedFinalize(upload_id);
    await commit?.reached;
    await send();
    const other = by.finish(upload_id);
    await complete?.reached;
    commit?.release();
    expect(await early).toEqual([409, "conflict"]);
    complete?.release();
    expect(await other).toMatchObject({ file_id, size: 5 });
    expect((await by.download(file_id)).toString()).toBe("hello");
  });

  test("where it was the last to begin the file is empty, and the other replaces nothing", async () => {
    const { upload_id, file_id, send } = await unsent("last.txt");
    const [list, commit] = hold("ListParts", "TransactWriteItems");
    const first = by.refusedFinalize(upload_id);
    await list?.reached;
    const last = by.finish(upload_id);
    await commit?.reached;
    await send();
    list?.release();
    expect(await first).toEqual([503, "finalizing"]);
    commit?.release();
    const answer = await last;
    expect(answer).toMatchObject({ file_id, size: 0 });
    expect(await by.finish(upload_id)).toEqual(answer);
    expect(await by.download(file_id)).toHaveLength(0);
  });

  test("one that died with an empty object leaves it to the sweep, unless parts have come since", async () => {
    for (const sent of [false, true]) {
      const { upload_id, file_id, send } = await unsent(`died-${sent}.txt`);
      world.setFault(({ action }) => (action === "TransactWriteItems" ? "before" : undefined));
      expect((await by.finalize(upload_id)).status).toBe(503);
      world.setFault();
      if (sent) await send();
      expect(await finishUpload(world.deps, upload_id)).toBe(sent ? "refused" : "completed");
      expect(await by.finish(upload_id)).toMatchObject({ file_id, size: sent ? 5 : 0 });
    }
  });

  test("one that was refused with an empty object in S3 takes the parts that come after", async () => {
    const { file_id } = await by.uploaded("locked.txt", "before");
    const { upload_id, send } = await unsent("locked.txt");
    const [held] = hold("PutObject");
    const early = by.refusedFinalize(upload_id);
    await held?.reached;
    const lock = `/v1/files/${file_id}/lock`;
    const { lock_token } = await read(lockGrant, client.request(lock, { json: {} }));
    held?.release();
    expect(await early).toEqual([423, "file_locked"]);
    expect((await client.request(lock, { method: "DELETE", headers: { "lock-token": lock_token } })).ok).toBe(
      true,
    );
    await send();
    expect(await by.finish(upload_id)).toMatchObject({ file_id, size: 5 });
  });

  test("one that has found more parts than were put together is told so", async () => {
    const { upload_id, parts } = await by.start({ filename: "more.bin", part_size: 5 * MIB });
    await put(parts[0]?.url, new Uint8Array(5 * MIB));
    const [fewer, more, commit] = hold(
      ...["CompleteMultipartUpload", "CompleteMultipartUpload", "TransactWriteItems"],
    );
    const first = by.finish(upload_id);
    await fewer?.reached;
    await put(parts[1]?.url, "end");
    const other = by.finalize(upload_id);
    await more?.reached;
    fewer?.release();
    await commit?.reached;
    more?.release();
    expect(await read(problem, other)).toMatchObject({ status: 409, code: "upload_closed" });
    commit?.release();
    expect(await first).toMatchObject({ size: 5 * MIB });
  });
});

test("a finalize that has just begun is not judged by one that was given up long ago", async () => {
  const session = await by.upload("begun-anew.txt");
  failComplete({ broken: "empty", happened: false });
  expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
  world.advance(16 * MINUTE);
  let judged: string | undefined;
  world.setFault(async ({ action }) => {
    // The sweep or S3's event looks while the client's own call has yet to list the parts.
    if (action === "ListParts") judged ??= await finishUpload(world.deps, session.upload_id);
    return undefined;
  });
  expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
  expect(judged).toBe("left");
});

test("what the sweep fails at in passing is not taken for a refusal: it finishes it later", async () => {
  const { file_id } = await by.uploaded("busy-a.txt", "one");
  const session = await by.upload("busy-a.txt", "two");
  world.setFault(({ action }) => (action === "TransactWriteItems" ? "before" : undefined));
  expect((await by.finalize(session.upload_id)).status).toBe(503);
  let moves = 0;
  world.setFault(async ({ action, body = "" }) => {
    // Each time that the sweep is about to commit, the file has got another name.
    if (action !== "TransactWriteItems" || !body.includes("upload_completed")) return undefined;
    const name = `busy-${moves++ % 2 === 0 ? "b" : "a"}.txt`;
    const moved = await client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { name } });
    expect(moved.status).toBe(200);
    return undefined;
  });
  await expect(finishUpload(world.deps, session.upload_id)).rejects.toThrow("Others keep changing");
  world.setFault();
  expect(await by.status(session.upload_id)).toMatchObject({ state: "finalizing" });
  expect(await finishUpload(world.deps, session.upload_id)).toBe("completed");
});

test("an abort that has read the session before S3 was asked leaves nothing either", async () => {
  const session = await by.upload("overtaken.txt");
  const gate = Promise.withResolvers<void>();
  let first: Promise<Response> | undefined;
  world.setFault(async ({ action, body = "" }) => {
    if (action === "CompleteMultipartUpload") return { slow: gate.promise };
    if (action !== "UpdateItem" || !body.includes('"aborted"') || first !== undefined) return undefined;
    first = Promise.resolve(by.finalize(session.upload_id));
    const key = `o/${session.workspace_id}/${session.upload_id}`;
    const item = (await world.dump()).find(({ upload_id }) => upload_id === session.upload_id);
    const listed = () => world.deps.objects.listParts(key, String(item?.["s3_upload_id"]));
    await expect.poll(listed).toBe(undefined);
    return undefined;
  });
  expect((await by.drop(session.upload_id)).status).toBe(204);
  gate.resolve();
  expect((await first)?.status).toBe(409);
  expect((await objects()).filter((key) => key.endsWith(session.upload_id))).toHaveLength(1);
  world.advance(16 * MINUTE);
  await sweepUploads(world.deps);
  expect((await objects()).filter((key) => key.endsWith(session.upload_id))).toEqual([]);
});

test("after 15 minutes without an object, the truth is told each time: there is nothing any more", async () => {
  const session = await by.upload("lost.txt");
  failComplete({ broken: "empty", happened: false });
  expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
  // S3 has forgotten the upload, as its lifecycle may have it do.
  const item = (await world.dump()).find(({ upload_id }) => upload_id === session.upload_id);
  await world.deps.objects.abort(String(item?.["object_key"]), String(item?.["s3_upload_id"]));
  expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
  world.advance(16 * MINUTE);
  await sweepUploads(world.deps);
  for (let time = 0; time < 3; time++) {
    expect(await whatIsToldOf(session.upload_id)).toMatchObject({ status: 410, code: "upload_expired" });
  }
  expect(await by.status(session.upload_id)).toMatchObject({
    state: "expired",
    reason: "lost",
    received: [],
  });
  expect(await refusal(by.sign(session.upload_id, { first: 1, count: 1 }))).toEqual([410, "upload_expired"]);
});

test("a finalize that died before S3 was asked gives the session back: all its parts are there", async () => {
  const session = await by.upload("never-asked.txt");
  failComplete("before");
  expect(await whatIsToldOf(session.upload_id)).toMatchObject(isFinalizing);
  world.setFault();
  world.advance(16 * MINUTE);
  await sweepUploads(world.deps);
  expect(await by.status(session.upload_id)).toMatchObject({ state: "open", bytes_received: 5 });
  expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
});

test("a session whose upload S3 has forgotten says so wherever it is asked, before finalize too", async () => {
  const session = await by.upload("forgotten.txt");
  const item = (await world.dump()).find(({ upload_id }) => upload_id === session.upload_id);
  await world.deps.objects.abort(String(item?.["object_key"]), String(item?.["s3_upload_id"]));
  expect(await by.status(session.upload_id)).toMatchObject({
    state: "expired",
    reason: "lost",
    received: [],
  });
  const chunk = client.request(`/v1/uploads/${session.upload_id}/chunks`, { method: "PUT" });
  expect(await refusal(chunk)).toEqual([410, "upload_expired"]);
  const told = await whatIsToldOf(session.upload_id);
  expect(told).toMatchObject({ status: 410, code: "upload_expired" });
  expect(told.detail).toContain("S3 holds nothing of");
});

test("what is told as gone stays gone, also where S3 makes the object after all", async () => {
  const slow = await startSlow("too-late.txt");
  world.advance(16 * MINUTE);
  expect(await whatIsToldOf(slow.upload_id)).toMatchObject({ status: 410, code: "upload_expired" });
  slow.release();
  expect(await read(problem, slow.first)).toMatchObject({ status: 410, code: "upload_expired" });
  await sweepUploads(world.deps);
  expect((await objects()).filter((key) => key.endsWith(slow.upload_id))).toEqual([]);
  expect(await by.status(slow.upload_id)).toMatchObject({ state: "expired", reason: "lost" });
});

test("InvalidRequest is no word of parts that were replaced", async () => {
  const session = await by.upload("invalid.txt");
  failComplete(s3Fault("InvalidRequest"));
  expect(await whatIsToldOf(session.upload_id)).toMatchObject({ status: 500, code: "internal" });
  world.setFault();
  expect(await by.finish(session.upload_id)).toMatchObject({ size: 5 });
});

test.each(["AccessDenied", "RequestTimeTooSkewed"] as const)(
  "%s is no word of what is there: the session stays, and goes on once S3 answers",
  async (code) => {
    const session = await by.upload(`denied-${code}.txt`);
    for (const action of ["ListParts", "CompleteMultipartUpload", "HeadObject", "GetObject"]) {
      world.setFault((call) => (call.action === action ? s3Fault(code) : undefined));
      const told = await whatIsToldOf(session.upload_id);
      expect([action, told.status >= 500]).toEqual([action, true]);
      world.setFault();
      expect(await by.status(session.upload_id)).toMatchObject({ bytes_received: 5 });
    }
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id: session.file_id, size: 5 });
    expect((await by.download(session.file_id)).toString()).toBe("hello");
  },
);
