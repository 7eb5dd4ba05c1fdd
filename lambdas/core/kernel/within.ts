/**
 * What `work` comes to, unless it takes longer than `ms`: what hangs must not hold up what comes after it.
 *
 * It goes on all the same, since nothing can be taken back; whoever uses this can have it done twice.
 * @throws Error where it takes longer: `tooLate`
 */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  tooLate: () => Error = () => new Error(`it took longer than ${ms} ms`),
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate()), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
