/** Known differences of an implementation from AWS, told once for all cases that show them. */
import type { Check } from "../part.ts";

export interface Difference {
  readonly how: string;
  /** What tells how AWS does it. */
  readonly documented: string;
  readonly cases: readonly string[];
}

/** By the name of the check. */
export function differencesOf(
  differences: readonly Difference[],
): ReadonlyMap<string, NonNullable<Check["differs"]>> {
  return new Map(
    differences.flatMap(({ how, documented, cases }) =>
      cases.map((name) => [name, { how, documented }] as const),
    ),
  );
}
