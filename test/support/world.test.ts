import type { Fault } from "@wharf/local-cloud";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ retries: true });
});
afterEach(() => world.setFault());
afterAll(() => world.close());

const counter = z.object({ n: z.number() });
const key = (pk: string) => ({ pk, sk: "-" });

test.each<[Fault, number]>([
  ["before", 1],
  ["after", 2],
  [{ late: { afterMs: 60_000 }, answered: false }, 2],
  [{ late: { afterMs: 60_000 }, answered: true }, 2],
])("a verb's client tries again through %j", async (fault, times) => {
  const pk = `retried-${JSON.stringify(fault)}`;
  let calls = 0;
  world.setFault(({ action }) => (action === "UpdateItem" && calls++ === 0 ? fault : undefined));
  await world.deps.table.update({
    blind: "a test",
    repeats: "a test",
    key: key(pk),
    update: { add: { n: 1 } },
  });
  world.advanceServices(60_000);
  await world.late.arrived();
  expect(await world.deps.table.get(counter, key(pk), { consistent: true })).toEqual({ n: times });
});

test("another environment's clock may be ahead", () => {
  world.stopClock();
  const ahead = world.anotherEnvironment({ clockOffsetMs: 3_000 });
  expect(ahead.now() - world.deps.now()).toBe(3_000);
});
