import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { expect, test } from "vitest";
import { ensureAssembly } from "#start/assembly.ts";

/** A repo whose CDK app writes an assembly that counts its runs. */
function repo(
  app = 'mkdirSync(out); writeFileSync(out + "/manifest.json", process.env.CDK_CONTEXT_JSON);',
): string {
  const root = temporaryDirectory();
  for (const dir of ["bin", "lib", "node_modules"]) mkdirSync(join(root, dir));
  writeFileSync(join(root, "cdk.json"), JSON.stringify({ context: { flag: true } }));
  writeFileSync(
    join(root, "bin/app.ts"),
    `import { mkdirSync, writeFileSync } from "node:fs"; const out = process.env.CDK_OUTDIR!; ${app}`,
  );
  return root;
}

const cached = (root: string) => readdirSync(join(root, ".cache/wharf"));

test("the app runs once for the same inputs, and again when one changes", async () => {
  const root = repo();
  let runs = 0;
  const ensure = () => ensureAssembly({ root, onSynth: () => runs++ });
  const first = await ensure();
  expect(existsSync(join(first, "manifest.json"))).toBe(true);
  expect([await ensure(), runs]).toEqual([first, 1]);
  writeFileSync(join(root, "lib/stack.ts"), "export {};");
  expect(await ensure()).not.toBe(first);
  expect(runs).toBe(2);
});

test("installing anew leaves it alone", async () => {
  const root = repo();
  const assembly = await ensureAssembly({ root });
  rmSync(join(root, "node_modules"), { recursive: true });
  expect(existsSync(join(assembly, "manifest.json"))).toBe(true);
});

test("several at once agree on one assembly and leave nothing else", async () => {
  const root = repo();
  const dirs = await Promise.all([1, 2, 3].map(() => ensureAssembly({ root })));
  expect(new Set(dirs).size).toBe(1);
  expect(cached(root)).toHaveLength(1);
});

test("an app that fails says why and leaves nothing", async () => {
  const root = repo('throw new Error("no such stage");');
  await expect(ensureAssembly({ root })).rejects.toThrow("no such stage");
  expect(cached(root)).toEqual([]);
});

test("assemblies that nobody used for a day go when another is made", async () => {
  const root = repo();
  const old = await ensureAssembly({ root });
  const dayAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
  utimesSync(old, dayAgo, dayAgo);
  writeFileSync(join(root, "lib/stack.ts"), "export {};");
  const fresh = await ensureAssembly({ root });
  expect(cached(root)).toEqual([fresh.split("/").at(-1)]);
});
