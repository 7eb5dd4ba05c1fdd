/** Reads the members of a request. */
import { isRecord } from "../wire.ts";
import { constraintError, serializationError, validationError } from "./errors.ts";

/** A request's JSON object. */
export type Input = Record<string, unknown>;

/** Parameters that expressions replaced. */
const LEGACY = [
  "AttributesToGet",
  "AttributeUpdates",
  "ConditionalOperator",
  "Expected",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
];

/** Refuses the parameters from before expressions, which the local DynamoDB does not have. */
export function refuseLegacy(input: Input): void {
  const found = LEGACY.filter((name) => input[name] !== undefined && input[name] !== null);
  if (found.length === 0) return;
  throw validationError(
    `${found.join(", ")} is unsupported here: the local DynamoDB takes expressions only (ConditionExpression, UpdateExpression, KeyConditionExpression, FilterExpression, ProjectionExpression).`,
  );
}

/** A string; `undefined` when it isn't given. */
export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw serializationError(`${typeof value} can not be converted to a String`);
}

/** A string that has to be given. */
export function text(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value !== undefined) return value;
  throw constraintError(undefined, lowerFirst(name), "Member must not be null");
}

/** A boolean, false when it isn't given. */
export function flag(input: Input, name: string, fallback = false): boolean {
  const value = input[name] ?? fallback;
  if (typeof value === "boolean") return value;
  throw serializationError(`${typeof value} can not be converted to a Boolean`);
}

/** A whole number from `min` to `max`; `undefined` when it isn't given. */
export function integer(
  input: Input,
  name: string,
  { min = 1, max = 2 ** 31 - 1 }: { min?: number; max?: number } = {},
): number | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number")
    throw serializationError(`${typeof value} can not be converted to an Integer`);
  if (value < min) {
    throw constraintError(
      String(value),
      lowerFirst(name),
      `Member must have value greater than or equal to ${min}`,
    );
  }
  if (value > max) {
    throw constraintError(
      String(value),
      lowerFirst(name),
      `Member must have value less than or equal to ${max}`,
    );
  }
  return Math.floor(value);
}

/** One of `options`; the first of them when it isn't given. */
export function choice<T extends string>(input: Input, name: string, options: readonly [T, ...T[]]): T {
  const value = optionalText(input, name);
  if (value === undefined) return options[0];
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  throw constraintError(
    value,
    lowerFirst(name),
    `Member must satisfy enum value set: [${options.join(", ")}]`,
  );
}

/** An object that has to be given. */
export function record(input: Input, name: string): Input {
  const value = input[name];
  if (isRecord(value)) return value;
  if (value === undefined || value === null) {
    throw constraintError(undefined, lowerFirst(name), "Member must not be null");
  }
  throw serializationError("Unexpected value type in payload");
}

/** A list of objects with `1` to `max` members. */
export function records(input: Input, name: string, max: number): Input[] {
  const value = input[name];
  if (value === undefined || value === null) {
    throw constraintError(undefined, lowerFirst(name), "Member must not be null");
  }
  if (!Array.isArray(value)) throw serializationError("Unexpected value type in payload");
  if (value.length < 1) {
    throw constraintError([], lowerFirst(name), "Member must have length greater than or equal to 1");
  }
  if (value.length > max) {
    throw constraintError(
      `[${value.length} members]`,
      lowerFirst(name),
      `Member must have length less than or equal to ${max}`,
    );
  }
  return value.map((member) => {
    if (isRecord(member)) return member;
    throw serializationError("Unexpected value type in payload");
  });
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
