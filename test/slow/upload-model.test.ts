import { expect, test } from "vitest";
import { SEED } from "#test/support/property-seed.ts";
import { checkUploads } from "#test/support/upload-model.ts";

/** Long enough to meet every fault at every call of an upload; a failure names the seed and the history. */
const runs = Number(process.env["WHARF_RUNS"] ?? 60);

test("whatever fails, what was acknowledged of uploads is there once, with its bytes", {
  timeout: 60_000 + runs * 5_000,
}, async () => {
  const report = await checkUploads({ runs, seed: SEED });
  console.log(JSON.stringify(report));
  expect(Object.keys(report.faults).length).toBe(13);
});
