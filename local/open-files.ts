import { z } from "zod";

const report = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.number().or(z.literal("unlimited")) }) }),
});

/** Connections on one port at once, whatever the system allows. */
const MOST = 10_000;

let known: number | undefined;

/** How many files and sockets this process may have open at once (`ulimit -n`); infinite where the system sets no limit. */
export function openFileLimit(): number {
  if (known !== undefined) return known;
  // Node.js: without these the report looks up names of the host's addresses, and holds the environment.
  Object.assign(process.report, { excludeNetwork: true, excludeEnv: true });
  const read = report.safeParse(process.report.getReport());
  const soft = read.data?.userLimits.open_files.soft;
  known = typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
  return known;
}

/**
 * Connections that each of the two ports may have at once. One on the AWS port may come from a function in this
 * process and read a blob, which makes three open files; a third of the limit is left for environments and databases.
 */
export function connectionLimit(openFiles: number): number {
  return Math.min(Math.max(Math.floor(openFiles / 6), 8), MOST);
}
