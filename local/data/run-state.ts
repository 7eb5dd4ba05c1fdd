/** Whether the last run ended cleanly: the file `run-state`, which is there once a first start was whole. */
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { damaged, whyNotOpened } from "./damage.ts";
import { isDiskFull } from "./sqlite-error.ts";

/** `starting`: databases are being opened or closed, so that their write-ahead logs may be there or not. */
const STATES = ["stopped", "starting", "running"] as const;
export type RunState = (typeof STATES)[number];

const FILE = "run-state";
const WIDTH = 16;

/** How the last run ended; `undefined` before the first, `unknown` where the file doesn't say. */
export function readRunState(dir: string): RunState | "unknown" | undefined {
  try {
    const text = readFileSync(join(dir, FILE), "utf8").trim();
    return STATES.find((state) => state === text) ?? "unknown";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(dir, error);
  }
}

/** Writes it over what was there, in one call and of one length: that needs no room and is never half done. */
export function writeRunState(dir: string, state: RunState): void {
  try {
    const file = openSync(
      join(dir, FILE),
      constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      writeSync(file, `${state.padEnd(WIDTH - 1)}\n`, 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // Only a first start needs room; without the file the next one looks closer.
    if (!isDiskFull(error)) throw unusable(dir, error);
  }
}

function unusable(dir: string, error: unknown): Error {
  return damaged(
    join(dir, FILE),
    whyNotOpened(error),
    "It only says how the last run ended: remove it",
    error,
  );
}
