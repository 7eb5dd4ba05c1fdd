/** Places for calls that wait: whoever takes and gives back, at once or twice, nobody is past its share for long. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { hashRooms } from "#core/kernel/in-hash-place.ts";
import { type Room, sharedRooms, takePlace } from "#core/kernel/take-place.ts";
import { inProcessDynamoDb } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";

const PLACES = 5;
/** What a client may have of them who is alone. */
const SHARE = 3;
const LIFE_MS = 30_000;
const CLIENTS = ["cli_A", "cli_B", "cli_C"] as const;

/** The places, over a network on which every call may be sent twice. */
function room() {
  let now = Date.UTC(2026, 0, 1);
  let twice = false;
  const engine = inProcessDynamoDb(spec, () => now);
  const client = engine.client(async (sent) => {
    if (twice) await sent.run();
    return sent.run();
  });
  async function takeIn(rooms: readonly Room[]): Promise<(() => Promise<void>) | undefined> {
    const deps = { table: createTable(client, spec.name), now: () => now };
    const taken = await takePlace(deps, "lock", rooms);
    return "giveBack" in taken ? taken.giveBack : undefined;
  }
  return {
    /** As a new environment does, that knows nothing of refusals. */
    take: (clientId: string, places = PLACES) => takeIn(sharedRooms(clientId, places)),
    takeIn,
    /** Members of each set. */
    async stored() {
      const [item = {}] = await createTable(client, spec.name).batchGet([keys.places("lock")]);
      return Object.entries(item).flatMap(([name, value]) =>
        value instanceof Set ? [[name, value.size] as const] : [],
      );
    },
    sendTwice(value: boolean) {
      twice = value;
    },
    advance(ms: number) {
      now += ms;
    },
    now: () => now,
    close: () => engine.close(),
    [Symbol.asyncDispose]: async () => engine.close(),
  };
}

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("take" as const),
      by: fc.array(fc.constantFrom(...CLIENTS), { minLength: 1, maxLength: 6 }),
    }),
    fc.record({ do: fc.constant("give_back" as const), which: fc.nat(20) }),
    // Its environment is killed: the place is never given back.
    fc.record({ do: fc.constant("die" as const), which: fc.nat(20) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
  ),
  { maxLength: 30 },
);

test("a place is refused only where the share or all are taken, and given only where they aren't", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (all, twice) => {
      await using places = room();
      places.sendTwice(twice);
      /** Places as the rule has them: until they are given back, or for 30 s. */
      let model: { by: string; until: number; giveBack: (() => Promise<void>) | undefined }[] = [];
      for (const step of all) {
        model = model.filter(({ until }) => until > places.now());
        if (step.do === "pass") places.advance(step.ms);
        if (step.do === "die") {
          const one = model[step.which];
          if (one !== undefined) one.giveBack = undefined;
        }
        if (step.do === "give_back") {
          const one = model[step.which];
          if (one?.giveBack === undefined) continue;
          await one.giveBack();
          model = model.filter((other) => other !== one);
        }
        if (step.do !== "take") continue;
        // At once: who of them wins is theirs, how many is not.
        const before = model.length;
        const answers = await Promise.all(step.by.map((by) => places.take(by)));
        for (const [index, giveBack] of answers.entries()) {
          const by = step.by[index] ?? "";
          if (giveBack !== undefined) model.push({ by, until: places.now() + LIFE_MS, giveBack });
        }
        const of = (by: string) => model.filter((one) => one.by === by).length;
        expect(model.length).toBeLessThanOrEqual(PLACES);
        for (const by of CLIENTS) expect(of(by)).toBeLessThanOrEqual(SHARE);
        for (const [index, giveBack] of answers.entries()) {
          const by = step.by[index] ?? "";
          // One more would be more than half, rounded up, of what the others leave.
          const halfLeft = Math.ceil((PLACES - (model.length - of(by))) / 2);
          if (giveBack === undefined) expect(of(by)).toBeGreaterThanOrEqual(halfLeft);
        }
        expect(model.length).toBeGreaterThanOrEqual(before);
      }
      // What has ended takes no room for ever.
      places.advance(LIFE_MS);
      const last = await Promise.all(CLIENTS.flatMap((by) => [by, by, by]).map((by) => places.take(by)));
      for (const by of ["cli_D", "cli_E"]) last.push(await places.take(by));
      expect(last.filter((one) => one !== undefined)).toHaveLength(PLACES);
      for (const giveBack of last) await giveBack?.();
      expect(await places.stored()).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("a refusal says which room is full, and is known for half a second without a write", async () => {
  await using places = room();
  let calls = 0;
  const engine = inProcessDynamoDb(spec, places.now);
  const table = createTable(
    engine.client((sent) => {
      calls += 1;
      return sent.run();
    }),
    spec.name,
  );
  const take = (by: string, kind: "events" | "hash" = "events") =>
    takePlace({ table, now: places.now }, kind, sharedRooms(by, PLACES));
  const got = async (by: string) => {
    const taken = await take(by);
    if ("full" in taken) throw new Error(`${taken.full.name} is full`);
    return taken.giveBack;
  };
  const own = [await got("cli_A"), await got("cli_A"), await got("cli_A")];
  expect(await take("cli_A")).toEqual({ full: { name: "cli_A", max: SHARE } });
  await got("cli_B");
  expect(await take("cli_B")).toEqual({ full: { name: "cli_B", max: 1 } });
  await got("cli_D");
  const before = calls;
  for (let count = 0; count < 50; count++)
    expect(await take("cli_A")).toMatchObject({ full: { name: "cli_A" } });
  expect(calls).toBe(before);
  expect(await take("cli_C")).toEqual({ full: { name: "all", max: PLACES } });
  // Another kind has places of its own.
  expect(await take("cli_A", "hash")).toHaveProperty("giveBack");
  for (const giveBack of own.slice(1)) await giveBack();
  await (await got("cli_A"))();
  places.advance(500);
  await got("cli_C");
  engine.close();
});

/** What each gets who takes all that it may, one after the other, whatever order they ask in. */
test.each([
  [1, [1]],
  [3, [2, 1]],
  [20, [10, 5, 3, 1, 1]],
  [40, [20, 10, 5, 3, 1, 1]],
  // Of very many, roughly: an expression has so many steps.
  [70, [35, 17, 9, 5, 2, 1, 1]],
])("of %i places greedy clients get %j", async (count, shares) => {
  await using places = room();
  const got: number[] = [];
  for (const [index] of shares.entries()) {
    let taken = 0;
    while ((await places.take(`cli_${index}`, count)) !== undefined) taken += 1;
    got.push(taken);
  }
  expect(got).toEqual(shares);
  expect(await places.take("cli_last", count)).toBeUndefined();
});

test("who may have some in any case has them, where there are any", async () => {
  await using places = room();
  const from = (source: string) => hashRooms({ source }, 20);
  const got: number[] = [];
  for (const source of ["a", "b", "c", "d"]) {
    let taken = 0;
    while ((await places.takeIn(from(source))) !== undefined) taken += 1;
    got.push(taken);
  }
  expect(got).toEqual([5, 3, 2, 0]);
  expect(await places.take("cli_A", 20)).toBeDefined();
});

test.each([
  [1, [1, 0]],
  [3, [1, 1, 0]],
  [6, [2, 1, 0]],
  [8, [2, 2, 0]],
])("of %i places for hashing sources get %j, and none gets all", async (count, shares) => {
  await using places = room();
  const got: number[] = [];
  for (const [index] of shares.entries()) {
    let taken = 0;
    while ((await places.takeIn(hashRooms({ source: `${index}` }, count))) !== undefined) taken += 1;
    got.push(taken);
  }
  expect(got).toEqual(shares);
});

test("of as many places as anybody may want the write is no longer than DynamoDB takes", async () => {
  await using places = room();
  const all = { name: "all", max: 100_000 };
  const visitors = { name: "visitors", of: all };
  const from = { name: `from_${"f".repeat(16)}`, of: visitors, least: 2 };
  for (let taken = 0; taken < 3; taken++) expect(await places.takeIn([from, visitors, all])).toBeDefined();
});
