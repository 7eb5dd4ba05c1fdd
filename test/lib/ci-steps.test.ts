import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";

/** `.ci/run` as it ends: its reader sees the tail of a long output, often nothing else. */
function runSteps(script: string) {
  const run = spawnSync("bash", ["-c", `set -u\n. .ci/steps\n${script}\nfinish`], { encoding: "utf8" });
  return { status: run.status, lines: run.stdout.trimEnd().split("\n"), stderr: run.stderr };
}

describe("the end of a run of .ci/run", () => {
  test("says nothing more than the count when all passed", () => {
    const { status, lines, stderr } = runSteps("step one true\nstep two echo fine");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(lines.slice(-3)).toEqual([expect.stringContaining("== two: ok"), "", "2 passed, 0 failed"]);
  });

  test("says what was skipped, whether or not its step passed, above the count", () => {
    const { status, lines, stderr } = runSteps(`
      part() { echo "skipped: $1, since there is no Go"; echo "not skipped: it ran"; return "$2"; }
      step one part "the first" 0
      step two part "the second" 1`);
    expect([status, stderr]).toEqual([1, ""]);
    expect(lines.slice(-4)).toEqual([
      "skipped: the first, since there is no Go",
      "skipped: the second, since there is no Go",
      "",
      "1 passed, 1 failed",
    ]);
  });

  test("repeats the last eighty lines of each failed step, names them, and keeps their count", () => {
    const { status, lines } = runSteps(`
      noisy() { for n in $(seq 1 100); do echo "line $n"; done; echo "on stderr" >&2; return 3; }
      step "the noisy one" noisy
      step "a fine one" true
      step "the silent one" false`);
    expect(status).toBe(2);
    const end = lines.slice(lines.findIndex((line) => line.startsWith("== FAILED: the noisy one")));
    expect(end[0]).toBe("== FAILED: the noisy one (exit code 3), the end of its output:");
    expect(end.slice(1, 81)).toEqual([
      ...Array.from({ length: 79 }, (_, n) => `line ${n + 22}`),
      "on stderr",
    ]);
    expect(end.slice(81)).toEqual([
      "",
      "== FAILED: the silent one (exit code 1), the end of its output:",
      "",
      "== failed steps:",
      "   the noisy one",
      "   the silent one",
      "",
      "1 passed, 2 failed",
    ]);
  });
});
