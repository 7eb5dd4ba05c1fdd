/** Equality and order of attribute values. */
import { type AttributeValue, attribute, type Item, typeOf } from "./attribute-value.ts";
import { compareNumbers } from "./decimal.ts";

/** Whether two values are the same; sets compare without order, documents by all they hold. */
export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  const type = typeOf(left);
  if (type !== typeOf(right)) return false;
  switch (type) {
    case "M":
      return equalItems(left.M ?? {}, right.M ?? {});
    case "L":
      return equalLists(left.L ?? [], right.L ?? []);
    case "SS":
    case "NS":
    case "BS":
      return equalSets(left[type] ?? [], right[type] ?? []);
    default:
      return left[type] === right[type]; // numbers and binaries are canonical text
  }
}

/** Whether two items hold the same attributes. */
export function equalItems(left: Item, right: Item): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => {
      const a = attribute(left, name);
      const b = attribute(right, name);
      return a !== undefined && b !== undefined && equalValues(a, b);
    })
  );
}

function equalLists(left: AttributeValue[], right: AttributeValue[]): boolean {
  return (
    left.length === right.length &&
    left.every((value, index) => {
      const other = right[index];
      return other !== undefined && equalValues(value, other);
    })
  );
}

function equalSets(left: string[], right: string[]): boolean {
  if (left.length !== right.length) return false;
  const members = new Set(right);
  return left.every((member) => members.has(member));
}

/** Orders two strings, numbers or binaries; `undefined` when their types differ or have no order. */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.S !== undefined && right.S !== undefined) return compareStrings(left.S, right.S);
  if (left.N !== undefined && right.N !== undefined) return compareNumbers(left.N, right.N);
  if (left.B !== undefined && right.B !== undefined) {
    return Buffer.compare(Buffer.from(left.B, "base64"), Buffer.from(right.B, "base64"));
  }
  return undefined;
}

/** DynamoDB orders strings by their UTF-8 bytes, which JavaScript's UTF-16 order differs from. */
function compareStrings(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
