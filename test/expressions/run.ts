/**
 * `npm run test:expressions`: no regular expression of the sources may take more than linear time, whatever it is given.
 *
 * recheck (makenowjust-labs.github.io/recheck) proves it by an automaton (`linear`), tries attacks where an expression
 * is too much for that (`no attack found`), or shows text that takes longer. Prints every expression with its verdict;
 * the exit code is 1 where one fails that isn't accepted with a reason.
 */
import { globSync } from "node:fs";
import { checkSync } from "recheck";
import { openApi } from "#contract/openapi.ts";
import type { Route } from "#contract/route.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { type Accepted, accepted } from "./accepted.ts";
import { type Found, findExpressions } from "./find-expressions.ts";

/** All that users run or copy. */
const FOLDERS = ["admin", "bin", "contract", "examples", "lambdas", "lib", "local", "sdk", "start"];
/** No verdict after `timeout` ms is a failure. The rest lets it prove what it would try attacks on otherwise. */
const LIMITS = { timeout: 180_000, maxRepeatCount: 300, maxPatternSize: 10_000 };

// In this process, whatever recheck finds on the machine: no Java, no binary.
process.env["RECHECK_BACKEND"] = "pure";

const found = FOLDERS.flatMap((folder) => {
  const files = globSync(`${folder}/**/*.{ts,js,mjs}`, { exclude: ["local/test"] });
  if (files.length === 0) throw new Error(`${folder} has no sources`);
  return files.toSorted().flatMap(findExpressions);
});
const used = new Set<Accepted>();
const verdicts = new Map<string, string>();
let failures = 0;
for (const one of [...found, ...patternsOf(await allRoutes())]) {
  const verdict = judge(one);
  if (verdict.startsWith("FAILS")) failures += 1;
  process.stdout.write(`${verdict.padEnd(8)} ${one.file}:${one.line} ${one.text}\n`);
}
for (const stale of accepted.filter((one) => !used.has(one))) {
  failures += 1;
  process.stdout.write(`FAILS: accepted, but stands nowhere: ${stale.file} ${stale.text}\n`);
}
process.stdout.write(`${found.length} expressions, ${verdicts.size} different, ${failures} failures\n`);
process.exitCode = failures === 0 ? 0 : 1;

function judge(one: Found): string {
  const exception = accepted.find(({ file, text }) => file === one.file && text === one.text);
  if (exception !== undefined) used.add(exception);
  const pattern = one.pattern ?? exception?.becomes;
  if (pattern === undefined) return "FAILS: made of text, and accepted.ts doesn't say of which";
  const verdict = verdictOf(pattern, one.flags);
  if (verdict === "linear" || verdict === "no attack found") return verdict;
  return exception !== undefined && exception.becomes === undefined
    ? `accepted (${verdict}): ${exception.why}`
    : `FAILS: ${verdict}`;
}

function verdictOf(pattern: string, flags: string): string {
  const key = `/${pattern}/${flags}`;
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const judged = checkSync(pattern, flags, { ...LIMITS, randomSeed: 1 });
  const verdict =
    judged.status === "safe"
      ? judged.checker === "automaton"
        ? "linear"
        : "no attack found"
      : judged.status === "vulnerable"
        ? `${judged.complexity.summary} for ${judged.attack.pattern}`
        : `no verdict: ${judged.error.kind}`;
  verdicts.set(key, verdict);
  return verdict;
}

/** What `contract/` and zod's own formats say in `/openapi.json`. */
function patternsOf(routes: readonly Route[]): Found[] {
  const patterns = new Set<string>();
  JSON.stringify(openApi(routes, "https://example.com"), (key, value: unknown) => {
    if (key === "pattern" && typeof value === "string") patterns.add(value);
    return value;
  });
  return [...patterns].map((pattern, index) => ({
    ...{ file: "/openapi.json", line: index, text: pattern, pattern, flags: "" },
  }));
}
