import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deps, newId } from "#core/deps.ts";
import { finalizeUpload } from "#core/finalize-upload.ts";
import { signParts } from "#core/sign-parts.ts";
import { startUpload } from "#core/start-upload.ts";
import { put } from "#test/support/uploads.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:write", "shares:write");
});
afterAll(() => world.close());

/** Wraps every AWS call of `deps`; `rounds` is the longest chain of calls that waited for one another. */
function counting(deps: Deps): { deps: Deps; rounds: () => number; calls: string[] } {
  let ended = 0;
  const calls: string[] = [];
  const local = new Set(["sign", "signGet", "signParts"]);
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

const call = () => ({
  caller: {
    client_id: client.client_id,
    name: client.name,
    scopes: new Set(["files:read", "files:write", "shares:write"] as const),
    default_workspace: client.workspace_id,
    workspaces: { [client.workspace_id]: client.name },
  },
  requestId: newId("job", 0),
  record: () => [],
});

/** Starts, sends and finalizes as a fresh execution environment does; gives the round trips of each. */
async function travel(filename: string, size: number | undefined = 5, content = "hello") {
  const starting = counting(world.anotherEnvironment());
  const session = await startUpload(starting.deps, call(), { filename, size, if_exists: "version" });
  if (content !== "") await put(session.parts[0]?.url, content);
  const finalizing = counting(world.anotherEnvironment());
  const answer = await finalizeUpload(finalizing.deps, call(), session.upload_id, {});
  expect(answer.share_url).not.toBeNull();
  const again = counting(world.anotherEnvironment());
  expect(await finalizeUpload(again.deps, call(), session.upload_id, {})).toEqual(answer);
  return { start: starting.rounds(), finalize: finalizing.rounds(), again: again.rounds() };
}

test("sequential round trips stay within the budget", async () => {
  await travel("folder/first.txt");
  const measured = {
    "a new file in the root": await travel("root.txt"),
    "a version in the root": await travel("root.txt"),
    "a new file in a folder": await travel("folder/new.txt"),
    "a version in a folder": await travel("folder/new.txt"),
    "an empty file": await travel("empty.txt", 0, ""),
  };
  console.table(measured);
  const start = Object.values(measured).map((rounds) => rounds.start);
  // A name that is taken below the root costs one more, to mend the session.
  expect(start).toEqual([2, 2, 2, 3, 2]);
  for (const { finalize } of Object.values(measured)) expect(finalize).toBeLessThanOrEqual(5);
  for (const { again } of Object.values(measured)) expect(again).toBeLessThanOrEqual(2);
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
