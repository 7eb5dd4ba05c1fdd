/** What stories of several domains share. */

/** Where what a read says differs from what an answer said. */
export function disagreements(read: Record<string, unknown>, said: Record<string, unknown>): string[] {
  return Object.entries(said)
    .filter(([name, value]) => JSON.stringify(read[name]) !== JSON.stringify(value))
    .map(
      ([name, value]) =>
        `it said ${name} ${JSON.stringify(value)}, a read says ${JSON.stringify(read[name])}`,
    );
}
