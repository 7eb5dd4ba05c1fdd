import { describe, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";

/** What one part of a sweep has done: counts for the log. */
export type SweepPart = () => Promise<number | Record<string, number>>;

/**
 * Runs the parts of a sweep side by side. One that fails is told of and counted, and stops no
 * other; it runs again next minute.
 *
 * Returns the counts of those that ended well, by name.
 */
export async function runParts(
  { table, now }: { table: { readonly name: string }; now: () => number },
  parts: Readonly<Record<string, SweepPart>>,
) {
  const counts: Record<string, number | Record<string, number>> = {};
  const failed: string[] = [];
  await Promise.all(
    Object.entries(parts).map(async ([name, run]) => {
      try {
        // biome-ignore lint/plugin: parts of our own
        counts[name] = await run();
      } catch (error) {
        failed.push(name);
        const causes = error instanceof AggregateError ? error.errors.slice(0, 3).map(describe) : [];
        say("error", `the sweep of ${name} failed`, { error: describe(error), causes });
      }
    }),
  );
  if (failed.length > 0) emitMetric(table.name, "FailedSweeps", failed.length, now());
  return { counts, failed };
}
