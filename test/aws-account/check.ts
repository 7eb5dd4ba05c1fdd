/** What a check is: a name, what is expected, and a function that looks. */
import { z } from "zod";
import type { Target } from "./target.ts";

export interface Verdict {
  result: "pass" | "fail" | "skip";
  /** What was seen, or why nothing was looked at. */
  saw: string;
}

export interface Check {
  name: string;
  /** What AWS documents, or what Wharf relies on. */
  expects: string;
  /** Why the local cloud's answer proves little; left out where it is as good as AWS's. */
  onlyAws?: string;
  run(target: Target): Promise<Verdict>;
}

/** Real milliseconds that one check may take. */
const PATIENCE_MS = 5 * 60_000;

/** Passes where `isExpected`, and says what was seen either way. */
export const seen = (isExpected: boolean, saw: string): Verdict => ({
  result: isExpected ? "pass" : "fail",
  saw,
});

export const skip = (reason: string): Verdict => ({ result: "skip", saw: reason });

/** Runs a check; whatever it throws, or that it doesn't end, is a failure in words. */
export async function runCheck(check: Check, target: Target): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => resolve(seen(false, `no end after ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([check.run(target), late]);
  } catch (error) {
    return seen(false, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    clearTimeout(timer);
  }
}

const problem = z.object({ code: z.string() });

/** An answer's status with S3's or Wharf's error code, e.g. `400 BadDigest`; reads the body. */
export async function said(answer: Response): Promise<string> {
  const text = await answer.text();
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? problemCode(text);
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}

function problemCode(text: string): string | undefined {
  try {
    return problem.safeParse(JSON.parse(text)).data?.code;
  } catch {
    return undefined;
  }
}
