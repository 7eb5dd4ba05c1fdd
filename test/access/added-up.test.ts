/** Grants add up also where one of them alone would let a call begin: on the workspace, and on a folder far above. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const SCOPES = ["files:read", "files:write", "files:delete", "locks:write", "shares:write"] as const;

let world: World;
let owner: Client;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client(...SCOPES, "grants:write", "webhooks:write", "locks:break", "workspaces:write");
  await send(owner, "a/b/c/d/file.txt");
  const root = await owner.request(`/v1/workspaces/${owner.workspace_id}/files`);
  const { items } = (await root.json()) as { items: { name: string; folder_id: string }[] };
  folder = items.find(({ name }) => name === "a")?.folder_id ?? "";
});
afterAll(() => world.close());

function send(client: Client, path: string, fields: Record<string, string> = {}): Promise<Response> {
  const form = new FormData();
  form.set("file", new Blob(["hello"]), path);
  form.set("workspace", owner.workspace_id);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return client.request("/v1/files/upload", { method: "POST", body: form });
}

async function granted(role: string, on: string): Promise<Client> {
  const client = await world.client(...SCOPES);
  await grant(client, "contributor", owner.workspace_id);
  await grant(client, role, on);
  return client;
}

async function grant({ client_id }: Client, role: string, on: string): Promise<void> {
  const kind = on.startsWith("ws_") ? "workspaces" : "folders";
  const json = { principal_id: client_id, role };
  expect((await owner.request(`/v1/${kind}/${on}/grants`, { json })).status).toBe(201);
}

test("a contributor of the workspace makes no version of what others made, and no link", async () => {
  const client = await granted("viewer", folder);
  expect(await refusal(send(client, "a/b/c/d/file.txt"))).toEqual([403, "forbidden"]);
  const json = { filename: "a/b/c/d/file.txt", size: 5, workspace: owner.workspace_id };
  expect(await refusal(client.request("/v1/uploads", { json }))).toEqual([403, "forbidden"]);
  const sent = await read(finalizeAnswer, send(client, "a/b/c/d/new.txt"));
  expect(sent.share_url).toBeNull();
});

test("with an editor's grant on a folder far above it writes below that, and nowhere else", async () => {
  const client = await granted("editor", folder);
  expect((await send(client, "a/b/c/d/file.txt")).status).toBe(200);
  const json = { filename: "a/b/c/d/file.txt", size: 5, workspace: owner.workspace_id };
  expect((await client.request("/v1/uploads", { json })).status).toBe(201);
  await send(owner, "elsewhere/file.txt");
  expect(await refusal(send(client, "elsewhere/file.txt"))).toEqual([403, "forbidden"]);
});

test("with a manager's it gets a link to what it sends there, and none elsewhere", async () => {
  const client = await granted("manager", folder);
  expect((await read(finalizeAnswer, send(client, "a/b/linked.txt"))).share_url).not.toBeNull();
  expect((await read(finalizeAnswer, send(client, "elsewhere/unlinked.txt"))).share_url).toBeNull();
});
