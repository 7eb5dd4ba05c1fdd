/** A Python that this machine has, in a range of versions: on the path, of pyenv, or of uv. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** `from` or newer, and older than `below`, each as `3.11`. */
export interface PythonRange {
  from: string;
  below?: string;
}

const COMMANDS = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

/** The command or path of a Python in that range, `undefined` where there is none. */
export function findPython(range: PythonRange): string | undefined {
  return candidates(range).find((command) => isIn(command, range));
}

function* candidates({ from, below }: PythonRange): Generator<string> {
  yield* COMMANDS;
  const versions = join(process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), "versions");
  // pyenv's commands on the path are shims, which know only the versions that the folder or shell has chosen.
  if (existsSync(versions)) {
    for (const version of readdirSync(versions)) yield join(versions, version, "bin", "python3");
  }
  const uv = spawnSync("uv", ["python", "find", below ? `>=${from},<${below}` : `>=${from}`]);
  if (uv.status === 0) yield uv.stdout.toString().trim();
}

function isIn(command: string, { from, below }: PythonRange): boolean {
  const tuple = (version: string) => `(${version.replace(".", ", ")})`;
  const isOut = [
    `sys.version_info < ${tuple(from)}`,
    ...(below ? [`sys.version_info >= ${tuple(below)}`] : []),
  ];
  return spawnSync(command, ["-c", `import sys, ensurepip; sys.exit(${isOut.join(" or ")})`]).status === 0;
}

/** In words, for whoever lacks it: `Python 3.11 to before 3.14`. */
export function pythonName({ from, below }: PythonRange): string {
  return below ? `Python ${from} or newer, older than ${below}` : `Python ${from} or newer`;
}
