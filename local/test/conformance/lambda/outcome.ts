/** What a call of a function came to, in words that an emulator and the local cloud share. */
import { z } from "zod";

export type Outcome =
  | { readonly answer: unknown }
  | { readonly errorType: string; readonly errorMessage: string; readonly traced: boolean }
  /** Seconds. */
  | { readonly timedOut: string }
  /** Nothing but that it failed. */
  | { readonly failed: true }
  /** Lambda's own error code: the function never ran. */
  | { readonly refused: string };

const failure = z.strictObject({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()).optional(),
});
const TIMED_OUT = /Task timed out after ([\d.]+) seconds$/;
/** Longer texts are told by their length. */
const SHOWN = 200;

/** Reads a body; names that differ from run to run are left out of it. */
export function outcomeOf(body: string, codeDir: string): Outcome {
  if (body === "") return { failed: true };
  const timedOut = TIMED_OUT.exec(body)?.[1];
  if (timedOut !== undefined) return { timedOut };
  const value: unknown = JSON.parse(body);
  const error = failure.safeParse(value);
  if (!error.success) return { answer: typeof value === "string" ? shortened(value) : value };
  const { errorType, errorMessage, trace = [] } = error.data;
  const ended = TIMED_OUT.exec(errorMessage)?.[1];
  if (ended !== undefined) return { timedOut: ended };
  const message = errorMessage.replaceAll(codeDir, "/var/task").replace(/^RequestId: [\w-]+/, "RequestId: …");
  return { errorType, errorMessage: message, traced: trace.length > 0 };
}

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.length} characters` : text;
}
