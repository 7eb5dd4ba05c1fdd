import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { rootFolder } from "#core/access/place.ts";
import { findFolder } from "#core/files/find-folder.ts";
import { makeFolders } from "#core/files/make-folders.ts";
import { newId } from "#core/kernel/ids.ts";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const workspace = () => newId("ws", world.deps.now());

test("makes what is missing of a path, and finds what is there in one read", async () => {
  const ws = workspace();
  const c = await makeFolders(world.deps, ws, ["a", "b", "c"]);
  expect(await findFolder(world.deps, ws, { segments: ["a", "b", "c"] })).toBe(c);
  const d = await makeFolders(world.deps, ws, ["a", "b", "d"]);
  expect(d).not.toBe(c);
  world.traces.length = 0;
  expect(await makeFolders(world.deps, ws, ["a", "b", "c"])).toBe(c);
  expect(world.traces.map(({ action }) => action)).toEqual(["BatchGetItem"]);
  expect(await makeFolders(world.deps, ws, [])).toBe(rootFolder(ws));
});

test("many at once make each folder once", async () => {
  const ws = workspace();
  const paths = ["x", "x/y", "x/y/z", "x/y/z", "x/y/w", "x/y/z/1", "x/y/z/2"].map((path) => path.split("/"));
  const made = await Promise.all(paths.map((path) => makeFolders(world.deps, ws, path)));
  expect(made[2]).toBe(made[3]);
  for (const [index, path] of paths.entries()) {
    expect(await findFolder(world.deps, ws, { segments: path })).toBe(made[index]);
  }
  const { items } = await world.deps.table.query({
    where: "#pk = :pk",
    values: { pk: keys.entry(made[1] ?? "", "").pk },
  });
  expect(items.map((item) => item["sk"])).toEqual(["w", "z"]);
});

test("a path is found without its hint, which only saves the walk", async () => {
  const ws = workspace();
  const folder = await makeFolders(world.deps, ws, ["p", "q"]);
  for (const path of ["p", "p/q"])
    await world.deps.table.remove({ blind: "seeded", remove: keys.pathHint(ws, path) });
  expect(await findFolder(world.deps, ws, { segments: ["p", "q"] })).toBe(folder);
  expect(await makeFolders(world.deps, ws, ["p", "q"])).toBe(folder);
});

test("as deep as paths may go", async () => {
  const ws = workspace();
  const segments = Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(100, "ä"));
  const folder = await makeFolders(world.deps, ws, segments);
  expect(await findFolder(world.deps, ws, { segments })).toBe(folder);
});

test("who loses the race for a deep path finds what the winner made in one round, with hints or without", async () => {
  const segments = Array.from({ length: 32 }, (_, n) => `level-${n}`);
  for (const hints of [true, false]) {
    const ws = workspace();
    const { table } = world.deps;
    let won: Promise<string> | undefined;
    const late = {
      ...world.deps,
      table: {
        ...table,
        async transact(writes: Parameters<typeof table.transact>[0]) {
          if (won === undefined) {
            won = makeFolders(world.deps, ws, segments);
            await won;
            const paths = segments.map((_, level) => segments.slice(0, level + 1).join("/"));
            if (!hints)
              for (const path of paths)
                await table.remove({ blind: "seeded", remove: keys.pathHint(ws, path) });
          }
          lost += 1;
          await table.transact(writes);
        },
      },
    };
    let lost = 0;
    expect(await makeFolders(late, ws, segments)).toBe(await won);
    expect(lost).toBe(1);
  }
});
