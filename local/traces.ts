import type { CallTrace } from "./types.ts";

const MAX_TRACES = 100_000;

/** The last 100,000 AWS calls. */
export function createTraces() {
  let traces: CallTrace[] = [];
  return {
    add(trace: CallTrace): void {
      traces.push(trace);
      // Trims in bulk: shifting one by one is quadratic.
      if (traces.length > 2 * MAX_TRACES) traces = traces.slice(-MAX_TRACES);
    },
    all: (): CallTrace[] => traces.slice(-MAX_TRACES),
    clear(): void {
      traces = [];
    },
  };
}
