import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { expect, test } from "vitest";

test("verify-webhook.mjs is what verify-webhook.ts compiles to (vitest -u makes it anew)", async () => {
  const outDir = temporaryDirectory();
  const options = [
    "--ignoreConfig",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--types",
    "node",
    "--noCheck",
  ];
  execFileSync("node_modules/.bin/tsc", ["sdk/verify-webhook.ts", ...options, "--outDir", outDir]);
  const compiled = readFileSync(join(outDir, "verify-webhook.js"), "utf8");
  await expect(`// Made of verify-webhook.ts: change that.\n${compiled}`).toMatchFileSnapshot(
    "../../sdk/verify-webhook.mjs",
  );
});
