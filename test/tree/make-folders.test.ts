import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { rootFolder } from "#core/access/place.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { hintedWay, lastOf, walkOn } from "#core/tree/way.ts";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const workspace = () => newId("ws", world.deps.now());

async function make(workspace_id: string, path: readonly string[], deps: TableDeps = world.deps) {
  return lastOf({ workspace_id, trail: await makeFolders(deps, workspace_id, path) });
}

async function find(workspace_id: string, path: readonly string[]) {
  const way = await walkOn(world.deps, await hintedWay(world.deps, workspace_id, path), path);
  return way.isWhole ? lastOf(way) : undefined;
}

test("makes what is missing of a path, and finds what is there in two reads", async () => {
  const ws = workspace();
  const c = await make(ws, ["a", "b", "c"]);
  expect(await find(ws, ["a", "b", "c"])).toBe(c);
  const d = await make(ws, ["a", "b", "d"]);
  expect(d).not.toBe(c);
  world.traces.length = 0;
  expect(await make(ws, ["a", "b", "c"])).toBe(c);
  expect(world.traces.map(({ action }) => action)).toEqual(["BatchGetItem", "BatchGetItem"]);
  expect(await make(ws, [])).toBe(rootFolder(ws));
});

test("many at once make each folder once", async () => {
  const ws = workspace();
  const paths = ["x", "x/y", "x/y/z", "x/y/z", "x/y/w", "x/y/z/1", "x/y/z/2"].map((path) => path.split("/"));
  const made = await Promise.all(paths.map((path) => make(ws, path)));
  expect(made[2]).toBe(made[3]);
  for (const [index, path] of paths.entries()) {
    expect(await find(ws, path)).toBe(made[index]);
  }
  const { items } = await world.deps.table.query({
    where: "#pk = :pk",
    values: { pk: keys.entry(made[1] ?? "", "").pk },
  });
  expect(items.map((item) => item["sk"])).toEqual(["w", "z"]);
});

test("a path is found without its hint, which only saves the walk", async () => {
  const ws = workspace();
  const folder = await make(ws, ["p", "q"]);
  for (const path of ["p", "p/q"])
    await world.deps.table.remove({ blind: "seeded", remove: keys.pathHint(ws, path) });
  expect(await find(ws, ["p", "q"])).toBe(folder);
  expect(await make(ws, ["p", "q"])).toBe(folder);
});

test("as deep as paths may go", async () => {
  const ws = workspace();
  const segments = Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(100, "ä"));
  const folder = await make(ws, segments);
  expect(await find(ws, segments)).toBe(folder);
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
            won = make(ws, segments);
            await won;
            const paths = segments.map((_, level) => segments.slice(0, level + 1).join("/"));
            if (!hints)
              for (const path of paths)
                await table.remove({ blind: "seeded", remove: keys.pathHint(ws, path) });
          }
          await table.transact(writes).catch((error: unknown) => {
            lost += 1;
            throw error;
          });
        },
      },
    };
    let lost = 0;
    expect(await make(ws, segments, late)).toBe(await won);
    expect(lost).toBe(1);
  }
});
