/**
 * `npm run test:own-app`: `examples/cdk` in a project of its own, which has Wharf as npm packs it in its
 * `node_modules`, is type-checked and synthesized.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "wharf-own-app-"));
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, stdio: "inherit" });

try {
  cpSync("examples/cdk", folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  installed();
  const bin = resolve("node_modules", ".bin");
  // What `tsx` in the example's `cdk.json` is found by.
  process.env["PATH"] = `${bin}:${process.env["PATH"]}`;
  run("tsc", "--project", "tsconfig.json");
  run("cdk", "synth", "--quiet", "--output", "cdk.out");
  for (const stack of ["media-files-data", "media-files-service"])
    if (!readdirSync(join(folder, "cdk.out")).includes(`${stack}.template.json`))
      throw new Error(`cdk.out has no ${stack}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What `npm install <Wharf's address> aws-cdk-lib constructs …` leaves, without a registry. */
function installed(): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "wharf"), { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { stdio: "ignore" });
  const [packed = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  run("tar", "-xzf", packed, "--strip-components=1", "-C", join(modules, "wharf"));
  for (const name of readdirSync("node_modules"))
    if (!name.startsWith(".")) symlinkSync(resolve("node_modules", name), join(modules, name));
}
