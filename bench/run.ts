/**
 * `npm run bench [-- name …] [--short]`: each benchmark runs ours beside a peer or a limit and prints the ratio.
 *
 * `--short` only proves that they run; its figures mean nothing.
 */
import { readdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";

/** What every file of this folder but this one exports. */
const benchmark = z.object({
  run: z.custom<(options: { short: boolean }) => Promise<void>>((value) => typeof value === "function"),
});

const { values, positionals } = parseArgs({
  options: { short: { type: "boolean", default: false } },
  allowPositionals: true,
});
const here = new URL("./", import.meta.url);
const known = (await readdir(here))
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3))
  .sort();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}
for (const name of positionals.length === 0 ? known : positionals) {
  console.log(`\n# ${name}${values.short ? " (short: proves that it runs, no more)" : ""}`);
  const { run } = benchmark.parse(await import(new URL(`${name}.ts`, here).href));
  await run({ short: values.short });
}
