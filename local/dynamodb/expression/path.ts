/** Document paths: `a`, `#b.c`, `d[0].#e`. */
import { type AttributeValue, attribute, type Item, setAttribute } from "../attribute-value.ts";
import type { TokenReader } from "./reader.ts";
import { isReserved } from "./reserved.ts";

/** The name of an attribute, then names in maps and indexes in lists. */
export type Path = [string, ...(string | number)[]];

/** Reads a path. */
export function parsePath(reader: TokenReader): Path {
  const path: Path = [parseName(reader)];
  for (;;) {
    if (reader.take(".")) path.push(parseName(reader));
    else if (reader.take("[")) {
      if (reader.peek().kind !== "number") throw reader.unexpected();
      path.push(Number(reader.next().text));
      reader.expect("]");
    } else return path;
  }
}

function parseName(reader: TokenReader): string {
  const token = reader.peek();
  if (token.kind === "identifier") {
    reader.next();
    if (!isReserved(token.text)) return token.text;
    throw reader.error(`Attribute name is a reserved keyword; reserved keyword: ${token.text}`);
  }
  if (token.kind !== "name") throw reader.unexpected();
  reader.next();
  const name = reader.scope.name(token.text);
  if (name !== undefined) return name;
  throw reader.error(
    `An expression attribute name used in the document path is not defined; attribute name: ${token.text}`,
  );
}

/** Reads a `:value`. */
export function parseValuePlaceholder(reader: TokenReader): AttributeValue {
  const token = reader.peek();
  if (token.kind !== "value") throw reader.unexpected();
  reader.next();
  const value = reader.scope.value(token.text);
  if (value !== undefined) return value;
  throw reader.error(
    `An expression attribute value used in expression is not defined; attribute value: ${token.text}`,
  );
}

/** A path as error messages show it: `[a, b, [0]]`. */
export function pathText(path: Path): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}

/** Refuses two paths of which one is in the other, or that disagree on what they go through. */
export function refuseOverlap(reader: TokenReader, paths: Path[]): void {
  paths.forEach((one, index) => {
    for (const two of paths.slice(0, index)) {
      const shared = Math.min(one.length, two.length);
      let same = 0;
      while (same < shared && one[same] === two[same]) same++;
      const shown = `must remove or rewrite one of these paths; path one: ${pathText(two)}, path two: ${pathText(one)}`;
      if (same === shared) {
        throw reader.error(`Two document paths overlap with each other; ${shown}`);
      }
      if (typeof one[same] !== typeof two[same]) {
        throw reader.error(`Two document paths conflict with each other; ${shown}`);
      }
    }
  });
}

/** The value at a path; `undefined` when there is none. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const part of path) value = child(value, part);
  return value;
}

/** What a map or list holds under one part of a path. */
export function child(parent: AttributeValue | undefined, part: string | number): AttributeValue | undefined {
  if (typeof part === "number") return parent?.L?.[part];
  return parent?.M && attribute(parent.M, part);
}

interface Branch {
  whole: boolean;
  parts: Map<string | number, Branch>;
}

/** A copy of the item that holds only what the paths name; list elements close ranks in their order. */
export function projectItem(item: Item, paths: Path[]): Item {
  const root: Branch = { whole: false, parts: new Map() };
  for (const path of paths) {
    let branch = root;
    for (const part of path) {
      const next: Branch = branch.parts.get(part) ?? { whole: false, parts: new Map() };
      branch.parts.set(part, next);
      branch = next;
    }
    branch.whole = true;
  }
  return pick({ M: item }, root)?.M ?? {};
}

function pick(value: AttributeValue, branch: Branch): AttributeValue | undefined {
  if (branch.whole) return value;
  const parts = [...branch.parts].flatMap(([part, below]) => {
    const held = child(value, part);
    const picked = held && pick(held, below);
    return picked ? [{ part, picked }] : [];
  });
  if (value.L) {
    const elements = parts.sort((a, b) => Number(a.part) - Number(b.part)).map(({ picked }) => picked);
    return elements.length > 0 ? { L: elements } : undefined;
  }
  if (parts.length === 0) return undefined;
  const map: Item = {};
  for (const { part, picked } of parts) setAttribute(map, String(part), picked);
  return { M: map };
}
