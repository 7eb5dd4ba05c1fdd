import { expect, test } from "vitest";
import { checkLocks } from "#test/support/lock-model.ts";
import { SEED } from "#test/support/property-seed.ts";

/** More for a longer look; a failure names the seed to repeat it with. */
const runs = Number(process.env["WHARF_RUNS"] ?? 150);

test("whatever fails, a lock has one live holder and no late writer wins", {
  timeout: 60_000 + runs * 1_000,
}, async () => {
  const report = await checkLocks({ runs, seed: SEED });
  console.log(JSON.stringify(report));
  for (const of of [report.operations, report.faults]) expect(Object.keys(of).length).toBeGreaterThan(5);
});
