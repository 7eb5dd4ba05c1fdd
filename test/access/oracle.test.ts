import { expect, test } from "vitest";
import { SEED } from "#test/support/property-seed.ts";
import { checkDecisions } from "./check-decisions.ts";

/** `npm run test:access` asks 10,000. */
const CASES = 1_500;

test("the decision is the oracle's, whatever is asked and whatever has happened", {
  timeout: 120_000,
}, async () => {
  const { verdicts, happenings, roundTrips } = await checkDecisions({ cases: CASES, seed: SEED });
  // Nothing of it is left out.
  for (const verdict of ["allowed", "own", "forbidden", "no scope", "hidden"])
    expect(verdicts[verdict], verdict).toBeGreaterThan(CASES / 75);
  expect(Object.keys(happenings)).toHaveLength(14);
  for (const trips of [0, 1, 2])
    expect(roundTrips[trips], `${trips} round trips`).toBeGreaterThan(CASES / 20);
});
