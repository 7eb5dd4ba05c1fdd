/**
 * The name of a member that an object of this JSON text has twice, or `undefined`.
 *
 * RFC 8259, 4 leaves what that means to each reader, so what one has checked another may read otherwise; I-JSON
 * (RFC 7493, 2.3) has none. One pass over text that `JSON.parse` has taken.
 */
export function repeatedMember(text: string): string | undefined {
  /** Names in each object that is open; none for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{") open.push(new Set());
    else if (char === "[") open.push(undefined);
    else if (char === "}" || char === "]") open.pop();
    if (char !== '"') continue;
    const start = at;
    at = endOfString(text, start);
    const names = open.at(-1);
    if (names === undefined || !isName(text, at + 1)) continue;
    // Names may be escaped, each in its own way.
    const name = String(JSON.parse(text.slice(start, at + 1)));
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}

/** Where the string that begins at `start` has its last quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** Whether a colon follows. */
function isName(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at++;
  return text[at] === ":";
}
