/** A program of Java that runs from its source, asked in JSON. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mavenTools, Unavailable } from "./registry-tools.ts";

/**
 * Runs `program` (a path) with these archives; it reads its first file and writes its second.
 *
 * @returns the JSON that it wrote.
 * @throws Unavailable without a JDK (11 or newer), Maven or its registry.
 */
export function runJava(program: string, archives: readonly string[], asked: unknown): unknown {
  // From its source a program runs where the compiler is there.
  if (spawnSync("javac", ["-version"]).status !== 0) throw new Unavailable("there is no JDK");
  const jars = mavenTools(archives);
  const folder = mkdtempSync(join(tmpdir(), "wharf-java-"));
  try {
    const [from, to] = [join(folder, "asked.json"), join(folder, "answers.json")];
    writeFileSync(from, JSON.stringify(asked));
    const args = ["-Dfile.encoding=UTF-8", "-cp", join(jars, "*"), program, from, to];
    const { status, stderr } = spawnSync("java", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`Java ended with ${status}:\n${stderr}`);
    return JSON.parse(readFileSync(to, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
