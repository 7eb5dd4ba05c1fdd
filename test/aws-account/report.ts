/** Runs the checks and prints the table, a row as each ends, and what it comes to. */
import { type Check, runCheck, type Verdict } from "./check.ts";
import type { Target } from "./target.ts";

interface Row extends Verdict {
  check: Check;
}

const NAME_WIDTH = 44;
const marks = { pass: "pass", fail: "FAIL", skip: "skip" };

/** Returns how many failed; those that come after `isStopped` are left out. */
export async function report(
  checks: readonly Check[],
  target: Target,
  isStopped: () => boolean,
): Promise<number> {
  const rows: Row[] = [];
  for (const check of checks) {
    if (isStopped()) break;
    const row = { check, ...(await runCheck(check, target)) };
    rows.push(row);
    console.log(line(row));
  }
  const count = (result: Verdict["result"]) => rows.filter((row) => row.result === result).length;
  if (target.kind === "local") console.log(openQuestions(checks));
  console.log(
    `\n  test:aws (${target.kind}): ${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped, ${checks.length - rows.length} not run`,
  );
  return count("fail");
}

function line({ check, result, saw }: Row): string {
  const row = `  ${marks[result]}  ${check.name.padEnd(NAME_WIDTH)}  ${saw}`;
  return result === "fail" ? `${row}\n        expected: ${check.expects}` : row;
}

/** What the local cloud's answers leave open, whatever they are. */
function openQuestions(checks: readonly Check[]): string {
  const open = checks.flatMap(({ name, onlyAws }) =>
    onlyAws === undefined ? [] : [`  - ${name}: ${onlyAws}`],
  );
  return ["\n  Only a real account settles:", ...open].join("\n");
}
