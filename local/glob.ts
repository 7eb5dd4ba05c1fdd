/**
 * Tells whether `text` fits a pattern in which `*` stands for any characters and, but for `starsOnly`, `?` for one.
 *
 * A star that doesn't fit takes one character more, and only the latest star ever does: pattern × text steps at most,
 * where a regular expression of n stars may take text to the power of n.
 */
export function globMatches(
  pattern: string,
  text: string,
  { ignoreCase = false, starsOnly = false }: { ignoreCase?: boolean; starsOnly?: boolean } = {},
): boolean {
  if (ignoreCase) return globMatches(pattern.toLowerCase(), text.toLowerCase(), { starsOnly });
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === "*") {
      star = p++;
      resume = t;
    } else if (wanted === text[t] || (wanted === "?" && !starsOnly)) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
