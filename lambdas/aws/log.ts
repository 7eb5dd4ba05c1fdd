/**
 * One JSON line per call.
 *
 * A Lambda environment runs one invocation at a time, so the line in progress is module state: whatever runs may
 * add facts with `note`, and every AWS call counts itself.
 */
type Line = Record<string, unknown>;

let line: Line = {};
let calls: string[] = [];
let startedAt = 0;

/** Starts the line of an invocation. `now` in ms. */
export function beginLine(now: number, facts: Line): void {
  line = facts;
  calls = [];
  startedAt = now;
}

/** Adds facts to the line in progress. Never tokens, secrets or bodies. */
export function note(facts: Line): void {
  Object.assign(line, facts);
}

/** Counts one AWS call, e.g. `dynamodb.GetItem`. */
export function countCall(name: string): void {
  calls.push(name);
}

/** Writes the line. `level` is `error` where somebody should look. */
export function endLine(now: number, facts: Line = {}): void {
  const level = facts["error"] === undefined && line["error"] === undefined ? "info" : "error";
  const all = {
    level,
    ...line,
    ...facts,
    duration_ms: now - startedAt,
    aws_calls: calls.length,
    aws: tally(),
  };
  process.stdout.write(`${JSON.stringify(all)}\n`);
}

/** Writes a line of its own, for what happens beside a call. */
export function say(level: "info" | "warn" | "error", message: string, facts: Line = {}): void {
  process.stdout.write(`${JSON.stringify({ level, message, request_id: line["request_id"], ...facts })}\n`);
}

/** An error as a log may show it: name, message, stack and cause, never its payload. */
export function describe(error: unknown): Line {
  if (!(error instanceof Error)) return { name: "unknown", message: String(error) };
  const cause = error.cause === undefined ? undefined : describe(error.cause);
  return { name: error.name, message: error.message, stack: error.stack, cause };
}

function tally(): Record<string, number> {
  const counts: Record<string, number> = {};
  // biome-ignore lint/plugin: calls of our own
  for (const name of calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
