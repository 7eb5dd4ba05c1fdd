/** What a run has shown, for whoever reads its end. */
import type { Outcome } from "./part.ts";
import { countProofs, nameProvers, provers } from "./proofs.ts";
import type { Ran } from "./run-part.ts";

/**
 * Prints what was shown by whom, where others differ from AWS, and how each part went; last, a line `skipped: …` for
 * all that didn't run, which `.ci/run` repeats.
 *
 * @returns how many checks failed.
 */
export function report(ran: readonly Ran[]): number {
  const proved = provers(ran.map(shownBy));
  console.log("\n== behaviours of AWS, and who showed them in this run");
  for (const [id, by] of proved) console.log(`   ${id.padEnd(30)} ${nameProvers(by)}`);
  reportDifferences(ran);
  console.log("\n== parts");
  const failed = ran.map(reportPart).reduce((sum, count) => sum + count, 0);
  console.log(`\n${countProofs(proved)}`);
  for (const { part, skipped } of ran)
    if (skipped !== undefined) console.log(`skipped: test:truth ${part.name}, since ${oneLine(skipped)}`);
  for (const { part, outcomes } of ran)
    for (const [name, { detail }] of having(outcomes, "skipped"))
      console.log(`skipped: test:truth ${part.name}, ${name}: ${oneLine(detail ?? "")}`);
  return failed;
}

/** The checks that passed: others show nothing. */
function shownBy({ part, outcomes, skipped }: Ran) {
  const passed = part.checks.filter(({ name }) => outcomes.get(name)?.outcome === "passed");
  return { by: part.by, checks: skipped === undefined ? passed : [] };
}

function reportDifferences(ran: readonly Ran[]): void {
  const lines = new Map<string, number>();
  for (const { part, outcomes } of ran) {
    for (const { name, differs } of part.checks) {
      if (!differs || !outcomes.has(name)) continue;
      const line = `${part.by} ${differs.how} (AWS: ${differs.documented})`;
      lines.set(line, (lines.get(line) ?? 0) + 1);
    }
  }
  if (lines.size > 0) console.log("\n== where others differ from AWS");
  for (const [line, count] of lines) console.log(`   ${line}${count > 1 ? `, ${count} checks` : ""}`);
}

function reportPart({ part, outcomes, seconds, skipped }: Ran): number {
  const head = `   ${part.name.padEnd(12)} ${part.by}`;
  if (skipped !== undefined) {
    console.log(`${head}: skipped, since ${skipped}`);
    return 0;
  }
  const [passed, failed, not] = (["passed", "failed", "skipped"] as const).map((one) =>
    having(outcomes, one),
  );
  console.log(
    `${head}: ${passed?.length} passed, ${failed?.length} failed, ${not?.length} skipped (${seconds}s)`,
  );
  for (const [name, { detail }] of failed ?? []) console.log(`      failed: ${name}: ${detail ?? ""}`);
  return failed?.length ?? 0;
}

function having(outcomes: ReadonlyMap<string, Outcome>, wanted: Outcome["outcome"]): [string, Outcome][] {
  return [...outcomes].filter(([, { outcome }]) => outcome === wanted);
}

const oneLine = (text: string) => text.replace(/\s+/g, " ");
