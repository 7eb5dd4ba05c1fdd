import type { Outcome } from "../part.ts";

/** A check and the resource on which it found something. */
export interface Finding {
  readonly check: string;
  /** Its logical id. */
  readonly resource: string;
}

/** Passed where what was found is what was accepted, no more and no less. */
export function compare(found: readonly Finding[], accepted: readonly Finding[]): Outcome {
  const names = (list: readonly Finding[]) =>
    new Set(list.map(({ check, resource }) => `${check} on ${resource}`));
  const [isFound, isAccepted] = [names(found), names(accepted)];
  const wrong = [
    ...[...isFound].filter((one) => !isAccepted.has(one)).map((one) => `${one} that nobody accepted`),
    ...[...isAccepted].filter((one) => !isFound.has(one)).map((one) => `${one} accepted, and not found`),
  ];
  return wrong.length === 0
    ? { outcome: "passed", detail: `${isFound.size} findings, each with its reason` }
    : { outcome: "failed", detail: wrong.join("; ") };
}
