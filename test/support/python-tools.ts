/** Tools of PyPI in a virtual environment of their own, outside the project. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What can't be had here, for whoever reads why something was skipped. */
export class Unavailable extends Error {}

const COMMANDS = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
const OLDEST = "3.10";

/**
 * Installs `requirements` (`name==version`) into a folder of the user's cache, where they aren't there yet.
 *
 * @returns the folder of its commands.
 * @throws Unavailable without Python 3.10 or newer, or without PyPI.
 */
export function pythonTools(name: string, requirements: readonly string[]): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const versions = requirements.map((one) => one.replace(/^.*==/, "")).join("-");
  const venv = join(cache, "wharf", `${name}-${versions}`);
  const commands = join(venv, process.platform === "win32" ? "Scripts" : "bin");
  const done = join(venv, "installed");
  if (existsSync(done)) return commands;
  must(python(), ["-m", "venv", "--clear", venv], "a virtual environment");
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", ...requirements];
  const inside = join(commands, "python");
  must(inside, pip, requirements.join(" and "));
  // An install that was broken off is begun anew.
  must(inside, ["-c", `open(${JSON.stringify(done)}, "w").close()`], done);
  return commands;
}

function python(): string {
  const isNew = `import sys; sys.exit(sys.version_info < (${OLDEST.replace(".", ", ")}))`;
  const found = COMMANDS.find((command) => spawnSync(command, ["-c", isNew]).status === 0);
  if (found === undefined) throw new Unavailable(`there is no Python ${OLDEST} or newer`);
  return found;
}

/** pip tries an index that doesn't answer for minutes. */
const PATIENCE_MS = 300_000;

function must(command: string, args: string[], what: string): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return;
  const why = stderr?.trim().split("\n").at(-1) ?? "";
  throw new Unavailable(`${what} can't be had: ${why || `${command} ended with ${status}`}`);
}
