import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { crcOf, MIB, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

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

describe("a small file in one request", () => {
  const form = (fields: Record<string, string | Blob>, filename = "note.txt") => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string") body.set(name, value);
      else body.set(name, value, filename);
    }
    return body;
  };
  const send = (body: FormData, headers: Record<string, string> = {}) =>
    client.request("/v1/files/upload", { method: "POST", body, headers });

  test("is a file with a link", async () => {
    const bytes = randomBytes(100_000);
    const answer = await read(
      finalizeAnswer,
      send(form({ file: new Blob([bytes]), path: "builds/7", expire_in: "3600" }, "app.bin")),
    );
    expect(answer).toMatchObject({
      name: "app.bin",
      size: 100_000,
      crc32: crcOf(bytes),
      sha256: shaOf(bytes),
    });
    expect(answer.share_url).toMatch(/\/s\/[\w-]{22}$/);
    expect(shaOf(await by.download(answer.file_id))).toBe(shaOf(bytes));
  });

  test("may be empty, makes its workspace, becomes a version", async () => {
    const fields = { file: new Blob([]), workspace: "builds", share: "false" };
    const first = await read(finalizeAnswer, send(form(fields)));
    expect(first).toMatchObject({ size: 0, share_url: null });
    expect(await read(finalizeAnswer, send(form(fields)))).toMatchObject({ file_id: first.file_id });
    expect(await refusal(send(form({ ...fields, if_exists: "fail" })))).toEqual([409, "name_taken"]);
  });

  test("may have a link with a password and a limit", async () => {
    const fields = { file: new Blob(["x"]), password: "pässword", max_downloads: "2" };
    const answer = await read(finalizeAnswer, send(form(fields, "kept.txt")));
    expect(await read(share, client.request(`/v1/shares/${answer.share_id}`))).toMatchObject({
      has_password: true,
      max_downloads: 2,
    });
    const opened = await world.request(answer.share_url ?? "", { form: { password: "pässword" } });
    expect(opened.status).toBe(303);
  });

  test("poses as nothing", async () => {
    expect(await refusal(send(form({ file: new Blob(["#!/bin/sh\n"]) }, "x.pdf")))).toEqual([
      422,
      "type_mismatch",
    ]);
  });

  test.each([
    ["no file", {}, 400, "invalid_request"],
    ["a file that is text", { file: "text" }, 400, "invalid_request"],
    ["an unknown field", { file: new Blob(["x"]), colour: "red" }, 400, "unknown_field"],
    ["an expire_in that is no number", { file: new Blob(["x"]), expire_in: "soon" }, 400, "invalid_request"],
    ["an expire_in in hex", { file: new Blob(["x"]), expire_in: "0x100" }, 400, "invalid_request"],
    ["no downloads at all", { file: new Blob(["x"]), max_downloads: "0" }, 400, "invalid_request"],
    [
      "a password for no link",
      { file: new Blob(["x"]), share: "false", password: "x" },
      400,
      "invalid_request",
    ],
    ["more than 4 MiB", { file: new Blob([randomBytes(4 * MIB + 1)]) }, 413, "payload_too_large"],
  ])("refuses %s", async (_, fields, ...expected) => {
    expect(await refusal(send(form(fields)))).toEqual(expected);
  });

  test("refuses a name that climbs, and a body that is no form", async () => {
    expect(await refusal(send(form({ file: new Blob(["x"]) }, "../x")))).toEqual([400, "invalid_request"]);
    expect(await refusal(client.request("/v1/files/upload", { json: { file: "x" } }))).toEqual([
      415,
      "unsupported_media_type",
    ]);
    const broken = new TextEncoder().encode("not a form");
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    expect(
      await refusal(client.request("/v1/files/upload", { method: "POST", body: broken, headers })),
    ).toEqual([400, "invalid_request"]);
    const unbounded = { "content-type": "multipart/form-data" };
    const answer = await client.request("/v1/files/upload", {
      method: "POST",
      body: broken,
      headers: unbounded,
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("boundary")]);
  });

  test("is done once for one Idempotency-Key, whatever the boundary", async () => {
    const headers = { "idempotency-key": "direct-1" };
    const fields = { file: new Blob(["once"]) };
    const first = await send(form(fields, "once.txt"), headers);
    const again = await send(form(fields, "once.txt"), headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    expect(await refusal(send(form({ file: new Blob(["twice"]) }, "once.txt"), headers))).toEqual([
      422,
      "idempotency_mismatch",
    ]);
  });
});
