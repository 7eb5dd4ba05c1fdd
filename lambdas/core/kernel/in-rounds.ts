import { ConditionFailed, TransactionFailed } from "#aws/table.ts";
import { WharfError } from "./error.ts";

/** What was read one after the other isn't of one moment: others came in between. */
export class Overtaken extends Error {}

/** Each round that is lost is another's success, so that few are lost in a row. */
const ROUNDS = 4;

/**
 * Reads, decides and writes, and does it all again where others came in between: where a write's condition doesn't hold
 * and its `else` has nothing to tell, or what was read is `Overtaken`.
 *
 * @param attempt is given how many rounds were lost.
 * @param busy what is told when all are lost: of a `conflict` that is soon over, or another error.
 * @param rounds at most. @default 4
 */
export async function inRounds<T>(
  attempt: (round: number) => Promise<T>,
  busy: string | (() => Error),
  rounds = ROUNDS,
): Promise<T> {
  for (let round = 0; round < rounds; round++) {
    try {
      return await attempt(round);
    } catch (error) {
      if (!isLost(error)) throw error;
    }
  }
  throw typeof busy === "string" ? new WharfError("conflict", busy, { retry_after_seconds: 1 }) : busy();
}

const isLost = (error: unknown) =>
  [TransactionFailed, ConditionFailed, Overtaken].some((lost) => error instanceof lost);
