/** Tools of PyPI and npm that tests alone need, in folders of the user's cache: no dependency of the project. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What can't be had here, for whoever reads why something was skipped. */
export class Unavailable extends Error {}

const COMMANDS = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
const OLDEST = "3.10";

/**
 * Installs `requirements` (`name==version`) of PyPI, where they aren't there yet.
 *
 * @returns the folder of their commands.
 * @throws Unavailable without Python 3.10 or newer, or without PyPI.
 */
export function pythonTools(requirements: readonly string[]): string {
  const venv = folderOf(requirements, "==");
  const commands = join(venv, process.platform === "win32" ? "Scripts" : "bin");
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", ...requirements];
  once(venv, () => {
    must(python(), ["-m", "venv", "--clear", venv], "a virtual environment");
    must(join(commands, "python"), pip, requirements.join(" and "));
  });
  return commands;
}

/**
 * Installs packages (`name@version`) of npm, where they aren't there yet.
 *
 * @returns the folder that holds their `node_modules`.
 * @throws Unavailable without npm's registry.
 */
export function npmTools(packages: readonly string[]): string {
  const folder = folderOf(packages, "@");
  const npm = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", ...packages];
  once(folder, () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    must("npm", npm, packages.join(" and "));
  });
  return folder;
}

/** A folder for these versions alone. */
function folderOf(names: readonly string[], between: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "wharf", names.map((one) => one.replace(between, "-")).join("+"));
}

/** An install that was broken off is begun anew. */
function once(folder: string, install: () => void): void {
  const done = join(folder, "installed");
  if (existsSync(done)) return;
  install();
  writeFileSync(done, "");
}

function python(): string {
  const isNew = `import sys; sys.exit(sys.version_info < (${OLDEST.replace(".", ", ")}))`;
  const found = COMMANDS.find((command) => spawnSync(command, ["-c", isNew]).status === 0);
  if (found === undefined) throw new Unavailable(`there is no Python ${OLDEST} or newer`);
  return found;
}

/** pip and npm try a registry that doesn't answer for minutes. */
const PATIENCE_MS = 300_000;

function must(command: string, args: string[], what: string): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return;
  const why = stderr?.trim().split("\n").at(-1) ?? "";
  throw new Unavailable(`${what} can't be had: ${why || `${command} ended with ${status}`}`);
}
