/** Runs a part, and shows what it tells as it is told. */
import { Unavailable } from "#test/support/registry-tools.ts";
import type { Outcome, Part } from "./part.ts";

export interface Ran {
  readonly part: Part;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly seconds: number;
  /** Why it couldn't run at all. */
  readonly skipped?: string;
}

/** Of more checks than these only those are shown that don't pass. */
const MANY = 60;

export async function runPart(part: Part): Promise<Ran> {
  // Of two that run at once each line says whose it is.
  const say = (text: string) => console.log(part.beside ? `[${part.name}] ${text}` : text);
  say(`== ${part.name}: ${part.about}`);
  const started = performance.now();
  const outcomes = new Map<string, Outcome>();
  let skipped: string | undefined;
  try {
    await part.run((name, outcome) => {
      const judged = judge(part, name, outcome);
      outcomes.set(name, judged);
      if (judged.outcome !== "passed" || part.checks.length <= MANY) say(lineOf(name, judged));
    });
  } catch (error) {
    if (error instanceof Unavailable) skipped = error.message;
    else {
      outcomes.set("the part itself", { outcome: "failed", detail: String(error) });
      console.error(error);
    }
  }
  if (skipped === undefined)
    for (const { name } of part.checks)
      if (!outcomes.has(name)) outcomes.set(name, { outcome: "failed", detail: "it told nothing" });
  const seconds = Math.round((performance.now() - started) / 1_000);
  return { part, outcomes, seconds, ...(skipped !== undefined && { skipped }) };
}

function lineOf(name: string, { outcome, detail }: Outcome): string {
  return `   ${outcome.padEnd(7)} ${name}${detail ? `: ${detail}` : ""}`;
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
