/**
 * `npm run test:properties [-- --seeds N] [--from SEED]`: the tests that have properties or a model, each time by another seed
 * (20 of them, from the present second on). `npm test` always takes one and the same.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";

const SEEDED = /from "(?:fast-check|#test\/support\/property-seed\.ts)"/;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: String(Math.floor(Date.now() / 1000) % 2 ** 31) },
  },
});
const files = globSync("test/**/*.test.ts")
  .filter((file) => !file.startsWith("test/slow/") && SEEDED.test(readFileSync(file, "utf8")))
  .toSorted();
if (files.length === 0) throw new Error("no test has a property");

const red: number[] = [];
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed += 1) {
  console.log(`seed ${seed}, ${files.length} files`);
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...files],
    { stdio: "inherit", env: { ...process.env, WHARF_SEED: String(seed) } },
  );
  if (status !== 0) red.push(seed);
}
console.log(red.length === 0 ? "green by each seed" : `red by ${red.join(", ")}`);
process.exitCode = red.length === 0 ? 0 : 1;
