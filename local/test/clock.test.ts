import { expect, test } from "vitest";
import { createClock } from "../clock.ts";

test("a task that fails is told of, and stops neither the others nor the clock", () => {
  const failures: unknown[] = [];
  const clock = createClock({ onError: (error) => failures.push(error) });
  const ran: string[] = [];
  const broken = new Error("broken");
  clock.at(clock.now() + 1_000, () => {
    throw broken;
  });
  clock.at(clock.now() + 2_000, () => ran.push("same tick"));
  clock.at(clock.now() + 90_000, () => ran.push("later"));
  clock.advance(5_000);
  expect(failures).toEqual([broken]);
  expect(ran).toEqual(["same tick"]);
  clock.advance(90_000);
  expect(ran).toEqual(["same tick", "later"]);
  clock.stop();
});

test("a task may cancel one that is due at the same time", () => {
  const clock = createClock();
  const ran: string[] = [];
  clock.at(clock.now() + 1_000, () => cancel());
  const cancel = clock.at(clock.now() + 2_000, () => ran.push("cancelled"));
  clock.advance(5_000);
  expect(ran).toEqual([]);
  clock.stop();
});
