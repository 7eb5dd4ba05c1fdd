/** A file's life after its upload, over HTTP alone: listed, moved, described, downloaded, deleted, and its bytes removed. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { page } from "#contract/common.ts";
import { event } from "#contract/events.ts";
import { workspace } from "#core/access/contract.ts";
import { eventLog } from "#core/events/contract.ts";
import { changedFile, file, fileDetail, folder } from "#core/files/contract.ts";
import { lockGrant, lockState } from "#core/locks/contract.ts";
import { version } from "#core/versions/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

const MINUTE = 60_000;
const listing = page.of(z.discriminatedUnion("kind", [file, folder]));

let story: Story;

beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story.stop());

const list = (query = "") => story.json(listing, `/v1/workspaces/${story.workspaceId}/files${query}`);
const names = async (query?: string) => (await list(query)).items.map(({ name }) => name);
const objects = async () =>
  (await story.s3.send(new ListObjectsV2Command({ Bucket: story.bucket }))).Contents?.length ?? 0;

test("a file is found by its path, renamed, moved, described, downloaded, deleted, and told of at each step", async () => {
  const receiver = await story.receiver();
  await story.api("/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  const bytes = Buffer.from("Ärger über Öl\n".repeat(100));
  const { file_id, size } = await story.upload(bytes, { filename: "Verträge/2026/q3 (final).txt" });

  const { items } = await story.json(page.of(workspace), "/v1/workspaces");
  expect(items).toMatchObject([{ workspace_id: story.workspaceId, is_default: true }]);
  expect(await names()).toEqual(["Verträge"]);
  expect(await names(`?path=${encodeURIComponent("Verträge/2026")}`)).toEqual(["q3 (final).txt"]);
  const facts = await story.json(fileDetail, `/v1/files/${file_id}`);
  expect(facts).toMatchObject({
    name: "q3 (final).txt",
    size,
    crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
  });

  const moved = await story.json(file, `/v1/files/${file_id}`, {
    method: "PATCH",
    json: { name: "“q3”; final.txt", folder: "Archiv" },
    headers: { "If-Match": `"${facts.version_id}"` },
  });
  expect(moved).toMatchObject({ name: "“q3”; final.txt", version_id: facts.version_id });
  expect(await names("?path=Archiv")).toEqual(["“q3”; final.txt"]);
  expect(await names(`?path=${encodeURIComponent("Verträge/2026")}`)).toEqual([]);

  const { metadata, ...described } = await story.json(changedFile, `/v1/files/${file_id}`, {
    method: "PATCH",
    json: { description: "Für den Beirat, bis Ende März", metadata: { Quartal: "3" } },
  });
  expect(metadata).toEqual({ Quartal: "3" });
  expect((await list("?path=Archiv")).items).toEqual([described]);

  const content = await story.api(`/v1/files/${file_id}/content`, { redirect: "follow" });
  expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
  expect(content.headers.get("content-disposition")).toBe(
    "attachment; filename=\"_q3_; final.txt\"; filename*=UTF-8''%E2%80%9Cq3%E2%80%9D%3B%20final.txt",
  );
  const { headers } = await story.api(`/v1/files/${file_id}/content`);
  const location = headers.get("location") ?? "";
  const part = await fetch(location, { headers: { Range: "bytes=7-13" } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, bytes.subarray(7, 14)]);
  const altered = location.replace(/X-Amz-Expires=60/, "X-Amz-Expires=61");
  expect((await fetch(altered)).status).toBe(403);

  expect((await story.api(`/v1/files/${file_id}`, { method: "DELETE" })).status).toBe(204);
  expect((await story.api(`/v1/files/${file_id}`, { method: "DELETE" })).status).toBe(404);
  expect(await names("?path=Archiv")).toEqual([]);
  const told = await receiver.until(7);
  const events = told.map(({ body }) => event.parse(JSON.parse(body)));
  expect(events.map(({ type }) => type).sort()).toEqual([
    "file_changed",
    "file_deleted",
    "file_downloaded",
    "file_downloaded",
    "file_moved",
    "link_created",
    "upload_completed",
  ]);
  expect(events.every((one) => one.file_id === file_id)).toBe(true);

  expect(await objects()).toBe(1);
  expect((await story.api(`/v1/trash/${file_id}`, { method: "DELETE" })).status).toBe(204);
  story.advance(18 * MINUTE);
  await story.eventually(async () => expect(await objects()).toBe(0), { timeoutMs: 20_000 });
});

test("a file goes to another workspace with versions, link and lock, and each of the two hears its own side", async () => {
  const { workspace_id: team } = await story.json(workspace, "/v1/workspaces", { json: { name: "team" } });
  const root = (id: string) => id.replace("ws_", "fld_");
  const listen = async (id: string) => {
    const receiver = await story.receiver();
    const json = { url: receiver.url, events: ["file_moved", "link_accessed"], folders: [root(id)] };
    await story.api("/v1/webhooks", { json });
    return receiver;
  };
  const [here, there] = [await listen(story.workspaceId), await listen(team)];
  await story.upload(Buffer.from("first"), { filename: "drafts/plan.txt" });
  const plan = await story.upload(Buffer.from("second"), { filename: "drafts/plan.txt" });
  const at = `/v1/files/${plan.file_id}`;
  const { lock_token, fencing_token } = await story.json(lockGrant, `${at}/lock`, { json: {} });

  const move = { method: "PATCH", json: { workspace: "team", folder: "plans" } };
  expect((await story.api(at, move)).status).toBe(423);
  const moved = await story.json(file, at, { ...move, headers: { "Lock-Token": lock_token } });
  expect(moved).toMatchObject({
    ...{ workspace_id: team, path: "plans/plan.txt", version_id: plan.version_id },
  });
  expect((await story.json(page.of(version), `${at}/versions`)).items).toHaveLength(2);
  expect(await story.json(lockState, `${at}/lock`)).toMatchObject({ locked: true, fencing_token });
  const opened = await story.api(new URL(plan.share_url ?? "").pathname, { redirect: "follow" });
  expect(await opened.text()).toBe("second");

  const types = async (id: string) => {
    const { items } = await story.json(eventLog, `/v1/events?workspace=${id}&type=file_moved,link_accessed`);
    return items.filter((one) => one.file_id === plan.file_id).map(({ type, data }) => ({ type, data }));
  };
  await Promise.all([here.until(1), there.until(2)]);
  await story.cloud.waitForIdle();
  const left = { from: { name: "plan.txt", folder_id: plan.folder_id }, to: null };
  expect(await types(story.workspaceId)).toEqual([{ type: "file_moved", data: left }]);
  expect(await types(team)).toEqual([
    { type: "file_moved", data: { from: null, to: { name: "plan.txt", folder_id: moved.folder_id } } },
    { type: "link_accessed", data: { max_downloads: null } },
  ]);
  expect(here.received.map(({ body }) => event.parse(JSON.parse(body)).data)).toEqual([left]);
  expect(there.received).toHaveLength(2);
});

test("another client sees none of it", async () => {
  const { file_id } = await story.upload(Buffer.from("secret"), { filename: "secret.txt" });
  const stranger = await story.client("stranger");
  for (const [path, method] of [
    [`/v1/files/${file_id}`, "GET"],
    [`/v1/files/${file_id}/content`, "GET"],
    [`/v1/files/${file_id}`, "DELETE"],
    [`/v1/workspaces/${story.workspaceId}/files`, "GET"],
  ] as const) {
    expect((await stranger.api(path, { method })).status).toBe(404);
  }
});
