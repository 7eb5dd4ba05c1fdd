/**
 * `npm run test:aws [-- --local]`: what only a real account can settle, in a stage that is made for it and removed.
 *
 * Exit code 0: nothing failed and nothing is left; 1: something did; 2: not understood.
 */
import { allChecks } from "./all-checks.ts";
import { withAwsTarget } from "./aws-target.ts";
import { withLocalTarget } from "./local-target.ts";
import { readOptions, USAGE, UsageError } from "./options.ts";
import { report } from "./report.ts";
import type { Target } from "./target.ts";

/** npm passes Ctrl-C on to a process that the terminal has told already. */
const SAME_SIGNAL_MS = 1_000;

let stoppedAt: number | undefined;
const isStopped = () => stoppedAt !== undefined;

function onSignal(): void {
  if (stoppedAt !== undefined) {
    if (performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(130);
    return;
  }
  stoppedAt = performance.now();
  console.log(
    "\n  Stops after this step and removes what was made. Again: leaves all as it is (--reuse removes it).",
  );
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  let failed = 0;
  const use = async (target: Target) => {
    failed = await report(allChecks, target, isStopped);
  };
  if (options.local) await withLocalTarget(use);
  else await withAwsTarget(options, use, isStopped);
  return failed > 0 || isStopped() ? 1 : 0;
}

/** What the caller can do about a failure. */
function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join("\n");
  if (!(error instanceof Error)) return String(error);
  if (error.message === "Region is missing") return "No AWS region: set AWS_REGION or AWS_PROFILE.";
  if (error.name === "CredentialsProviderError")
    return "No AWS credentials: set AWS_PROFILE, or sign in (aws sso login). --local needs none.";
  return error.message;
}

process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// A terminal that was closed: what was made is removed all the same, though nobody reads of it.
process.on("SIGHUP", onSignal);
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`\n${explain(error)}`);
  if (error instanceof UsageError) console.error(USAGE);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
