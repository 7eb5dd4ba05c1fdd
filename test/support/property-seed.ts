/**
 * Properties and models meet the same values in every run, so that a red one is the change's own:
 * `npm run test:properties` gives them others.
 */
import process from "node:process";
import fc from "fast-check";

const given = process.env["WHARF_SEED"];
export const SEED = Number(given ?? 1);

/** How many cases there are in `npm test`, which meets the same ones each time, and how many by a seed that is given. */
export const cases = (inEveryRun: number, { bySeed }: { bySeed: number }): number =>
  given === undefined ? inEveryRun : bySeed;

// Vitest runs this before each file.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
