/** What the table's operations refuse, or do once: the rules of writes, where they can be checked. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
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
    update: "SET #value = :value",
    values: { value: 2 },
    condition: "attribute_exists(#pk)",
  });
  await world.deps.table.add({ ...key, value: 1 });
  expect(await read("added")).toMatchObject({ value: 2 });
});

test.each(["ADD #value :one", "SET #value = #value + :one", "SET #value = list_append(#value, :one)"])(
  "an update that counts, alone, says a word on its repeat: %s",
  async (update) => {
    const write = { key: keys.setting("counted"), update, values: { one: 1 }, blind: "a test" };
    await expect(world.deps.table.update(write)).rejects.toThrow("say in `repeats`");
    expect(await read("counted")).toBeUndefined();
  },
);

test("a blind put writes over what stands; one that says neither why nor when doesn't compile", async () => {
  const put = { ...keys.setting("typed"), value: 1 };
  // @ts-expect-error neither
  void (() => world.deps.table.put({ put }));
  // @ts-expect-error neither, in a transaction
  void (() => world.deps.table.transact([{ put }]));
  // @ts-expect-error an update alone
  void (() => world.deps.table.update({ key: put, update: "SET #value = :one", values: { one: 1 } }));
  // @ts-expect-error a removal alone
  void (() => world.deps.table.remove({ remove: put }));
  // @ts-expect-error one of the two, not both
  void (() => world.deps.table.put({ put, blind: "a test", condition: "attribute_not_exists(#pk)" }));
  for (const value of [1, 2]) await world.deps.table.put({ put: { ...put, value }, blind: "a test" });
  expect(await read("typed")).toMatchObject({ value: 2 });
});
