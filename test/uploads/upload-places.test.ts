import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { fileDetail } from "#core/files/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { put, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;

let world: World;
let client: Client;
let other: Client;
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
  other = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
  by = uploader(client);
});
afterAll(() => world.close());

const facts = (id: string) => read(fileDetail, client.request(`/v1/files/${id}`));
const send = async (json: Record<string, unknown>, content = "hello") => {
  const session = await by.start({ size: content.length, ...json });
  expect((await put(session.parts[0]?.url, content)).status).toBe(200);
  return session;
};
const form = (fields: Record<string, string>, filename = "form.txt") => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set("file", new Blob(["form"]), filename);
  return client.request("/v1/files/upload", { method: "POST", body });
};

describe("file_id", () => {
  test("makes a version of that file, wherever it is, and was moved to meanwhile", async () => {
    const { file_id } = await by.uploaded("reports/2026/q3.txt");
    expect((await facts(file_id)).path).toBe("reports/2026/q3.txt");
    const session = await send({ file_id }, "second");
    expect(session).toMatchObject({ file_id, name: "q3.txt" });
    const move = { name: "q3-final.txt", folder: "archive" };
    expect((await client.request(`/v1/files/${file_id}`, { method: "PATCH", json: move })).status).toBe(200);
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id, name: "q3-final.txt" });
    expect(await facts(file_id)).toMatchObject({ path: "archive/q3-final.txt", size: 6 });
    const again = finalizeAnswer.parse(await (await form({ file_id }, "whatever.bin")).json());
    expect(again).toMatchObject({ file_id, name: "q3-final.txt" });
    expect((await by.download(file_id)).toString()).toBe("form");
  });

  test("of one that is deleted meanwhile is refused, and makes no other", async () => {
    const { file_id } = await by.uploaded("gone.txt");
    const session = await send({ file_id });
    expect((await client.request(`/v1/files/${file_id}`, { method: "DELETE" })).status).toBe(204);
    expect(await refusal(by.finalize(session.upload_id))).toEqual([404, "not_found"]);
    expect(await refusal(client.request("/v1/uploads", { json: { file_id } }))).toEqual([404, "not_found"]);
  });

  test("of another's workspace isn't there", async () => {
    const { file_id } = await by.uploaded("mine.txt");
    expect(await refusal(other.request("/v1/uploads", { json: { file_id } }))).toEqual([404, "not_found"]);
  });

  test.each([
    { filename: "x.txt" },
    { workspace: "x" },
    { path: "x" },
    { folder_id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
    { if_exists: "rename" },
  ])("stands alone: not beside %j", async (json) => {
    const { file_id } = await by.uploaded("alone.txt");
    expect(await refusal(client.request("/v1/uploads", { json: { file_id, ...json } }))).toEqual([
      ...[400, "invalid_request"],
    ]);
  });
});

describe("folder_id", () => {
  test("is what filename and path are relative to", async () => {
    const { folder_id } = await by.uploaded("here/first.txt");
    const below = await send({ folder_id, filename: "deeper/second.txt" });
    const { file_id } = await by.finish(below.upload_id);
    expect((await facts(file_id)).path).toBe("here/deeper/second.txt");
    const beside = finalizeAnswer.parse(await (await form({ folder_id }, "third.txt")).json());
    expect(beside.folder_id).toBe(folder_id);
    expect((await facts(beside.file_id)).path).toBe("here/third.txt");
  });

  test("of another's workspace, or none, isn't there; another workspace beside it is refused", async () => {
    const { folder_id } = await by.uploaded("there/first.txt");
    const start = (from: Client, json: object) =>
      refusal(from.request("/v1/uploads", { json: { filename: "x", ...json } }));
    expect(await start(other, { folder_id })).toEqual([404, "not_found"]);
    expect(await start(client, { folder_id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" })).toEqual([404, "not_found"]);
    await by.start({ filename: "x", size: 1, workspace: "elsewhere" });
    expect(await start(client, { folder_id, workspace: "elsewhere" })).toEqual([400, "invalid_request"]);
  });
});

describe("a folder of the file's name that is named like an id", () => {
  const fld = "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ";

  test.each([`${fld}/a.txt`, "fld_12/a.txt", "job_4711/deeper/a.txt"])(
    "%s is none by itself",
    async (name) => {
      expect(await by.refusedStart({ filename: name })).toEqual([400, "invalid_request"]);
      expect(await refusal(form({}, name))).toEqual([400, "invalid_request"]);
      const told = await read(problem, client.request("/v1/uploads", { json: { filename: name } }));
      expect(told.detail).toMatch(/folder_id|"path": "\/"/);
    },
  );

  test.each(["filename", "form"])("is one where %s stands beside the folder that it is in", async (how) => {
    const name = `fld_${how}/a.txt`;
    const { folder_id } = await by.uploaded(`at/home-${how}.txt`);
    for (const [json, prefix] of [
      [{ path: "/" }, ""],
      [{ path: "/job_1" }, "job_1/"],
      [{ folder_id }, "at/"],
    ] as const) {
      const { file_id } =
        how === "form"
          ? finalizeAnswer.parse(await (await form(json, name)).json())
          : await by.finish((await send({ filename: name, ...json })).upload_id);
      expect((await facts(file_id)).path).toBe(`${prefix}${name}`);
    }
  });

  test("a file's own name is free", async () => {
    expect(await by.uploaded("job_4711.csv")).toMatchObject({ name: "job_4711.csv" });
    expect(await by.uploaded("reports/fld_12")).toMatchObject({ name: "fld_12" });
  });
});

describe('a name that is asked for with if_exists "fail"', () => {
  const start = (from: Client, filename: string, if_exists = "fail") =>
    from.request("/v1/uploads", { json: { filename, size: 5, if_exists } });

  test("goes to one of 30 starts; the others are told before they have sent a byte", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => start(client, "new/once.txt")));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 29 }, () => 409)]);
    const won = await read(startAnswer, answers.find(({ status }) => status === 201) ?? new Response());
    const lost = await read(problem, answers.find(({ status }) => status === 409) ?? new Response());
    expect(lost).toMatchObject({ code: "name_taken", kind: "upload", upload_id: won.upload_id });
  });

  test("is kept from another client, which learns no id", async () => {
    const shared = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    await shareWorkspace(world.deps, { clientId: shared.client_id, workspaceId: client.workspace_id });
    expect((await start(client, "kept.txt")).status).toBe(201);
    const json = { filename: "kept.txt", size: 5, if_exists: "fail", workspace: client.workspace_id };
    const told = await read(problem, shared.request("/v1/uploads", { json }));
    expect(told).toMatchObject({ status: 409, code: "name_taken" });
    expect(told).not.toHaveProperty("upload_id");
  });

  test("is nobody's for version and rename", async () => {
    expect((await start(client, "free.txt")).status).toBe(201);
    for (const if_exists of ["version", "rename"])
      expect((await start(client, "free.txt", if_exists)).status).toBe(201);
    expect((await form({}, "free.txt")).status).toBe(200);
  });

  test.each(["aborted", "finished and deleted", "silent for an hour"])(
    "is free again once its session is %s",
    async (how) => {
      const filename = `again-${how}.txt`;
      const session = await by.upload(filename, "hello", { if_exists: "fail" });
      expect((await start(client, filename)).status).toBe(409);
      if (how === "aborted") await by.drop(session.upload_id);
      else if (how === "silent for an hour") world.advance(61 * MINUTE);
      else {
        const { file_id } = await by.finish(session.upload_id);
        expect((await start(client, filename)).status).toBe(409);
        await client.request(`/v1/files/${file_id}`, { method: "DELETE" });
      }
      expect((await start(client, filename)).status).toBe(201);
      expect((await start(client, filename)).status).toBe(409);
    },
  );

  test.each(["status", "parts", "chunks"])("is kept on by a call for its session: %s", async (call) => {
    const filename = `kept-on-${call}.txt`;
    const { upload_id } = await by.start({ filename, size: 5, if_exists: "fail" });
    const path = `/v1/uploads/${upload_id}`;
    for (let round = 0; round < 3; round++) {
      world.advance(45 * MINUTE);
      if (call === "status") await by.status(upload_id);
      else if (call === "parts") await by.sign(upload_id, { first: 1, count: 1 });
      else expect((await client.request(`${path}/chunks`, { method: "PUT" })).status).toBe(307);
    }
    expect((await start(client, filename)).status).toBe(409);
  });

  test("under an Idempotency-Key is the same session again", async () => {
    const given = {
      json: { filename: "keyed.txt", size: 5, if_exists: "fail" },
      headers: { "idempotency-key": "keyed" },
    };
    const [first, again] = [
      await client.request("/v1/uploads", given),
      await client.request("/v1/uploads", given),
    ];
    expect((await read(startAnswer, again)).upload_id).toBe((await read(startAnswer, first)).upload_id);
  });

  test("in one request goes to one of eight", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => form({ if_exists: "fail" }, "one-request.txt")),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 409),
    ]);
  });
});
