/**
 * `npm run test:access [-- --seed N] [--cases N]`: asks the real decision and the oracle the same 10,000 questions.
 * `-- --mutants [--only TEXT]`: breaks the decision in every way of `mutants.ts` instead, one at a time and in a copy;
 * the oracle, or the tables of `decide`, `authorize` and `organization-now`, has to find each.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { checkDecisions } from "./check-decisions.ts";
import { findMutants } from "./find-mutants.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Math.floor(Date.now() / 1000) % 2 ** 31) },
    mutants: { type: "boolean", default: false },
    /** Only mutants whose name holds this. */
    only: { type: "string", default: "" },
  },
});

if (values.mutants) {
  const { found, all } = await findMutants({ only: values.only });
  console.log(`${found} of ${all} mutants found`);
  process.exitCode = found === all ? 0 : 1;
} else {
  console.log(`seed ${values.seed}`);
  const counts = await checkDecisions({ cases: Number(values.cases), seed: Number(values.seed) });
  const said = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, times]) => `${times} ${name}`)
      .join(", ");
  console.log(`${counts.cases} questions in ${counts.worlds} worlds: ${said(counts.verdicts)}`);
  console.log(`in between: ${said(counts.happenings)}`);
  console.log(`answers by round trips: ${said(counts.roundTrips)}`);
}
