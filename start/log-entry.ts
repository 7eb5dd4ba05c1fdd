/** A line of `log.jsonl` as people read it. */
import * as z from "zod";

/** Severities of the functions' lines, the mildest first. */
export const LEVELS = ["info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

/** Members of every line that are shown elsewhere, or say nothing on a laptop. */
const SHOWN = ["level", "function", "message", "request_id", "lambda_request_id", "_aws"];

const line = z.object({
  time: z.string(),
  function: z.string(),
  requestId: z.string().optional(),
  text: z.string(),
});
const told = z.looseObject({
  level: z.enum(LEVELS).catch("info"),
  function: z.string().optional(),
  message: z.string().optional(),
  request_id: z.string().optional(),
});

export interface LogEntry {
  /** RFC 3339, by the cloud's clock. */
  time: string;
  level: Level;
  /** The function by its short name, or the part of the local cloud. */
  origin: string;
  /** `X-Request-ID` of the call that caused it, or Lambda's id of the invocation. */
  requestId: string | undefined;
  text: string;
}

/** Reads one line; `undefined` where it is no whole line of the log, such as the last one while it is written. */
export function readEntry(text: string): LogEntry | undefined {
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { time, function: id, requestId, text: written } = parsed.data;
  const said = told.safeParse(parseJson(written));
  if (!said.success) {
    // What isn't of Wharf's own form is an error of Node or of the local cloud.
    return {
      time,
      level: /error|crash|timed out/i.test(written) ? "error" : "info",
      origin: id,
      requestId,
      text: written,
    };
  }
  const { level, function: origin = id, message, request_id = requestId } = said.data;
  const rest = Object.entries(said.data).filter(([name]) => !SHOWN.includes(name));
  const details = rest.map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return {
    time,
    level,
    origin,
    requestId: request_id,
    text: [message, ...details].filter(Boolean).join("  "),
  };
}

/** One line for the terminal. Control characters, which it would obey, stand as `\u` escapes. */
export function showEntry({ time, level, origin, requestId, text }: LogEntry): string {
  const at = `${new Date(time).toTimeString().slice(0, 8)}${time.slice(19, 23)}`;
  const head = `${at} ${level.toUpperCase().padEnd(5)} ${origin.padEnd(12)}`;
  const shown = `${text}${requestId === undefined ? "" : `  ${requestId}`}`;
  return `${head} ${shown
    .trimEnd()
    .replaceAll("\n", "\n    ")
    .replace(/[^\P{C}\n]/gu, escaped)}`;
}

const escaped = (character: string) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
