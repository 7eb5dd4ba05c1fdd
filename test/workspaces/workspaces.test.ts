import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

let world: World;
let one: Client;
let other: Client;

beforeAll(async () => {
  world = await startWorld();
  one = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
  other = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
});
afterAll(() => world.close());

const startIn = (client: Client, workspace: string) =>
  uploader(client).start({ filename: "a.txt", size: 1, workspace });
const filesIn = (client: Client, workspace: string) => client.request(`/v1/workspaces/${workspace}/files`);

test("two clients have a workspace of one name each, and neither meets the other's", async () => {
  const [first, second] = await Promise.all([startIn(one, "reports"), startIn(other, "reports")]);
  expect(second.workspace_id).not.toBe(first.workspace_id);
  expect((await startIn(one, "reports")).workspace_id).toBe(first.workspace_id);
  for (const client of [one, other]) expect((await filesIn(client, "reports")).status).toBe(200);
  expect((await filesIn(other, first.workspace_id)).status).toBe(404);
  // Not even a client's own workspace takes a name away from others.
  expect((await startIn(one, other.name)).workspace_id).not.toBe(other.workspace_id);
});

test("a client's requests that name a new workspace at once make one", async () => {
  const started = await Promise.all(Array.from({ length: 8 }, () => startIn(one, "together")));
  expect(new Set(started.map(({ workspace_id }) => workspace_id)).size).toBe(1);
});

test("clients may have one name, and each a workspace of it", async () => {
  const given = {
    name: "twins",
    scopes: ["files:write", "files:delete", "locks:write", "workspaces:write"] as const,
  };
  const [a, b] = await Promise.all([createClient(world.deps, given), createClient(world.deps, given)]);
  expect([a.workspace, b.workspace]).toEqual(["twins", "twins"]);
  expect(a.workspace_id).not.toBe(b.workspace_id);
});

test("a name of an own and a shared workspace is the own one's, and the other is said by id", async () => {
  const { workspace_id: own } = await startIn(one, "shared");
  const { workspace_id: theirs } = await startIn(other, "shared");
  await shareWorkspace(world.deps, { clientId: one.client_id, workspaceId: theirs });
  expect((await startIn(one, "shared")).workspace_id).toBe(own);
  for (const id of [own, theirs]) expect((await filesIn(one, id)).status).toBe(200);
  expect((await startIn(one, theirs)).workspace_id).toBe(theirs);
});

test("a name that isn't there is refused with those that are", async () => {
  const { status, detail } = await read(problem, filesIn(other, "reprots"));
  expect(status).toBe(404);
  expect(detail).toContain("reports");
  expect(detail).not.toContain("together");
});

test("an admin names others' workspaces by id, or by a name that one alone has", async () => {
  const admin = await world.client("admin");
  for (const ref of [one.workspace_id, one.name]) expect((await filesIn(admin, ref)).status).toBe(200);
  await Promise.all([startIn(one, "each-has"), startIn(other, "each-has")]);
  const { code, detail } = await read(problem, filesIn(admin, "each-has"));
  expect(code).toBe("workspace_ambiguous");
  expect(detail).toContain("by its id");
  expect((await read(problem, filesIn(admin, "nobody-has"))).detail).toContain(
    `By name it knows ${admin.name};`,
  );
});

test.each(["constructor", "valueOf", "toString"])("%s is a name like any other", async (name) => {
  expect((await filesIn(one, name)).status).toBe(404);
});
