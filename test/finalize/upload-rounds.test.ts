import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import type { Scope } from "#contract/scopes.ts";
import { finalizeUpload } from "#core/finalize/finalize-upload.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import type { StartRequest } from "#core/uploads/contract.ts";
import { signParts } from "#core/uploads/sign-parts.ts";
import { startUpload } from "#core/uploads/start-upload.ts";
import { callBy } from "#test/support/caller.ts";
import { put } from "#test/support/uploads.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
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
});
afterAll(() => world.close());

/** Wraps every AWS call of `deps`; `rounds` is the longest chain of calls that waited for one another. */
function counting(deps: Deps): { deps: Deps; rounds: () => number; calls: string[] } {
  let ended = 0;
  const calls: string[] = [];
  const local = new Set(["signGet", "signParts"]);
  const watch = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== "function" || local.has(String(name))) return value;
        return async (...given: unknown[]) => {
          const depth = ended + 1;
          calls.push(`${depth} ${String(name)}`);
          try {
            return await Reflect.apply(value, object, given);
          } finally {
            ended = Math.max(ended, depth);
          }
        };
      },
    });
  const watched = { ...deps, table: watch(deps.table), objects: watch(deps.objects) };
  return { deps: watched, rounds: () => ended, calls };
}

const call = (...scopes: Scope[]) =>
  callBy(
    {
      ...{ id: client.client_id, name: client.name, workspaceId: client.workspace_id },
      scopes: ["files:write", "files:delete", "locks:write", "workspaces:write", "shares:write", ...scopes],
    },
    newId("job", 0),
  );

/** Starts, sends and finalizes as a fresh execution environment does; gives the round trips of each. */
async function travel(
  filename: string,
  {
    content = "hello",
    if_exists = "version",
    scopes = ["files:read"],
  }: { content?: string; if_exists?: StartRequest["if_exists"]; scopes?: Scope[] } = {},
) {
  const starting = counting(world.anotherEnvironment());
  const size = content.length;
  const session = await startUpload(starting.deps, call(...scopes), { filename, size, if_exists });
  if (content !== "") await put(session.parts[0]?.url, content);
  const finalizing = counting(world.anotherEnvironment());
  const answer = await finalizeUpload(finalizing.deps, call(...scopes), session.upload_id, {});
  expect(answer.share_url).not.toBeNull();
  expect(answer).toMatchObject({ file_id: session.file_id, name: session.name });
  const again = counting(world.anotherEnvironment());
  expect(await finalizeUpload(again.deps, call(...scopes), session.upload_id, {})).toEqual(answer);
  return { start: starting.rounds(), finalize: finalizing.rounds(), again: again.rounds() };
}

test("sequential round trips stay within the budget", async () => {
  await travel("folder/first.txt");
  const measured = {
    "a new file in the root": await travel("root.txt"),
    "a version in the root": await travel("root.txt"),
    "a new file in a folder": await travel("folder/new.txt"),
    "a version in a folder": await travel("folder/new.txt"),
    "a version, of a client that only sends": await travel("folder/new.txt", { scopes: [] }),
    "a version in the root, of a client that only sends": await travel("root.txt", { scopes: [] }),
    "another name in the root": await travel("root.txt", { if_exists: "rename" }),
    "another name in a folder": await travel("folder/new.txt", { if_exists: "rename" }),
    "an empty file": await travel("empty.txt", { content: "" }),
  };
  console.table(measured);
  for (const [what, { start, finalize, again }] of Object.entries(measured)) {
    // Below the root the folders of the path are proved.
    const folders = what.includes("folder") || what === "a version, of a client that only sends" ? 1 : 0;
    expect([what, start, finalize <= 5, again <= 2]).toEqual([what, 2 + folders, true, true]);
  }
});

test("whatever has stood at the path before, starting takes as few", async () => {
  const name = (path: string) => ({ filename: path, size: 5, if_exists: "version" as const });
  const startAt = async (path: string) => {
    const starting = counting(world.anotherEnvironment());
    const { file_id } = await startUpload(starting.deps, call("files:read"), name(path));
    return { file_id, rounds: starting.rounds() };
  };
  const { file_id } = await startUpload(world.deps, call("files:read"), name("from/here.txt"));
  const fileId = await world.addFile(client, "from/there.txt");
  expect(file_id).not.toBe(fileId);
  const move = (json: unknown) => client.request(`/v1/files/${fileId}`, { method: "PATCH", json });
  await travel("to/other.txt");
  expect((await move({ folder: "to" })).status).toBe(200);
  expect(await startAt("to/there.txt")).toEqual({ file_id: fileId, rounds: 3 });
  expect((await move({ name: "else.txt" })).status).toBe(200);
  expect(await startAt("to/else.txt")).toEqual({ file_id: fileId, rounds: 3 });
  const anew = { file_id: expect.not.stringMatching(fileId), rounds: 3 };
  expect(await startAt("to/there.txt")).toEqual(anew);
  expect((await client.request(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  expect(await startAt("to/else.txt")).toEqual(anew);
  // A hint that lies costs one round trip more, and nothing else.
  const key = keys.fileHint(client.workspace_id, "to/else.txt");
  await world.deps.table.put({ blind: "seeded", put: { ...key, file_id: fileId } });
  expect(await startAt("to/else.txt")).toEqual({ ...anew, rounds: 4 });
});

test("signing 10,000 parts costs one read", async () => {
  const session = await startUpload(world.deps, call(), {
    filename: "many.bin",
    size: 50_000 * 1_048_576,
    part_size: 5 * 1_048_576,
    if_exists: "version",
  });
  const signing = counting(world.deps);
  await signParts(signing.deps, call(), session.upload_id, { first: 1, count: 10_000, format: "compact" });
  expect(signing.calls).toEqual(["1 get"]);
});
