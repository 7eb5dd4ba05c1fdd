/**
 * `npm run test:conditions [-- --only TEXT] [--suite]`: takes the conditions away that writes carry against repeats,
 * late copies and old reads, one at a time and in a copy, and plays the harness's case that is to be red then; where it
 * has none, or with `--suite`, the test. One that survives is a condition that nothing checks.
 */
import { execFile, fork } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import { copies } from "./copies.ts";
import { folders } from "./folders.ts";
import { invitations } from "./invitations.ts";
import type { Mutant } from "./mutant.ts";
import { organizations } from "./organizations.ts";
import { others } from "./others.ts";
import { policies } from "./policies.ts";
import { transfers } from "./transfers.ts";
import { uploads } from "./uploads.ts";
import { webhooks } from "./webhooks.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** What the tests read; all else of the project stays out of the copy. */
const PARTS = ["package.json", "tsconfig.json", "vitest.config.ts", "cdk.json", "bin"];
const FOLDERS = ["admin", "contract", "cost", "lambdas", "lib", "local", "start", "test"];
/** This machine's cores are few, and each run has a process of its own. */
const AT_ONCE = 2;
/** Ids are random, and so is in which order a case meets what two of them lead to: one that is red sometimes is red. */
const PLAYS = 3;

/** Vitest's. */
const report = z.object({
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** `play-cases.ts`'s. */
const verdict = z.object({ name: z.string(), faults: z.array(z.string()) });

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, suite: { type: "boolean", default: false } },
});
const chosen = [
  ...uploads,
  ...webhooks,
  ...others,
  ...organizations,
  ...invitations,
  ...folders,
  ...copies,
  ...transfers,
  ...policies,
].filter(({ name }) => name.includes(values.only));
/** What is to be red: tests where the suite is asked for, or the harness has no case. */
const testsOf = ({ case: played, red }: Mutant) => (values.suite || played === undefined ? red : undefined);
const survivors: string[] = [];
const tests = chosen.flatMap((one) => testsOf(one) ?? []);
const cases = [...new Set(chosen.flatMap((one) => (testsOf(one) ? [] : (one.case ?? []))))];
const share = Math.ceil(cases.length / AT_ONCE);
/** What has to be green as long as nothing is taken away. */
const unbroken = [
  ...Array.from({ length: AT_ONCE }, (_, at) => cases.slice(at * share, (at + 1) * share))
    .filter((some) => some.length > 0)
    .map((some) => (copy: string) => requireGreenCases(copy, some)),
  ...[...Map.groupBy(tests, ({ file }) => file)].map(
    ([file, some]) =>
      (copy: string) =>
        requireGreen(
          copy,
          file,
          some.map(({ titles }) => titles),
        ),
  ),
];
const queue = [...chosen];
await Promise.all(Array.from({ length: AT_ONCE }, inCopy));
const without = chosen.filter((one) => one.case === undefined);
console.log(
  `${chosen.length - survivors.length} of ${chosen.length} conditions are needed; the harness is red without ${chosen.length - without.length} of them`,
);
if (survivors.length > 0) console.log(`nothing is red without: ${survivors.join("; ")}`);
for (const { name, why = "no case is known that is red without it" } of without)
  console.log(`  by a test alone: ${name}: ${why}`);
if (survivors.length > 0) process.exitCode = 1;

async function inCopy(): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "wharf-conditions-"));
  try {
    for (const part of [...PARTS, ...FOLDERS])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (let next = unbroken.shift(); next !== undefined; next = unbroken.shift()) await next(copy);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const plays = await playsUntilRed(copy, mutant);
      if (plays === undefined) survivors.push(mutant.name);
      const seldom = (plays ?? 1) > 1 ? ` (seen by the ${plays}. play alone)` : "";
      console.log(`${plays === undefined ? "SURVIVED" : "needed  "} ${mutant.name}${seldom}`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Each of a file's titles must name a test, and all are green as long as nothing is taken away. */
async function requireGreen(copy: string, file: string, all: readonly (readonly string[])[]): Promise<void> {
  const titles = all.flat();
  const { failed, passed } = await run(copy, file, all.some(({ length }) => length === 0) ? [] : titles);
  if (failed.length > 0)
    throw new Error(`${file} is red although nothing was taken away: ${failed.join("; ")}`);
  const missing = titles.filter((title) => !passed.some((name) => name.includes(title)));
  if (missing.length > 0)
    throw new Error(`${file} has no test ${missing.map((title) => JSON.stringify(title))}`);
}

async function requireGreenCases(copy: string, names: readonly string[]): Promise<void> {
  const red = (await playCases(copy, names)).filter(({ faults }) => faults.length > 0);
  if (red.length > 0)
    throw new Error(
      red.map(({ name, faults }) => `${name} is red although nothing was taken away: ${faults}`).join("\n"),
    );
}

/** How often a mutant is played until something is red; `undefined` where nothing ever is. */
async function playsUntilRed(copy: string, mutant: Mutant): Promise<number | undefined> {
  for (let play = 1; play <= PLAYS; play++) if (await isRed(copy, mutant)) return play;
  return undefined;
}

async function isRed(copy: string, mutant: Mutant): Promise<boolean> {
  const { name, changes, case: played } = mutant;
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
    const tests = testsOf(mutant);
    if (tests !== undefined) return (await run(copy, tests.file, tests.titles)).failed.length > 0;
    return (await playCases(copy, played === undefined ? [] : [played])).some(
      ({ faults }) => faults.length > 0,
    );
  } finally {
    for (const [path, text] of before) await writeFile(path, text);
  }
}

/** What is wrong with each of the harness's cases. @throws Error where one can't be played, as where there is none. */
async function playCases(copy: string, names: readonly string[]): Promise<z.infer<typeof verdict>[]> {
  const verdicts: z.infer<typeof verdict>[] = [];
  const player = fork(join(copy, "test/faults/mutants/play-cases.ts"), [...names], {
    cwd: copy,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    timeout: 600_000,
    killSignal: "SIGKILL",
  });
  player.on("message", (message) => verdicts.push(verdict.parse(message)));
  let said = "";
  player.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => player.once("close", resolve));
  if (verdicts.length < names.length) throw new Error(`not all of ${names.join("; ")} were played: ${said}`);
  return verdicts;
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
