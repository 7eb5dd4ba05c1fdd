import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PARTS = ["package.json", "contract", "lambdas", "test/support", "test/access", "test/faults/random.ts"];
/** This machine's cores are few. */
const AT_ONCE = 2;
/** The oracle's questions: more of them are asked of what neither the first 500 nor the tables find. */
const QUICK = oracle("1", "500");
const LONG = ["1", "2", "3", "4"].map((seed) => oracle(seed, "3000"));
const TABLES = ["decide", "authorize", "organization-now"].map((name) => `test/access/${name}.test.ts`);
const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--maxWorkers=1", ...TABLES];

/**
 * Breaks the decision in every way, one at a time and in a copy, and says for each who finds it.
 *
 * @throws Error where oracle or tables are red although nothing is broken, or a mutant is no program.
 */
export async function findMutants({ only }: { only: string }): Promise<{ found: number; all: number }> {
  const chosen = mutants.filter(({ name }) => name.includes(only));
  const queue = [...chosen];
  let found = 0;
  await inCopy(requireUnbroken);
  await Promise.all(Array.from({ length: AT_ONCE }, () => inCopy(breakInTurn)));
  return { found, all: chosen.length };

  async function breakInTurn(copy: string): Promise<void> {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const path = join(copy, mutant.file);
      const whole = await readFile(path, "utf8");
      await writeFile(path, broken(mutant, whole));
      const by = await finder(copy);
      await writeFile(path, whole);
      if (by !== undefined) found += 1;
      console.log(`${by === undefined ? "SURVIVED" : `found by the ${by}`}: ${mutant.name}`);
    }
  }
}

async function inCopy(act: (copy: string) => Promise<void>): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "wharf-access-"));
  try {
    for (const part of PARTS) await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    await act(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function oracle(seed: string, cases: string): string[] {
  return ["test/access/run.ts", "--cases", cases, "--seed", seed];
}

function broken({ name, file, changes }: (typeof mutants)[number], whole: string): string {
  let text = whole;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name}: ${file} has no ${JSON.stringify(from)} any more`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** In a copy: one that is red by itself would find each mutant. */
async function requireUnbroken(copy: string): Promise<void> {
  const unbroken = await finder(copy);
  if (unbroken !== undefined) throw new Error(`${unbroken} is red although nothing is broken`);
}

/** Who is red in a copy. */
async function finder(copy: string): Promise<string | undefined> {
  if (await isRed(copy, QUICK, /Disagreement/)) return "oracle";
  if (await isRed(copy, VITEST, /AssertionError/)) return "tables";
  for (const asked of LONG)
    if (await isRed(copy, asked, /Disagreement/)) return `oracle, asked for longer (${asked.at(-1)})`;
  return undefined;
}

/** @throws Error for what ends otherwise than green, or red in the way that is meant. */
function isRed(copy: string, args: readonly string[], meant: RegExp): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: copy, timeout: 300_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(false);
      else if (meant.test(stdout + stderr)) resolve(true);
      else reject(new Error(stdout + stderr, { cause: error }));
    });
  });
}
