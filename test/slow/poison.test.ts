/**
 * A record that is refused each time, one that hangs, and one that blocks its function's thread for good, in the midst
 * of a batch, at every consumer. Of the last Lambda ends the function, and all of the batch comes again. The others are
 * handled in the end, and only the poison is a dead letter.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsError } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumers, poisonedAssembly, startPoisonWorld } from "#test/support/poison-world.ts";

/** What a function has instead of its 30 to 110 s, in real seconds. */
const SECONDS = 4;
const refuse = () => ({ error: new AwsError("ValidationException", "no", 400) });

const dir = mkdtempSync(join(tmpdir(), "wharf-poison-"));
let assembly: string;
beforeAll(async () => {
  assembly = await poisonedAssembly(dir, SECONDS);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// Each has a cloud of its own, and waits for most of its time.
describe.concurrent.each(Object.entries(consumers))("%s", (_, consumer) => {
  const { function: name, deadLetters, batch, alike } = consumer;

  // What a tick asks for is done by kinds: nothing is done on its own behalf that could be refused or hang.
  test.for(alike ? (["blocks"] as const) : (["is refused", "hangs", "blocks"] as const))(
    "a record that %s keeps no other",
    { timeout: 300_000 },
    async (how) => {
      const [opener, poison] = [consumer.newId(), consumer.newId()];
      const good = Array.from({ length: batch }, consumer.newId);
      await using world = await startPoisonWorld({
        assembly,
        blocks: how === "blocks" ? `${name}:${poison}` : "",
      });
      // The first is held until the others have come, so that they make one batch.
      const planted = Promise.withResolvers<undefined>();
      const hold = world.onBehalf(opener, name, () => planted.promise);
      const bad = world.onBehalf(poison, name, how === "hangs" ? world.hang : refuse);
      world.story.cloud.setFaults((call) => hold(call) ?? (how === "blocks" ? undefined : bad(call)));
      await consumer.plant(world, [opener, poison, ...good]);
      planted.resolve(undefined);
      await world.until(() => [opener, ...good].every((id) => consumer.done(world, id)));
      await world.until(async () => (await world.deadLetters(deadLetters)).length > 0);
      if (alike) return;
      const dead = (await world.deadLetters(deadLetters)).join();
      for (const id of [opener, ...good]) expect(dead).not.toContain(id);
    },
  );
});
