/** A file's life after its upload, over HTTP alone: listed, moved, described, downloaded, copied, deleted, and its bytes removed. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys, under } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { event } from "#contract/events.ts";
import { eventLog } from "#core/events/contract.ts";
import { changedFile, file, fileDetail } from "#core/files/contract.ts";
import { folderPage } from "#core/files/list-contract.ts";
import { lockGrant, lockState } from "#core/locks/contract.ts";
import { version } from "#core/versions/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

const MINUTE = 60_000;
const listing = folderPage;

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

test("a workspace is mirrored: the log's end, all that is there, and from then on what happens", async () => {
  const log = async (after: string, wait = 0) =>
    story.json(eventLog, `/v1/events?workspace=${story.workspaceId}&after=${after}&wait=${wait}`);
  const { next_cursor: before } = await log("latest");
  await story.upload(Buffer.from("1"), { filename: "mirror/a/one.txt" });
  const two = await story.upload(Buffer.from("2"), { filename: "mirror/b/two.txt" });
  const { items, next_cursor } = await list("?path=mirror&recursive=true&limit=3");
  const rest = await list(`?path=mirror&recursive=true&limit=3&cursor=${next_cursor}`);
  const paths = [...items, ...rest.items].map(({ path }) => path);
  expect(paths).toEqual(["mirror/a", "mirror/a/one.txt", "mirror/b", "mirror/b/two.txt"]);
  expect(rest.next_cursor).toBeNull();

  const [, , folder] = items;
  const id = folder?.kind === "folder" ? folder.folder_id : "";
  const changed = { method: "PATCH", json: { name: "c" } } as const;
  expect((await story.api(`/v1/folders/${id}`, changed)).status).toBe(200);
  await story.eventually(async () => {
    const told = (await log(before, 1)).items.map(({ type, file_id, data }) => [
      ...[type, file_id ?? data["folder_id"]],
    ]);
    expect(told).toContainEqual(["upload_completed", two.file_id]);
    expect(told).toContainEqual(["folder_moved", id]);
  });
  const below = await story.json(listing, `/v1/folders/${id}/children?recursive=true`);
  expect(below.items.map(({ path }) => path)).toEqual(["mirror/c/two.txt"]);
});

test("a copy has the bytes for as long as it is there, whatever becomes of the file", async () => {
  const bytes = Buffer.from("the same bytes\n".repeat(1_000));
  const before = await objects();
  const { file_id } = await story.upload(bytes, { filename: "source.txt" });
  const source = await story.json(fileDetail, `/v1/files/${file_id}`);
  const copied = await story.json(fileDetail, `/v1/files/${file_id}/copy`, { json: { folder: "/out/2026" } });
  expect(copied).toMatchObject({ path: "out/2026/source.txt", size: bytes.length, crc32: source.crc32 });
  expect(await objects()).toBe(before + 1);
  const purge = async (id: string) => {
    expect((await story.api(`/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await story.api(`/v1/trash/${id}`, { method: "DELETE" })).status).toBe(204);
    story.advance(18 * MINUTE);
    const { pk } = keys.node(id);
    const version = { where: "#pk = :pk AND begins_with(#sk, :ver)", values: { pk, ver: under.versions } };
    await story.eventually(async () => expect((await story.table.query(version)).items).toEqual([]), {
      timeoutMs: 20_000,
    });
  };
  await purge(file_id);
  const content = await story.api(`/v1/files/${copied.file_id}/content`, { redirect: "follow" });
  expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
  await purge(copied.file_id);
  expect(await objects()).toBe(before);
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
