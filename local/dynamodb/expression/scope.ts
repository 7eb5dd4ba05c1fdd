/** The `#names` and `:values` that a request's expressions share. */
import { isRecord } from "../../wire.ts";
import { type AttributeValue, parseValue } from "../attribute-value.ts";
import { serializationError, validationError } from "../errors.ts";
import type { Input } from "../input.ts";

/** Looks up placeholders and remembers which were used. Lookups answer `undefined` for what isn't defined. */
export interface Scope {
  name(placeholder: string): string | undefined;
  value(placeholder: string): AttributeValue | undefined;
  /** Throws `ValidationException` if a name or value was given that no expression uses. */
  assertAllUsed(): void;
}

/** Reads `ExpressionAttributeNames` and `ExpressionAttributeValues`; `expressions` are the fields that use them. */
export function createScope(input: Input, expressions: readonly string[]): Scope {
  const names = input["ExpressionAttributeNames"] ?? undefined;
  const values = input["ExpressionAttributeValues"] ?? undefined;
  const has = (field: string) => input[field] !== undefined && input[field] !== null;
  if (names !== undefined && !expressions.some(has)) {
    throw validationError("ExpressionAttributeNames can only be specified when using expressions");
  }
  const valued = expressions.filter((field) => field !== "ProjectionExpression");
  if (values !== undefined && !valued.some(has)) {
    const missing =
      valued.length === 0 ? "" : `: ${valued.join(" and ")} ${valued.length > 1 ? "are" : "is"} null`;
    throw validationError(`ExpressionAttributeValues can only be specified when using expressions${missing}`);
  }
  return bind(readNames(names), readValues(values));
}

function bind(names: Map<string, string>, values: Map<string, AttributeValue>): Scope {
  const unusedNames = new Set(names.keys());
  const unusedValues = new Set(values.keys());
  return {
    name(placeholder) {
      unusedNames.delete(placeholder);
      return names.get(placeholder);
    },
    value(placeholder) {
      unusedValues.delete(placeholder);
      return values.get(placeholder);
    },
    assertAllUsed() {
      refuseUnused("ExpressionAttributeNames", unusedNames);
      refuseUnused("ExpressionAttributeValues", unusedValues);
    },
  };
}

function refuseUnused(field: string, unused: Set<string>): void {
  if (unused.size === 0) return;
  throw validationError(
    `Value provided in ${field} unused in expressions: keys: {${[...unused].join(", ")}}`,
  );
}

function readNames(input: unknown): Map<string, string> {
  return readPlaceholders("ExpressionAttributeNames", /^#[0-9a-zA-Z_]+$/, input, (name) => {
    if (typeof name === "string") return name;
    throw serializationError("Unexpected token received from parser");
  });
}

function readValues(input: unknown): Map<string, AttributeValue> {
  return readPlaceholders("ExpressionAttributeValues", /^:[0-9a-zA-Z_]+$/, input, (value, key) => {
    try {
      return parseValue(value);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ValidationException") throw error;
      throw validationError(
        `ExpressionAttributeValues contains invalid value: ${error.message} for key ${key}`,
      );
    }
  });
}

function readPlaceholders<T>(
  field: string,
  pattern: RegExp,
  input: unknown,
  read: (value: unknown, key: string) => T,
): Map<string, T> {
  const entries = new Map<string, T>();
  if (input === undefined) return entries;
  if (!isRecord(input)) throw serializationError("Unexpected token received from parser");
  for (const [key, value] of Object.entries(input)) {
    if (!pattern.test(key)) {
      throw validationError(`${field} contains invalid key: Syntax error; key: "${key}"`);
    }
    entries.set(key, read(value, key));
  }
  if (entries.size === 0) throw validationError(`${field} must not be empty`);
  return entries;
}
