/** A list of cases, as the checks of a part. */
import type { Case } from "@wharf/local-cloud/test/conformance/case.ts";
import type { Check, Tell } from "../part.ts";

/** Of cases, by their lists' names; `differences` by the check's name. */
export function checksOf<Target>(
  lists: Readonly<Record<string, readonly Case<Target>[]>>,
  differences: ReadonlyMap<string, NonNullable<Check["differs"]>>,
): { check: Check; run: Case<Target>["check"] }[] {
  const all = Object.entries(lists).flatMap(([list, cases]) =>
    cases.map(({ name, behaviours, check }) => {
      const title = `${list}: ${name}`;
      const differs = differences.get(title);
      return { check: { name: title, behaviours, ...(differs && { differs }) }, run: check };
    }),
  );
  const unknown = [...differences.keys()].filter((name) => !all.some(({ check }) => check.name === name));
  if (unknown.length > 0) throw new Error(`There is no case ${unknown.join(", ")}.`);
  return all;
}

/** Runs them one after the other. @throws the signal's reason, between two of them. */
export async function runCases<Target>(
  cases: ReturnType<typeof checksOf<Target>>,
  target: Target,
  { tell, signal }: { tell: Tell; signal: AbortSignal },
): Promise<void> {
  for (const { check, run } of cases) {
    signal.throwIfAborted();
    try {
      await run(target);
      tell(check.name, { outcome: "passed" });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      tell(check.name, { outcome: "failed", detail: detail.split("\n").slice(0, 12).join(" ") });
    }
  }
}
