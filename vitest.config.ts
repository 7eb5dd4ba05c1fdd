import { defineConfig } from "vitest/config";
import { behaviourIds, behaviours } from "./local/test/behaviours.ts";

/** `npm test`; with WHARF_SLOW=1 (`npm run test:slow`) what takes too long for every run. */
export default defineConfig({
  test: {
    include:
      process.env["WHARF_SLOW"] === "1"
        ? ["test/slow/**/*.test.ts"]
        : ["local/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: process.env["WHARF_SLOW"] === "1" ? [] : ["test/slow/**"],
    globalSetup: "test/support/temp-folder.ts",
    setupFiles: "test/support/property-seed.ts",
    // `npx vitest run --tags-filter s3.ranges`; one that isn't here is refused.
    tags: behaviourIds().map((name) => ({ name, description: behaviours[name].what })),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // A process for every file would spend a quarter of the time on loading the same modules again.
    isolate: false,
  },
});
