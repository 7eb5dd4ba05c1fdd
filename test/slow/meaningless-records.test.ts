/**
 * One record that means nothing at every consumer of a queue or stream: the others are handled, it ends in the dead letters under
 * an alarm, and nothing else does. What is refused, hangs or blocks its function is in `poison.test.ts`, sweeps are in
 * `test/kernel/poison.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { newId } from "#core/kernel/ids.ts";
import { resources, synth } from "#test/lib/synth.ts";
import { consumers, type PoisonWorld, startPoisonWorld } from "#test/support/poison-world.ts";

const MEANINGLESS = ["{not JSON", '{"of": "another kind"}'];

let world: PoisonWorld;
beforeAll(async () => {
  world = await startPoisonWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test("every consumer of the template has its case, dead letters and an alarm on them", () => {
  const { service } = synth();
  const mappings = resources(service, "AWS::Lambda::EventSourceMapping").map(([id]) => id.slice(0, -8));
  // Where a batch failed twice its messages come one by one, to the same function.
  const named = mappings.map((id) => id.replace(/Alone(?=Mapping$)/, ""));
  expect(new Set(named)).toEqual(new Set(Object.keys(consumers)));
  const alarmed = resources(service, "AWS::CloudWatch::Alarm").flatMap(([, { Properties }]) =>
    Properties.MetricName === "ApproximateNumberOfMessagesVisible"
      ? [Properties.Dimensions[0].Value["Fn::GetAtt"][0]]
      : [],
  );
  for (const { deadLetters } of Object.values(consumers))
    expect(alarmed).toContainEqual(expect.stringMatching(new RegExp(`^${deadLetters}[0-9A-F]{8}$`)));
});

describe.each(Object.entries(consumers))("%s", (_, consumer) => {
  const { function: name, queue, deadLetters } = consumer;

  test("a record that means nothing keeps no other", async () => {
    const good = Array.from({ length: 3 }, consumer.newId);
    const foreign = keys.event(newId("evt", Date.now()));
    if (queue === undefined)
      await world.story.table.put({ blind: "seeded", put: { ...foreign, body: 5, of: ["another kind"] } });
    else await world.send(queue, MEANINGLESS);
    await consumer.plant(world, good);
    await world.until(() => good.every((id) => consumer.done(world, id)));
    if (queue === undefined) {
      // The alarm goes by this: a record that can't be read never will be, so it isn't tried again.
      expect(world.logged(name)).toContainEqual(expect.objectContaining({ PutAside: 1 }));
      await world.story.table.remove({ blind: "seeded", remove: foreign });
    }
    // A tick says all by coming.
    else if (!consumer.alike)
      await world.until(async () => {
        const dead = await world.deadLetters(deadLetters);
        return MEANINGLESS.every((body) => dead.includes(body));
      });
  });
});
