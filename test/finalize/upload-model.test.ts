import { expect, test } from "vitest";
import { cases, SEED } from "#test/support/property-seed.ts";
import { checkUploads } from "#test/support/upload-model.ts";

/** `test/slow/upload-model.test.ts` has 60 by this seed; a failure names the seed and the history. */
const runs = Number(process.env["WHARF_RUNS"] ?? cases(3, { bySeed: 6 }));

test("whatever fails, what was acknowledged of uploads is there once, with its bytes", {
  timeout: 60_000 + runs * 5_000,
}, async () => {
  const report = await checkUploads({ runs, seed: SEED });
  console.log(JSON.stringify(report));
  for (const of of [report.acts, report.faults]) expect(Object.keys(of).length).toBeGreaterThan(3);
});
