/**
 * What a file's first bytes say where they are text, in whichever encoding `file` would read them as.
 *
 * Marks by the Encoding Standard (UTF-8, UTF-16) and file(1)'s encoding.c (UTF-32 too); without one the zeros tell, as
 * in XML 1.0, appendix F: every other byte of Latin text is 0 in UTF-16, three of four are in UTF-32.
 */

interface Encoding {
  is: RegExp;
  /** Bytes of the mark. */
  skip: number;
  /** Bytes of a unit, and which of them comes first. */
  width: 1 | 2 | 4;
  big?: boolean;
}

// UTF-32 first: its little-endian mark begins with UTF-16's, which the second unit tells from a NUL in UTF-16.
const ENCODINGS: readonly Encoding[] = [
  { is: /^\0\0\xfe\xff/, skip: 4, width: 4, big: true },
  { is: /^\xff\xfe\0\0[\s\S]{2}\0\0/, skip: 4, width: 4 },
  { is: /^\xfe\xff/, skip: 2, width: 2, big: true },
  { is: /^\xff\xfe/, skip: 2, width: 2 },
  { is: /^\xef\xbb\xbf/, skip: 3, width: 1 },
  { is: /^(?:\0{3}[^\0]){2}/, skip: 0, width: 4, big: true },
  { is: /^(?:[^\0]\0{3}){2}/, skip: 0, width: 4 },
  { is: /^(?:\0[^\0]){3}/, skip: 0, width: 2, big: true },
  { is: /^(?:[^\0]\0){3}/, skip: 0, width: 2 },
];

/** @param head the first bytes, each as one character (Latin-1), as which they stay where nothing tells of another. */
export function decodeHead(head: string): string {
  const encoding = ENCODINGS.find(({ is }) => is.test(head));
  if (encoding === undefined) return head;
  const { skip, width, big = false } = encoding;
  if (width === 1) return head.slice(skip);
  const units: string[] = [];
  for (let at = skip; at + width <= head.length; at += width) {
    // The lower 16 bits will do: nothing that is looked for lies beyond them.
    const [low, high] = big ? [at + width - 1, at + width - 2] : [at, at + 1];
    units.push(String.fromCharCode(head.charCodeAt(low) | (head.charCodeAt(high) << 8)));
  }
  return units.join("");
}
