import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../is-alive.ts";

/** The error that stops a start on what another process has open: `dir`, or a file in it. */
export function inUse(dir: string, what: string, cause: unknown): Error {
  const why = `is in use by ${holderOf(dir)}; stop that one, or choose another directory with --data`;
  return new Error(`${what} ${why}`, { cause });
}

/** The file `pid` may be missing, or be left by one that was killed. */
function holderOf(dir: string): string {
  try {
    const pid = Number.parseInt(readFileSync(join(dir, "pid"), "utf8"), 10);
    return pid > 0 && isAlive(pid) ? `process ${pid}` : "another process";
  } catch {
    return "another process";
  }
}
