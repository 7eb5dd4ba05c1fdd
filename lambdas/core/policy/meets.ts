/** Which of two values is the stricter, for kinds of values; `null` is no bound. */

/** The smaller number. */
export const least = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);

/** The larger number; `null` is none. */
export const most = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.max(one, other);

/** What demands more. */
export const either = (one: boolean, other: boolean): boolean => one || other;

/** What permits less. */
export const both = (one: boolean, other: boolean): boolean => one && other;

/** The later of an order. */
export const later =
  <T>(order: readonly T[]) =>
  (one: T, other: T): T =>
    order.indexOf(one) > order.indexOf(other) ? one : other;

/** All of both, in order. */
export const union = (one: readonly string[], other: readonly string[]): string[] =>
  [...new Set([...one, ...other])].sort();

/**
 * What both lists of patterns have: of two patterns the narrower, where one covers the other.
 *
 * @param covers whether all that the second pattern means is what the first means too.
 */
export const overlap =
  (covers: (wide: string, narrow: string) => boolean) =>
  (one: string[] | null, other: string[] | null): string[] | null => {
    if (one === null || other === null) return one ?? other;
    const shared = one.flatMap((a) => other.flatMap((b) => (covers(a, b) ? [b] : covers(b, a) ? [a] : [])));
    return widest(shared, covers);
  };

/** Without patterns that others cover. */
function widest(patterns: readonly string[], covers: (wide: string, narrow: string) => boolean): string[] {
  const all = [...new Set(patterns)].sort();
  return all.filter((one) => !all.some((other) => other !== one && covers(other, one)));
}
