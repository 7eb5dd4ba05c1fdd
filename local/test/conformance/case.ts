/**
 * What AWS answers, as cases that any implementation can be asked: the local cloud by its own tests, others by
 * `npm run test:truth`. They know nothing of vitest, which the latter doesn't run on.
 */
import type { BehaviourId } from "../behaviours.ts";

export interface Case<Target> {
  /** Unique in its list. */
  readonly name: string;
  readonly behaviours: readonly BehaviourId[];
  /** Asks. @throws AssertionError where the answer isn't AWS's. */
  check(target: Target): Promise<void>;
}

/** Titles of rows: the n-th of the same title gets its number. */
export function numbered<Target>(cases: readonly Case<Target>[]): Case<Target>[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const count = (seen.get(one.name) ?? 0) + 1;
    seen.set(one.name, count);
    return count === 1 ? one : { ...one, name: `${one.name} (${count})` };
  });
}
