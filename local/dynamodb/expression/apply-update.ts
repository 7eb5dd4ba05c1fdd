/** Applies an update to an item. */
import { type AttributeValue, type Item, setAttribute, typeOf } from "../attribute-value.ts";
import { addNumbers, subtractNumbers } from "../decimal.ts";
import { validationError } from "../errors.ts";
import { child, type Path, valueAt } from "./path.ts";
import type { Action, Source } from "./update.ts";

/**
 * Carries out `actions` on `item`, in place. Everything is read as it was before the first action, and list
 * indexes mean the list as it was. Throws `ValidationException` where DynamoDB refuses the update.
 */
export function applyUpdate(item: Item, actions: Action[]): void {
  const planned = actions.map((action) => ({
    action,
    value: action.kind === "set" ? resolve(item, action.source) : undefined,
  }));
  // Ascending, so that elements set past the end are appended in the order of their indexes.
  planned.sort((a, b) => comparePaths(a.action.path, b.action.path));
  for (const { action, value } of planned) {
    if (action.kind === "set" && value) place(item, action.path, copy(value));
    if (action.kind === "add") place(item, action.path, added(valueAt(item, action.path), action.value));
  }
  // Descending, so that removing an element doesn't move those that are still to go.
  for (const { action } of planned.reverse()) {
    if (action.kind === "remove") remove(item, action.path);
    if (action.kind === "delete") deleteMembers(item, action.path, action.value);
  }
}

function comparePaths(left: Path, right: Path): number {
  for (const [index, a] of left.entries()) {
    const b = right[index];
    if (typeof a === "number" && typeof b === "number" && a !== b) return a - b;
    if (a !== b) return String(a) < String(b) ? -1 : 1;
  }
  return 0;
}

/** Documents are copied, as one that stays where it was may still change. */
function copy(value: AttributeValue): AttributeValue {
  return value.M || value.L ? structuredClone(value) : value;
}

function resolve(item: Item, source: Source): AttributeValue {
  switch (source.kind) {
    case "value":
      return source.value;
    case "path": {
      const value = valueAt(item, source.path);
      if (value) return value;
      throw validationError("The provided expression refers to an attribute that does not exist in the item");
    }
    case "default":
      return valueAt(item, source.path) ?? resolve(item, source.otherwise);
    case "append": {
      const left = resolve(item, source.left).L;
      const right = resolve(item, source.right).L;
      if (!left || !right) throw wrongType();
      return { L: [...left, ...right] };
    }
    case "plus":
    case "minus": {
      const left = resolve(item, source.left).N;
      const right = resolve(item, source.right).N;
      if (left === undefined || right === undefined) throw wrongType();
      return { N: source.kind === "plus" ? addNumbers(left, right) : subtractNumbers(left, right) };
    }
  }
}

function wrongType() {
  return validationError("An operand in the update expression has an incorrect data type");
}

function parentOf(item: Item, path: Path): { parent: AttributeValue; last: string | number } {
  let parent: AttributeValue | undefined = { M: item };
  for (const part of path.slice(0, -1)) parent = child(parent, part);
  const last = path[path.length - 1];
  if (parent && last !== undefined && (typeof last === "number" ? parent.L : parent.M)) {
    return { parent, last };
  }
  throw validationError("The document path provided in the update expression is invalid for update");
}

function place(item: Item, path: Path, value: AttributeValue): void {
  const { parent, last } = parentOf(item, path);
  if (parent.M) setAttribute(parent.M, String(last), value);
  else if (parent.L) parent.L[Math.min(Number(last), parent.L.length)] = value;
}

function remove(item: Item, path: Path): void {
  const { parent, last } = parentOf(item, path);
  if (parent.M) delete parent.M[String(last)];
  else parent.L?.splice(Number(last), 1);
}

function added(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!existing) return value;
  const type = typeOf(value);
  if (typeOf(existing) !== type) throw wrongType();
  if (existing.N !== undefined && value.N !== undefined) return { N: addNumbers(existing.N, value.N) };
  if (type === "SS" || type === "NS" || type === "BS") {
    return { [type]: [...new Set([...(existing[type] ?? []), ...(value[type] ?? [])])] };
  }
  throw wrongType();
}

function deleteMembers(item: Item, path: Path, value: AttributeValue): void {
  parentOf(item, path);
  const existing = valueAt(item, path);
  if (!existing) return;
  const type = typeOf(value);
  if (typeOf(existing) !== type || (type !== "SS" && type !== "NS" && type !== "BS")) throw wrongType();
  const gone = new Set(value[type]);
  const left = (existing[type] ?? []).filter((member) => !gone.has(member));
  if (left.length > 0) place(item, path, { [type]: left });
  else remove(item, path);
}
