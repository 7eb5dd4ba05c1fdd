import { afterAll, beforeAll, expect, test } from "vitest";
import { keys, under } from "#aws/keys.ts";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

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
afterAll(() => world.close());

const eight = [...Array(8).keys()];
const together = <T>(what: (n: number) => Promise<T>) => Promise.all(eight.map(what));
const start = (filename: string, if_exists: string) =>
  together((n) => by.upload(filename, `content ${n}`, { if_exists }));
const versionsOf = async (fileId: string) => {
  const values = { pk: keys.node(fileId).pk, prefix: under.versions };
  return (await world.deps.table.query({ where: "#pk = :pk AND begins_with(#sk, :prefix)", values })).items;
};

test("eight finalizes of one upload have one answer, one event, one link", async () => {
  const session = await by.upload("one.txt");
  const answers = await together(async () => {
    for (;;) {
      const answer = await by.finalize(session.upload_id);
      // While S3 puts the parts together for one, the others are told to ask again.
      if (![409, 429, 503].includes(answer.status)) return answer.json();
    }
  });
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  const events = (await world.events()).filter(({ file_id }) => file_id === session.file_id);
  expect(events.map(({ type }) => type).sort()).toEqual(["link_created", "upload_completed"]);
});

test.each(["same.txt", "folder/same.txt"])(
  "eight uploads of one new name %s are one file with eight versions",
  async (name) => {
    const sessions = await start(name, "version");
    const answers = await Promise.all(sessions.map(({ upload_id }) => by.finish(upload_id)));
    const [file, ...others] = new Set(answers.map(({ file_id }) => file_id));
    expect(others).toEqual([]);
    expect(await versionsOf(file ?? "")).toHaveLength(8);
  },
);

test("eight uploads that would rather be renamed are eight files", async () => {
  const sessions = await start("each.txt", "rename");
  const answers = await Promise.all(sessions.map(({ upload_id }) => by.finish(upload_id)));
  const numbered = [1, 2, 3, 4, 5, 6, 7].map((number) => `each (${number}).txt`);
  expect(answers.map(({ name }) => name).sort()).toEqual([...numbered, "each.txt"]);
  expect(answers.map(({ file_id }) => file_id)).toEqual(sessions.map(({ file_id }) => file_id));
});

test("of eight uploads that want to be the first, one is", async () => {
  const sessions = await start("first.txt", "version");
  const statuses = await Promise.all(
    sessions.map(
      async ({ upload_id }) => (await by.finalize(upload_id, {}, { "if-none-match": "*" })).status,
    ),
  );
  expect(statuses.sort()).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
});

test("of those whose reservations have ended, one is", async () => {
  const sessions = [];
  for (let count = 0; count < 4; count++) {
    sessions.push(await by.upload("lapsed.txt", `content ${count}`, { if_exists: "fail" }));
    world.advance(61 * 60_000);
  }
  const statuses = await Promise.all(
    sessions.map(async ({ upload_id }) => (await by.finalize(upload_id)).status),
  );
  expect(statuses.sort()).toEqual([200, 409, 409, 409]);
});

test("finalize and abort at once: a file, or nothing", async () => {
  const outcomes = await together(async (n) => {
    const session = await by.upload(`either-${n}.txt`);
    const [made, dropped] = await Promise.all([by.finalize(session.upload_id), by.drop(session.upload_id)]);
    const { state } = await by.status(session.upload_id);
    const object = await world.deps.objects.head(`o/${session.workspace_id}/${session.upload_id}`);
    // An abort is told as one, wherever it overtook the finalize.
    if (!made.ok) expect([made.status, await made.json()]).toMatchObject([409, { code: "upload_closed" }]);
    expect([made.ok, dropped.ok, state, object !== undefined]).toEqual(
      made.ok ? [true, false, "completed", true] : [false, true, "aborted", false],
    );
    return made.ok;
  });
  expect(outcomes).toHaveLength(8);
});

test("a finalize under a key that loses to ingest answers the result, and so does its repeat, at once", async () => {
  const { upload_id } = await by.upload("lost-to-ingest.txt");
  const key = { "idempotency-key": "lost-to-ingest" };
  let first = true;
  world.setFault(async ({ action }) => {
    if (action !== "TransactWriteItems" || !first) return undefined;
    first = false;
    // Ingest hears of the object and is faster.
    expect(await finishUpload(world.deps, upload_id)).toBe("completed");
    return undefined;
  });
  const answer = await by.finalize(upload_id, {}, key);
  world.setFault();
  expect([answer.status, first]).toEqual([200, false]);
  const repeat = await by.finalize(upload_id, {}, key);
  expect([repeat.status, repeat.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
  expect(await repeat.json()).toEqual(await answer.json());
});
