/** Attribute values as DynamoDB's JSON has them, read from outside into their one canonical form. */
import { isRecord } from "../wire.ts";
import { canonicalNumber } from "./decimal.ts";
import { serializationError, validationError } from "./errors.ts";

/** One value; exactly one member is set. `N` is canonical text, `B` is base64. */
export interface AttributeValue {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: true;
  M?: Item;
  L?: AttributeValue[];
  SS?: string[];
  NS?: string[];
  BS?: string[];
}
export type AttributeType = keyof AttributeValue;
/** An item, or a map in one. */
export type Item = Record<string, AttributeValue>;

export const ATTRIBUTE_TYPES: readonly AttributeType[] = [
  "S",
  "N",
  "B",
  "BOOL",
  "NULL",
  "M",
  "L",
  "SS",
  "NS",
  "BS",
];
const MAX_DEPTH = 32; // DynamoDB: lists and maps nest up to 32 levels deep

/** The type of a value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type of ATTRIBUTE_TYPES) if (value[type] !== undefined) return type;
  throw new Error("An attribute value without a type reached the engine.");
}

/** An attribute of a map; `undefined` when it is not there. */
export function attribute(map: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** Sets an attribute of a map, whatever its name is. */
export function setAttribute(map: Item, name: string, value: AttributeValue): void {
  if (name === "__proto__") {
    Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
  } else map[name] = value;
}

/** Reads an item or a key. */
export function parseItem(input: unknown, depth = 0): Item {
  if (!isRecord(input)) throw serializationError("Start of list found where not expected");
  const item: Item = {};
  for (const [name, value] of Object.entries(input)) {
    if (Buffer.byteLength(name) > 65_535)
      throw validationError("Attribute name is too large, must be less than 65536 bytes");
    setAttribute(item, name, parseValue(value, depth));
  }
  return item;
}

/** Reads one attribute value. Throws `ValidationException` or `SerializationException`. */
export function parseValue(input: unknown, depth = 0): AttributeValue {
  if (!isRecord(input)) throw serializationError("Unexpected value type in payload");
  const types = ATTRIBUTE_TYPES.filter((type) => input[type] !== undefined && input[type] !== null);
  const [type] = types;
  if (!type) {
    throw validationError(
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    );
  }
  if (types.length > 1) {
    throw validationError(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  const value = input[type];
  switch (type) {
    case "S":
      return { S: text(value) };
    case "N":
      return { N: canonicalNumber(text(value)) };
    case "B":
      return { B: binary(value) };
    case "BOOL":
      if (typeof value !== "boolean") throw serializationError("Unexpected token received from parser");
      return { BOOL: value };
    case "NULL":
      if (value === true) return { NULL: true };
      throw invalid("Null attribute value types must have the value of true");
    case "M":
      return { M: parseItem(value, nested(depth)) };
    case "L":
      return { L: list(value).map((element) => parseValue(element, nested(depth))) };
    case "SS":
      return { SS: set(list(value).map(text), "An string set  may not be empty") };
    case "NS":
      return {
        NS: set(
          list(value).map((element) => canonicalNumber(text(element))),
          "An number set  may not be empty",
        ),
      };
    case "BS":
      return { BS: set(list(value).map(binary), "Binary sets should not be empty") };
  }
}

function invalid(detail: string) {
  return validationError(`One or more parameter values were invalid: ${detail}`);
}

function nested(depth: number): number {
  if (depth + 1 < MAX_DEPTH) return depth + 1;
  throw validationError("Nesting Levels have exceeded supported limits");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw serializationError(`${typeof value} can not be converted to a String`);
}

function binary(value: unknown): string {
  const encoded = text(value);
  if (Buffer.from(encoded, "base64").toString("base64") === encoded) return encoded;
  throw serializationError(`'${encoded.slice(0, 100)}' can not be converted to a Blob: Invalid Base64`);
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw serializationError("Start of structure or map found where not expected.");
}

function set(members: string[], empty: string): string[] {
  if (members.length === 0) throw invalid(empty);
  if (new Set(members).size < members.length) {
    throw invalid(`Input collection [${members.join(", ")}] contains duplicates.`);
  }
  return members;
}
