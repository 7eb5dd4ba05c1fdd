/** What `JSON.parse` passes over in silence. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * Members that a JSON text names twice in one object, as paths: `JSON.parse` keeps the last.
 *
 * RFC 8259, 4: names should be unique, and what software makes of others is unpredictable.
 *
 * @param text JSON that `JSON.parse` takes.
 */
export function repeatedMembers(text: string): string[] {
  const repeated: string[] = [];
  const path: string[] = [];
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const names = open.at(-1);
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : undefined);
      path.push("");
      isName = token === "{";
    } else if (token === "}" || token === "]") {
      open.pop();
      path.pop();
      isName = false;
    } else if (token === ",") isName = names !== undefined;
    else if (token === ":") isName = false;
    else if (isName && names !== undefined) {
      const name = String(JSON.parse(token));
      path[path.length - 1] = name;
      if (names.has(name)) repeated.push(path.filter((part) => part !== "").join("."));
      names.add(name);
    }
  }
  return repeated;
}
