/** Tools of PyPI, npm, Maven Central and Go that tests alone need, in the user's cache: no dependency of the project. */
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findPython, type PythonRange, pythonName } from "./find-python.ts";

/** What can't be had here, for whoever reads why something was skipped. */
export class Unavailable extends Error {}

/**
 * Installs `requirements` (`name==version`) of PyPI, where they aren't there yet.
 *
 * @returns the folder of their commands.
 * @throws Unavailable without such a Python, or without PyPI.
 */
export function pythonTools(requirements: readonly string[], range: PythonRange = { from: "3.10" }): string {
  const venv = folderOf(requirements, "==");
  const commands = join(venv, process.platform === "win32" ? "Scripts" : "bin");
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", ...requirements];
  once(venv, () => {
    must(python(range), ["-m", "venv", "--clear", venv], "a virtual environment");
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

/**
 * Builds a command of the Go proxy, where it isn't there yet: minutes at the first time.
 *
 * @param command the package, as `example.org/module/cmd/name`.
 * @param version without the `v`.
 * @returns the path of the program.
 * @throws Unavailable without Go or its proxy.
 */
export function goTool(command: string, version: string): string {
  const name = command.slice(command.lastIndexOf("/") + 1);
  const folder = folderOf([`${name}@${version}`], "@");
  once(folder, () => {
    mkdirSync(folder, { recursive: true });
    must("go", ["install", `${command}@v${version}`], `${name} ${version}`, { GOBIN: folder });
  });
  return join(folder, process.platform === "win32" ? `${name}.exe` : name);
}

/**
 * Fetches Java's archives (`group:artifact:version`) of Maven Central with all that they need.
 *
 * @returns the folder that holds them.
 * @throws Unavailable without Maven or its registry.
 */
export function mavenTools(coordinates: readonly string[]): string {
  const folder = folderOf(coordinates, /:/g);
  const project = join(folder, "pom.xml");
  once(folder, () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(project, mavenProject(coordinates));
    const copy = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
    must("mvn", ["--quiet", "--batch-mode", "--file", project, ...copy], coordinates.join(" and "));
  });
  return folder;
}

function mavenProject(coordinates: readonly string[]): string {
  const dependencies = coordinates.map((one) => {
    const [group, artifact, version] = one.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>wharf</groupId><artifactId>tools</artifactId><version>1</version>
<dependencies>${dependencies.join("\n")}</dependencies></project>`;
}

/** A folder for these versions alone. */
function folderOf(names: readonly string[], between: string | RegExp): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = names.map((one) => one.replace(between, "-")).join("+");
  // A command's first line names its Python, in 127 characters at most on Linux.
  const short = folder.length < 80 ? folder : `${folder.slice(0, 40)}+${hash("sha256", folder).slice(0, 12)}`;
  return join(cache, "wharf", short);
}

/** An install that was broken off is begun anew. */
function once(folder: string, install: () => void): void {
  const done = join(folder, "installed");
  if (existsSync(done)) return;
  install();
  writeFileSync(done, "");
}

function python(range: PythonRange): string {
  const found = findPython(range);
  if (found === undefined) throw new Unavailable(`there is no ${pythonName(range)}`);
  return found;
}

/** pip and npm try a registry that doesn't answer for minutes; Go compiles for as long. */
const PATIENCE_MS = 900_000;

function must(command: string, args: string[], what: string, env: Record<string, string> = {}): void {
  const options = { encoding: "utf8", timeout: PATIENCE_MS, env: { ...process.env, ...env } } as const;
  const { status, stderr, stdout, error } = spawnSync(command, args, options);
  if (status === 0) return;
  // Maven complains on its stdout, and of the cause first.
  const why = stderr?.trim().split("\n").at(-1) || stdout?.trim().split("\n")[0] || error?.message;
  throw new Unavailable(`${what} can't be had: ${why || `${command} ended with ${status}`}`);
}
