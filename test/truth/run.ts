/**
 * `npm run test:truth [-- PART …]`: Wharf on implementations of AWS that none of us wrote.
 *
 * Each part says what it needs and is skipped by name where the machine lacks it. At the end stands what was proved by
 * whom. `--list` names the parts; `--table` prints the table of docs/local-cloud.md. The exit code is 0 where nothing
 * failed.
 */
import { parseArgs } from "node:util";
import { Unavailable } from "#test/support/registry-tools.ts";
import type { Outcome, Part } from "./part.ts";
import { parts } from "./parts.ts";
import { proofTable, provers } from "./proofs.ts";

const { values, positionals } = parseArgs({
  options: { list: { type: "boolean" }, table: { type: "boolean" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(", ")}; there are ${parts.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}
if (values.list) for (const { name, by, about } of parts) console.log(`${name.padEnd(12)} ${by}: ${about}`);
else if (values.table) console.log(proofTable(parts));
else await run(positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name)));

interface Ran {
  readonly part: Part;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly seconds: number;
  readonly skipped?: string;
}

async function run(chosen: readonly Part[]): Promise<void> {
  const ran: Ran[] = [];
  for (const part of chosen) ran.push(await runPart(part));
  report(ran);
}

async function runPart(part: Part): Promise<Ran> {
  console.log(`\n== ${part.name}: ${part.about}`);
  const started = performance.now();
  const outcomes = new Map<string, Outcome>();
  let [skipped, broken]: (string | undefined)[] = [];
  try {
    await part.run((name, outcome) => {
      const judged = judge(part, name, outcome);
      outcomes.set(name, judged);
      console.log(`   ${judged.outcome.padEnd(7)} ${name}${judged.detail ? `: ${judged.detail}` : ""}`);
    });
  } catch (error) {
    if (error instanceof Unavailable) skipped = error.message;
    else {
      broken = String(error);
      outcomes.set("the part itself", { outcome: "failed", detail: broken });
      console.error(error);
    }
  }
  // What a part that broke off didn't come to is told by its end alone.
  if (skipped === undefined && broken === undefined)
    for (const { name } of part.checks)
      if (!outcomes.has(name)) outcomes.set(name, { outcome: "failed", detail: "it told nothing" });
  const seconds = Math.round((performance.now() - started) / 1_000);
  return { part, outcomes, seconds, ...(skipped !== undefined && { skipped }) };
}

/** A check that nobody declared has failed, and so has one that no longer differs. */
function judge(part: Part, name: string, told: Outcome): Outcome {
  const check = part.checks.find((one) => one.name === name);
  if (!check) return { outcome: "failed", detail: `it isn't among the part's checks; ${told.detail ?? ""}` };
  if (!check.differs || told.outcome === "skipped") return told;
  return told.outcome === "failed"
    ? { outcome: "passed", detail: `differs from AWS, as known: ${check.differs.how}` }
    : { outcome: "failed", detail: "it is known to differ from AWS here, and no longer does" };
}

function report(ran: readonly Ran[]): void {
  const shown = ran.map(({ part, outcomes, skipped }) => ({
    by: part.by,
    checks:
      skipped === undefined ? part.checks.filter(({ name }) => outcomes.get(name)?.outcome === "passed") : [],
  }));
  const proved = provers(shown);
  console.log("\n== behaviours of AWS, and who showed them in this run");
  for (const [id, by] of proved) {
    console.log(`   ${id.padEnd(30)} ${by.join(", ") || "none"}`);
  }
  const differences = ran.flatMap(({ part, outcomes }) =>
    part.checks.flatMap(({ name, differs }) =>
      differs && outcomes.has(name) ? [{ part, name, differs }] : [],
    ),
  );
  if (differences.length > 0) console.log("\n== where others differ from AWS");
  for (const { part, name, differs } of differences)
    console.log(`   ${part.by}: ${name}: ${differs.how} (AWS: ${differs.documented})`);

  console.log("\n== parts");
  let failed = 0;
  for (const { part, outcomes, seconds, skipped } of ran) {
    const all = [...outcomes];
    const bad = all.filter(([, { outcome }]) => outcome === "failed");
    failed += bad.length;
    const not = all.filter(([, { outcome }]) => outcome === "skipped");
    const head = `   ${part.name.padEnd(12)} ${part.by}`;
    console.log(
      skipped === undefined
        ? `${head}: ${all.length - bad.length - not.length} passed, ${bad.length} failed, ${not.length} skipped (${seconds}s)`
        : `${head}: skipped, since ${skipped}`,
    );
    for (const [name, { detail }] of bad) console.log(`      failed: ${name}: ${detail ?? ""}`);
    for (const [name, { detail }] of not) console.log(`      skipped: ${name}: ${detail ?? ""}`);
  }
  const shownByAny = [...proved.values()].filter((by) => by.length > 0).length;
  console.log(
    `\n${shownByAny} of ${proved.size} behaviours shown by an independent implementation, ${proved.size - shownByAny} by none`,
  );
  for (const { part, skipped } of ran)
    if (skipped !== undefined) console.log(`skipped: ${part.name}, since ${skipped}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
