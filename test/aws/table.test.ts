/** What the table's operations refuse, or do once: the rules of writes, where they can be checked. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { type Changes, copyOf, expressionOf, ifNone, plus } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const setting = z.object({ value: z.number() });
const read = (name: string) => world.deps.table.get(setting, keys.setting(name));

test("a batch of keys that has one twice is refused, with the key", async () => {
  const [one, other] = [keys.setting("one"), keys.setting("other")];
  await expect(world.deps.table.batchGet([one, other, { ...one }])).rejects.toThrow(
    'batchGet was given ["SETTING","one"] twice',
  );
  expect(await world.deps.table.batchGet([one, other])).toEqual([]);
});

test("what is added is added once: a second sending changes nothing of what has become of it", async () => {
  const key = keys.setting("added");
  await world.deps.table.add({ ...key, value: 1 });
  await world.deps.table.update({
    key,
    update: { set: { value: 2 } },
    condition: "attribute_exists(#pk)",
  });
  await world.deps.table.add({ ...key, value: 1 });
  expect(await read("added")).toMatchObject({ value: 2 });
});

/** As one that was put together elsewhere, where the compiler doesn't see what it holds. */
const COUNTING: [string, Changes][] = [
  ["ADD #value :value", { add: { value: 1 } }],
  ["SET #value = #value + :value", { set: { value: plus(1) } }],
];

test.each(COUNTING)("an update that counts, alone, says a word on its repeat: %s", async (text, update) => {
  const write = { key: keys.setting("counted"), update: { ...update, add: undefined }, blind: "a test" };
  Object.assign(write.update, update);
  await expect(world.deps.table.update(write)).rejects.toThrow(
    `"${text}" counts again where it is sent again`,
  );
  expect(await read("counted")).toBeUndefined();
});

test.each(COUNTING)("a transaction that counts asks for something: %s", async (text, update) => {
  const write = { key: keys.setting("counted"), update };
  await expect(world.deps.table.transact([write])).rejects.toThrow(`"${text}" counts again`);
  expect(await read("counted")).toBeUndefined();
});

describe("an update", () => {
  test.each<[string, Changes, string, object]>([
    [
      "sets, removes and adds",
      { set: { a: 1, "m.b": 2 }, remove: ["c", "m.d"], add: { n: 1, s: new Set(["x"]) } },
      "SET #a = :a, #m.#b = :m_b REMOVE #c, #m.#d ADD #n :n, #s :s",
      { a: 1, m_b: 2, n: 1, s: new Set(["x"]) },
    ],
    ["takes from sets", { delete: { s: new Set(["x"]) } }, "DELETE #s :s", { s: new Set(["x"]) }],
    ["leaves what is undefined", { set: { a: undefined, b: null } }, "SET #b = :b", { b: null }],
    [
      "computes what it sets",
      { set: { a: ifNone(1), b: copyOf("m.c"), d: copyOf("e", 0), n: plus(2) } },
      "SET #a = if_not_exists(#a, :a), #b = #m.#c, #d = if_not_exists(#e, :d), #n = #n + :n",
      { a: 1, d: 0, n: 2 },
    ],
    [
      "computes from several",
      { set: { a: ifNone(copyOf("b", 1)), c: copyOf("d", copyOf("c")) } },
      "SET #a = if_not_exists(#a, if_not_exists(#b, :a)), #c = if_not_exists(#d, #c)",
      { a: 1 },
    ],
  ])("%s", (_, changes, expression, values) => {
    expect(expressionOf(changes)).toEqual({ expression, values });
  });

  test("does so in the table, and its condition may ask for what is set", async () => {
    const key = keys.setting("changed");
    const { table } = world.deps;
    await table.put({
      put: { ...key, map: { in: 1, out: 1 }, gone: 1, names: new Set(["a", "b"]) },
      blind: "a test",
    });
    const write = {
      key,
      update: {
        set: { "map.in": 2, copied: copyOf("gone"), first: ifNone("first") },
        remove: ["gone", "map.out"],
        delete: { names: new Set(["b"]) },
      },
      condition: "attribute_not_exists(#first) OR #first = :first AND #map.#in <> :seen",
      values: { seen: 2 },
    };
    expect(await table.update(write)).toEqual({
      ...key,
      ...{ map: { in: 2 }, copied: 1, first: "first", names: new Set(["a"]) },
    });
    await expect(table.update(write)).rejects.toThrow(ConditionFailed);
  });

  test("refuses a value of its condition that has the name of another that it sets", async () => {
    const write = { key: keys.setting("named"), update: { set: { "a.b": 2 } }, condition: "#a.#b = :a_b" };
    const update = (values: Item) => world.deps.table.update({ ...write, values });
    await expect(update({ a_b: 1 })).rejects.toThrow(
      ":a_b is what the update gives a.b, and has another value",
    );
    await expect(update({ a_b: 2 })).rejects.toThrow(ConditionFailed);
  });

  test.each<[Changes]>([[{}], [{ set: { a: undefined }, remove: [], add: {} }]])(
    "that changes nothing is refused: %o",
    async (changes) => {
      const write = { key: keys.setting("same"), update: changes };
      await expect(world.deps.table.transact([write])).rejects.toThrow("The update changes nothing");
    },
  );
});

test("a blind put writes over what stands; one that says neither why nor when doesn't compile", async () => {
  const put = { ...keys.setting("typed"), value: 1 };
  // @ts-expect-error neither
  void (() => world.deps.table.put({ put }));
  // @ts-expect-error neither, in a transaction
  void (() => world.deps.table.transact([{ put }]));
  // @ts-expect-error an update alone
  void (() => world.deps.table.update({ key: put, update: { set: { value: 1 } } }));
  // @ts-expect-error an update alone that adds, without a word on its repeat
  void (() => world.deps.table.update({ key: put, update: { add: { value: 1 } }, blind: "a test" }));
  // @ts-expect-error a removal alone
  void (() => world.deps.table.remove({ remove: put }));
  // @ts-expect-error one of the two, not both
  void (() => world.deps.table.put({ put, blind: "a test", condition: "attribute_not_exists(#pk)" }));
  for (const value of [1, 2]) await world.deps.table.put({ put: { ...put, value }, blind: "a test" });
  expect(await read("typed")).toMatchObject({ value: 2 });
});
