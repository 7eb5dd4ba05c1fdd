/**
 * `npm run test:conditions [-- --only TEXT]`: takes the conditions away that writes carry against repeats, late copies
 * and old reads, one at a time and in a copy, and runs the test that is to be red then. One that survives is a
 * condition that nothing checks.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import type { Mutant } from "./mutant.ts";
import { others } from "./others.ts";
import { uploads } from "./uploads.ts";
import { webhooks } from "./webhooks.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** What the tests read; all else of the project stays out of the copy. */
const PARTS = ["package.json", "tsconfig.json", "vitest.config.ts", "cdk.json", "bin"];
const FOLDERS = ["admin", "contract", "cost", "lambdas", "lib", "local", "test"];
/** This machine's cores are few, and each run has a process of its own. */
const AT_ONCE = 2;

/** Vitest's. */
const report = z.object({
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const chosen = [...uploads, ...webhooks, ...others].filter(({ name }) => name.includes(values.only));
const survivors: string[] = [];
const unbroken = [...Map.groupBy(chosen, ({ red }) => red.file)];
const queue = [...chosen];
await Promise.all(Array.from({ length: AT_ONCE }, inCopy));
console.log(`${chosen.length - survivors.length} of ${chosen.length} conditions are needed`);
if (survivors.length > 0) process.exitCode = 1;

async function inCopy(): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "wharf-conditions-"));
  try {
    for (const part of [...PARTS, ...FOLDERS])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (let next = unbroken.shift(); next !== undefined; next = unbroken.shift())
      await requireGreen(copy, ...next);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const dies = await isRed(copy, mutant);
      if (!dies) survivors.push(mutant.name);
      console.log(`${dies ? "needed  " : "SURVIVED"} ${mutant.name}`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Each of a file's titles must name a test, and all are green as long as nothing is taken away. */
async function requireGreen(copy: string, file: string, mutants: readonly Mutant[]): Promise<void> {
  const titles = mutants.flatMap(({ red }) => red.titles);
  const { failed, passed } = await run(
    copy,
    file,
    mutants.some(({ red }) => red.titles.length === 0) ? [] : titles,
  );
  if (failed.length > 0)
    throw new Error(`${file} is red although nothing was taken away: ${failed.join("; ")}`);
  const missing = titles.filter((title) => !passed.some((name) => name.includes(title)));
  if (missing.length > 0)
    throw new Error(`${file} has no test ${missing.map((title) => JSON.stringify(title))}`);
}

async function isRed(copy: string, { name, changes, red }: Mutant): Promise<boolean> {
  const before = new Map<string, string>();
  try {
    for (const { file, from, to } of changes) {
      const path = join(copy, file);
      const text = await readFile(path, "utf8");
      if (!text.includes(from)) throw new Error(`${name}: ${file} has no ${JSON.stringify(from)} any more`);
      if (!before.has(path)) before.set(path, text);
      await writeFile(
        path,
        text.replace(from, () => to),
      );
    }
    return (await run(copy, red.file, red.titles)).failed.length > 0;
  } finally {
    for (const [path, text] of before) await writeFile(path, text);
  }
}

/** Names of the tests that failed and passed. @throws Error where none ran, as where the change is no program. */
async function run(copy: string, file: string, titles: readonly string[]) {
  const pattern = titles.map((title) => title.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
  const only = pattern === "" ? [] : ["-t", pattern];
  const told = join(copy, "told.json");
  const args = ["node_modules/vitest/vitest.mjs", "run", file, ...only, "--maxWorkers=1"];
  const reporting = ["--reporter=json", `--outputFile=${told}`];
  await rm(told, { force: true });
  const said = await new Promise<string>((resolve) => {
    const options = { cwd: copy, timeout: 600_000, maxBuffer: 2 ** 28 };
    execFile(process.execPath, [...args, ...reporting], options, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  const json = await readFile(told, "utf8").catch((cause: unknown) => {
    throw new Error(`${file} has not run: ${said}`, { cause });
  });
  const { testResults } = report.parse(JSON.parse(json));
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const of = (status: string) => all.filter((one) => one.status === status).map(({ fullName }) => fullName);
  const [failed, passed] = [of("failed"), of("passed")];
  if (failed.length + passed.length === 0)
    throw new Error(`no test of ${file} has run: ${testResults.map(({ message }) => message).join("; ")}`);
  return { failed, passed };
}
