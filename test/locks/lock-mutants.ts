/**
 * `npm run test:mutants`: breaks the lock verbs in every way of `mutants.ts`, one at a time and in a copy, and runs the model
 * test against each. One that survives is a rule that nothing checks.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkLocks } from "#test/support/lock-model.ts";
import { mutants } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    runs: { type: "string", default: "800" },
    seed: { type: "string", default: "1" },
    /** Only mutants whose name holds this. */
    only: { type: "string", default: "" },
  },
});

if (values.check) {
  await checkLocks({ runs: Number(values.runs), seed: Number(values.seed), shrink: false });
} else {
  await main();
}

async function main(): Promise<void> {
  const survivors: string[] = [];
  const chosen = mutants.filter(([name]) => name.includes(values.only));
  const queue = await Promise.all(
    chosen.map(async ([name, file, ...changes]) => {
      const texts = new Map<string, string>();
      for (const [from, to, elsewhere = file] of changes) {
        const path = join("lambdas/core", `${elsewhere}.ts`);
        const text = texts.get(path) ?? (await readFile(join(ROOT, path), "utf8"));
        if (!text.includes(from)) throw new Error(`${name}: ${path} has no ${JSON.stringify(from)} any more`);
        texts.set(path, text.replaceAll(from, to));
      }
      return { name, texts };
    }),
  );
  const unbroken = passes(new Map());
  await Promise.all([unbroken.then(work), work()]);
  if (!(await unbroken)) throw new Error("The model test fails without any mutation.");
  console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants died`);
  if (survivors.length > 0) process.exitCode = 1;

  async function work() {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { name, texts } = mutant;
      const survived = await passes(texts);
      if (survived) survivors.push(name);
      console.log(`${survived ? "SURVIVED" : "died    "} ${name}`);
    }
  }
}

/** Runs the model test in a copy of the sources, with these texts in place of files'. */
async function passes(texts: ReadonlyMap<string, string>): Promise<boolean> {
  const copy = await mkdtemp(join(tmpdir(), "wharf-mutant-"));
  try {
    for (const part of ["package.json", "contract", "lambdas", "test/support", "test/locks"])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const [path, text] of texts) await writeFile(join(copy, path), text);
    return await new Promise((resolve, reject) => {
      const entry = join(copy, "test/locks/lock-mutants.ts");
      const args = [entry, "--check", "--runs", values.runs, "--seed", values.seed];
      execFile(process.execPath, args, { cwd: copy, timeout: 600_000 }, (error, _, stderr) => {
        // Dead is a mutant that the model caught, not one that can't run.
        if (error === null) resolve(true);
        else if (/Property failed after/.test(stderr)) resolve(false);
        else reject(new Error(stderr, { cause: error }));
      });
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
