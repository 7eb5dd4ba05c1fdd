import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const RUN = fileURLToPath(new URL("../faults/run.ts", import.meta.url));
/** Situations, and cases of each; the same each time, so that nothing is red for what nobody has changed. */
const SAMPLE = ["--sample", "4", "--seed", "7", "--workers", "1"];

/** In a process of its own, whose clock belongs to it. `npm run test:faults` plays all. */
test("whatever goes wrong with one call, each story ends as it should", { timeout: 120_000 }, async () => {
  const { failed, said } = await new Promise<{ failed: boolean; said: string }>((resolve) =>
    execFile(process.execPath, [RUN, ...SAMPLE], (error, stdout, stderr) =>
      resolve({ failed: error !== null, said: stdout + stderr }),
    ),
  );
  expect(failed, said).toBe(false);
  // A situation may have fewer cases than are asked for.
  expect(said).toMatch(/^1\d cases of 4 situations: 0 red/m);
});
