/**
 * One poisoned record at every consumer of a queue or stream: the others are handled, it ends in the dead letters under
 * an alarm, and nothing else does. What hangs or blocks its function is in `test/slow/poison.test.ts`, sweeps are in
 * `test/core/poison.test.ts`.
 */
import { describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { newId } from "#core/deps.ts";
import { AwsError } from "#local/types.ts";
import { resources, synth } from "#test/lib/synth.ts";
import { consumers, startPoisonWorld } from "#test/support/poison-world.ts";

const refused = () => ({ error: new AwsError("ValidationException", "no", 400) });

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
  const { function: name, queue, deadLetters, batch } = consumer;

  test("a record that means nothing keeps no other", async () => {
    await using world = await startPoisonWorld();
    const good = Array.from({ length: 3 }, consumer.newId);
    const foreign = keys.event(newId("evt", Date.now()));
    if (queue === undefined)
      await world.story.table.put({ put: { ...foreign, body: 5, of: ["another kind"] } });
    else await world.send(queue, ["{not JSON", '{"of": "another kind"}']);
    await consumer.plant(world, good);
    await world.until(() => good.every((id) => consumer.done(world, id)));
    if (queue === undefined) {
      // The alarm goes by this: a record that can't be read never will be, so it isn't tried again.
      expect(world.logged(name)).toContainEqual(expect.objectContaining({ PutAside: 1 }));
      await world.story.table.remove({ remove: foreign });
    }
    // A tick says all by coming.
    else if (!consumer.alike)
      await world.until(async () => (await world.deadLetters(deadLetters)).length === 2);
  });

  // What a tick asks for is done by kinds, each with its own poison.
  test.skipIf(consumer.alike)("a record that is refused each time keeps no other", async () => {
    await using world = await startPoisonWorld();
    const poison = consumer.newId();
    const good = Array.from({ length: batch + 1 }, consumer.newId);
    world.story.cloud.setFaults(world.onBehalf(poison, name, refused));
    await consumer.plant(world, [...good.slice(0, 1), poison, ...good.slice(1)]);
    await world.until(() => good.every((id) => consumer.done(world, id)));
    await world.until(async () => (await world.deadLetters(deadLetters)).length > 0);
    const dead = await world.deadLetters(deadLetters);
    for (const id of good) expect(dead.join()).not.toContain(id);
    world.story.cloud.setFaults(undefined);
  });
});
