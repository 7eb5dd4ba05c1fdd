/** Many uploads in one request: each as by itself, told of in turn. */
import { AwsError } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { MAX_ITEMS } from "#contract/batch.ts";
import { finalizesAnswer, startsAnswer } from "#core/batches/contract.ts";
import { fileDetail } from "#core/files/contract.ts";
import { put, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await newClient();
});
afterAll(() => world.close());

const newClient = () => world.client("files:read", "files:write", "workspaces:write", "shares:write");

type Headers = Record<string, string>;
const keyed = (key: string): Headers => ({ "Idempotency-Key": key });
const startAll = (files: unknown[], headers: Headers = {}, by = client) =>
  by.request("/v1/uploads/batch", { json: { files }, headers });
const finalizeAll = (upload_ids: string[], more: object = {}, headers: Headers = {}, by = client) =>
  by.request("/v1/uploads/finalize", { json: { upload_ids, ...more }, headers });

/** What became of each: its body where it was done, else `[status, code]`. */
async function started(answer: Response | Promise<Response>) {
  const { items } = startsAnswer.parse(await (await answer).json());
  return items.map((item) => ("error" in item ? [item.status, item.error.code] : item.upload));
}
const isDone = <T extends object>(item: T | unknown[]): item is T => !Array.isArray(item);

async function finished(answer: Response | Promise<Response>) {
  const { items } = finalizesAnswer.parse(await (await answer).json());
  return items.map((item) => ("error" in item ? [item.status, item.error.code] : item.upload));
}

/** Source: DynamoDB API Reference, TransactWriteItems, `TransactionConflict`. */
const conflict = () =>
  new AwsError("TransactionCanceledException", "another is under way on the item", 400, {
    CancellationReasons: [{ Code: "TransactionConflict" }],
  });

const failed = z.looseObject({
  ...{ status: z.int(), code: z.string(), retry_after_seconds: z.int().optional() },
  items: z.array(z.object({ status: z.int(), error: z.looseObject({ code: z.string() }) })),
});
async function noneDone(answer: Response | Promise<Response>) {
  const got = await answer;
  expect(got.headers.get("content-type")).toBe("application/problem+json");
  const { status, code, items } = failed.parse(await got.json());
  expect(got.status).toBe(status);
  return [status, code, ...items.map((item) => [item.status, item.error.code])];
}

const names = (folder: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ filename: `${folder}/${n}.txt`, size: 5 }));

/** Starts them, and sends the bytes of each. */
async function sendAll(files: { filename: string; size: number }[], by = client): Promise<string[]> {
  const all = (await started(startAll(files, {}, by))).filter(isDone);
  expect(all).toHaveLength(files.length);
  await Promise.all(all.map(({ parts }) => put(parts[0]?.url, "hello")));
  return all.map(({ upload_id }) => upload_id);
}

/** `npm run bench -- calls` sends as many as there may be. */
const MANY = 30;

describe("many small files", () => {
  test("are two requests beside their bytes, and stand in the order asked for", async () => {
    const files = names("build", MANY);
    const answer = await startAll(files);
    expect(answer.status).toBe(201);
    const all = (await started(answer)).filter(isDone);
    expect(all.map(({ name }) => name)).toEqual(files.map((_, n) => `${n}.txt`));
    await Promise.all(all.map(({ parts }) => put(parts[0]?.url, "hello")));
    const ended = await finalizeAll(
      all.map(({ upload_id }) => upload_id),
      { share: false },
    );
    expect(ended.status).toBe(200);
    const ready = (await finished(ended)).filter(isDone);
    expect(ready.map(({ file_id }) => file_id)).toEqual(all.map(({ file_id }) => file_id));
    expect(ready.every(({ share_url }) => share_url === null)).toBe(true);
    expect(new Set(ready.map(({ folder_id }) => folder_id)).size).toBe(1);
    expect((await world.events("upload_completed")).length).toBeGreaterThanOrEqual(MANY);
  });

  test("are 100 at most, and one at least", async () => {
    for (const count of [0, MAX_ITEMS + 1]) {
      expect(await refusal(startAll(names("too-many", count)))).toEqual([400, "invalid_request"]);
      const ids = Array.from({ length: count }, () => "upl_01JZZZZZZZZZZZZZZZZZZZZZZZ");
      expect(await refusal(finalizeAll(ids))).toEqual([400, "invalid_request"]);
    }
  });
});

describe("a batch of which some are refused", () => {
  test("is 207, and starts the others", async () => {
    await uploader(client).uploaded("mixed/taken.txt");
    const answer = await startAll([
      { filename: "mixed/taken.txt", size: 5, if_exists: "fail" },
      { filename: "mixed/free.txt", size: 5, if_exists: "fail" },
      { filename: "x.txt", size: 5, workspace: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
    ]);
    expect(answer.status).toBe(207);
    expect(await started(answer)).toEqual([
      [409, "name_taken"],
      expect.objectContaining({ name: "free.txt" }),
      [404, "not_found"],
    ]);
  });

  test("tells of each refusal what its own route tells", async () => {
    const by = uploader(client);
    const empty = await by.start({ filename: "own/parts.txt", size: 5 });
    const alone = z.looseObject({}).parse(await (await by.finalize(empty.upload_id)).json());
    const [sent = ""] = await sendAll(names("own", 1));
    const answer = await finalizeAll([empty.upload_id, sent]);
    expect(answer.status).toBe(207);
    const { items } = finalizesAnswer.parse(await answer.json());
    const request_id = expect.any(String);
    expect(items[0]).toEqual({ status: 409, error: { ...alone, request_id } });
    expect((await by.status(empty.upload_id)).state).toBe("open");
  });

  test("is no success where all are: 422 with each", async () => {
    const other = await newClient();
    const [theirs = ""] = await sendAll(names("theirs", 1), other);
    const gone = (await uploader(client).start({ filename: "gone.txt", size: 5 })).upload_id;
    await uploader(client).drop(gone);
    expect(await noneDone(finalizeAll([theirs, gone]))).toEqual([
      ...[422, "batch_failed"],
      ...[
        [404, "not_found"],
        [409, "upload_closed"],
      ],
    ]);
    const taken = { workspace: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ", filename: "a.txt", size: 1 };
    expect(await noneDone(startAll([taken]))).toEqual([422, "batch_failed", [404, "not_found"]]);
  });

  test("is 503 where all may come again as they are", async () => {
    world.setFault(({ action }) =>
      action === "CreateMultipartUpload"
        ? { error: new AwsError("ServiceUnavailable", "down", 503) }
        : undefined,
    );
    const answer = await startAll(names("down", 2));
    world.setFault();
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const one = [503, "unavailable"];
    expect(await noneDone(answer)).toEqual([503, "unavailable", one, one]);
  });

  test.each([
    ["a name that can't be", [{ filename: "a/../b", size: 1 }], "invalid_request"],
    ["a field that nobody knows", [{ filename: "a", sise: 1 }], "unknown_field"],
    ["what is no list", {}, "invalid_request"],
  ])("is 400 as a whole, before anything is begun, for %s", async (_, files, code) => {
    const all = Array.isArray(files) ? [{ filename: "whole.txt", size: 1 }, ...files] : files;
    const before = (await world.dump()).length;
    const answer = client.request("/v1/uploads/batch", { json: { files: all } });
    expect(await refusal(answer)).toEqual([400, code]);
    expect((await world.dump()).length).toBe(before);
  });
});

describe("items of one thing", () => {
  test("come after one another: of two starts of a name the first has it", async () => {
    const twice = { filename: "twice/a.txt", size: 5, if_exists: "fail" };
    for (let n = 0; n < 5; n++) {
      const filename = `twice/${n}.txt`;
      const [first, second] = await started(
        startAll([
          { ...twice, filename },
          { ...twice, filename },
        ]),
      );
      expect([first, second]).toEqual([expect.objectContaining({ name: `${n}.txt` }), [409, "name_taken"]]);
    }
  });

  test("are finalized in turn, so that the last is current", async () => {
    const same = Array.from({ length: 6 }, () => ({ filename: "same/name.txt", size: 5 }));
    const ids = await sendAll(same);
    const ready = (await finished(finalizeAll(ids, { share: false }))).filter(isDone);
    expect(new Set(ready.map(({ file_id }) => file_id)).size).toBe(1);
    const { version_id } = await read(fileDetail, client.request(`/v1/files/${ready[0]?.file_id}`));
    expect(version_id).toBe(ready.at(-1)?.version_id);
  });

  test("named twice are answered twice, and done once", async () => {
    const [id = ""] = await sendAll(names("doubled", 1));
    const [first, second] = await finished(finalizeAll([id, id]));
    expect(second).toEqual(first);
  });
});

describe("under an Idempotency-Key", () => {
  test("a batch of starts is answered with the same sessions, and none is made twice", async () => {
    const files = names("keyed", 5);
    const first = (await started(startAll(files, keyed("starts")))).filter(isDone);
    const answer = await startAll(files, keyed("starts"));
    expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    const again = (await started(answer)).filter(isDone);
    const idsOf = (all: { upload_id: string }[]) => all.map(({ upload_id }) => upload_id);
    expect(idsOf(again)).toEqual(idsOf(first));
    const sessions = (await world.dump()).filter(
      ({ folder_path, pk }) => folder_path === "keyed" && String(pk).startsWith("UPL#"),
    );
    expect(sessions).toHaveLength(5);
  });

  test("a batch of ends is answered as before", async () => {
    const ids = await sendAll(names("keyed-ends", 3));
    const first = await finished(finalizeAll(ids, {}, keyed("ends")));
    expect(await finished(finalizeAll(ids, {}, keyed("ends")))).toEqual(first);
  });

  test("another batch is refused, and what failed is tried again", async () => {
    const by = uploader(client);
    const [sent = ""] = await sendAll(names("retried", 1));
    const late = await by.start({ filename: "retried/late.txt", size: 5 });
    const ids = [sent, late.upload_id];
    const first = await finished(finalizeAll(ids, { share: false }, keyed("some")));
    expect(first[1]).toEqual([409, "parts_missing"]);
    expect(await refusal(finalizeAll([sent], { share: false }, keyed("some")))).toEqual([
      422,
      "idempotency_mismatch",
    ]);
    await put(late.parts[0]?.url, "hello");
    const answer = await finalizeAll(ids, { share: false }, keyed("some"));
    expect(answer.status).toBe(200);
    expect((await finished(answer))[0]).toEqual(first[0]);
  });

  test("the key is free where nothing was done", async () => {
    const nowhere = { filename: "a.txt", size: 5, workspace: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" };
    expect((await noneDone(startAll([nowhere], keyed("corrected"))))[1]).toBe("batch_failed");
    expect((await startAll([{ filename: "corrected.txt", size: 5 }], keyed("corrected"))).status).toBe(201);
  });
});

test("what isn't begun in time is 503, by itself, and is done when it is sent again", async () => {
  const files = names("slow", 40);
  let passed = false;
  world.setFault(({ action }) => {
    if (action !== "CreateMultipartUpload" || passed) return undefined;
    passed = true;
    world.advance(16_000);
    return undefined;
  });
  const answer = await startAll(files, keyed("slow"));
  world.setFault();
  expect(answer.status).toBe(207);
  const first = await started(answer);
  const done = first.filter(isDone);
  expect(done.length).toBeGreaterThan(0);
  expect(first.filter((item) => !isDone(item))).toEqual(
    Array.from({ length: 40 - done.length }, () => [503, "unavailable"]),
  );
  const again = await startAll(files, keyed("slow"));
  expect(again.status).toBe(201);
  const ids = (await started(again)).filter(isDone).map(({ upload_id }) => upload_id);
  expect(ids).toEqual(expect.arrayContaining(done.map(({ upload_id }) => upload_id)));
});

test("what meets others' transactions is tried again until it gets through", async () => {
  const ids = await sendAll(names("contended", 3));
  // More than one transaction tries to get past, of all three.
  let conflicts = 40;
  world.setFault(({ action }) =>
    action === "TransactWriteItems" && conflicts-- > 0 ? { error: conflict() } : undefined,
  );
  const answer = await finalizeAll(ids, { share: false });
  world.setFault();
  expect(answer.status).toBe(200);
  expect(conflicts).toBeLessThan(0);
});

test("a token without the scope starts and ends nothing", async () => {
  const reader = await world.client("files:read");
  expect(await refusal(startAll(names("reader", 1), {}, reader))).toEqual([403, "forbidden"]);
  expect(await refusal(finalizeAll(["upl_01JZZZZZZZZZZZZZZZZZZZZZZZ"], {}, {}, reader))).toEqual([
    403,
    "forbidden",
  ]);
});
