/** The part `event-ruler`: AWS's own matcher of event patterns, which it publishes, beside the local cloud's. */
import { fileURLToPath } from "node:url";
import { checkPattern, matches, type Pattern } from "@wharf/local-cloud/eventbridge/pattern.ts";
import { brokenPatterns, patternCases } from "@wharf/local-cloud/test/conformance/patterns.ts";
import * as z from "zod";
import { runJava } from "#test/support/run-java.ts";
import type { Outcome, Part } from "../part.ts";
import { neighbours } from "./neighbours.ts";
import { templatePatterns } from "./template-patterns.ts";

const VERSION = "2.1.0";
const ARCHIVE = `software.amazon.event.ruler:event-ruler:${VERSION}`;

const listed = {
  name: "every operator matches what it should",
  behaviours: ["eventbridge.patterns"],
} as const;
const broken = { name: "what is no pattern is refused", behaviours: ["eventbridge.patterns"] } as const;
const own = {
  name: "the templates' patterns and filters tell events from their neighbours, as the local cloud's do",
  behaviours: ["eventbridge.patterns", "lambda.filters"],
} as const;

interface Asked {
  readonly pattern: Pattern;
  readonly event: Record<string, unknown>;
  /** `undefined`: it is refused. */
  readonly expected: boolean | undefined;
}

export const eventRuler: Part = {
  name: "event-ruler",
  by: `AWS's event-ruler ${VERSION}`,
  about: "patterns of rules and filters, beside the local cloud's matcher",
  checks: [listed, broken, own],
  async run(tell) {
    const groups: [name: string, asked: Asked[]][] = [
      [listed.name, patternCases.map(({ matches, ...asked }) => ({ ...asked, expected: matches }))],
      [broken.name, brokenPatterns.map((pattern) => ({ pattern, event: {}, expected: undefined }))],
      [own.name, await ofTemplates()],
    ];
    const all = groups.flatMap(([, asked]) => asked);
    const program = fileURLToPath(new URL("Match.java", import.meta.url));
    const answers = z.array(z.union([z.boolean(), z.string()])).parse(runJava(program, [ARCHIVE], all));
    let next = 0;
    for (const [name, asked] of groups) {
      tell(name, judge(asked, answers.slice(next, next + asked.length)));
      next += asked.length;
    }
  },
};

async function ofTemplates(): Promise<Asked[]> {
  const patterns = await templatePatterns();
  return patterns.flatMap((pattern) => {
    checkPattern(pattern);
    return neighbours(pattern).map((event) => ({ pattern, event, expected: matches(pattern, event) }));
  });
}

function judge(asked: readonly Asked[], answers: readonly (boolean | string)[]): Outcome {
  if (asked.length === 0) return { outcome: "failed", detail: "nothing was asked" };
  const wrong = asked.flatMap(({ expected, ...one }, index) => {
    const answer = answers[index];
    if (expected === (typeof answer === "string" ? undefined : answer)) return [];
    return [`${JSON.stringify(one)}: ${JSON.stringify(answer)}, here ${expected ?? "refused"}`];
  });
  const matched = answers.filter((answer) => answer === true).length;
  return wrong.length === 0
    ? { outcome: "passed", detail: `${asked.length} asked, ${matched} matched` }
    : { outcome: "failed", detail: wrong.join("; ") };
}
