/** Key conditions: which partition a query reads, and which range of it. */
import { type AttributeValue, typeOf } from "../attribute-value.ts";
import { validationError } from "../errors.ts";
import { encodeKeyValue, type KeyAttribute, type KeySchema, successor } from "../keys.ts";
import type { Condition, Operand } from "./condition-tree.ts";

interface Bound {
  value: Buffer;
  inclusive: boolean;
}
/** The rows that a query reads. */
export interface KeyRange {
  hash: Buffer;
  hashValue: AttributeValue;
  low?: Bound;
  high?: Bound;
}

interface Part {
  attribute: string;
  operator: string;
  values: AttributeValue[];
}

/** Reads a key condition against the schema of a table or index. */
export function keyRange(condition: Condition, schema: KeySchema): KeyRange {
  const parts = split(condition);
  const find = (attribute: string) => parts.filter((part) => part.attribute === attribute);
  if (parts.length > 2) throw validationError("Conditions can be of length 1 or 2 only");
  const names = new Set(parts.map((part) => part.attribute));
  if (names.size < parts.length) {
    throw validationError("KeyConditionExpressions must only contain one condition per key");
  }
  const [hash] = find(schema.hash.name);
  if (!hash) throw validationError(`Query condition missed key schema element: ${schema.hash.name}`);
  if (hash.operator !== "=") throw validationError("Query key condition not supported");
  const [hashValue] = hash.values;
  if (!hashValue) throw validationError("Query key condition not supported");
  const encoded = encodeKeyValue(checkType(schema.hash, hashValue), schema.hash, "hash");
  if (parts.length === 1) return { hash: encoded, hashValue };
  if (!schema.range) throw validationError("Query key condition not supported");
  const [range] = find(schema.range.name);
  if (!range) throw validationError(`Query condition missed key schema element: ${schema.range.name}`);
  return { hash: encoded, hashValue, ...bounds(range, schema.range) };
}

function bounds(part: Part, attribute: KeyAttribute): { low?: Bound; high?: Bound } {
  const [first, second] = part.values.map((value) => encodeRange(checkType(attribute, value), attribute));
  if (!first) throw validationError("Query key condition not supported");
  switch (part.operator) {
    case "=":
      return { low: { value: first, inclusive: true }, high: { value: first, inclusive: true } };
    case "<":
    case "<=":
      return { high: { value: first, inclusive: part.operator === "<=" } };
    case ">":
    case ">=":
      return { low: { value: first, inclusive: part.operator === ">=" } };
    case "BETWEEN":
      if (!second) throw validationError("Query key condition not supported");
      return { low: { value: first, inclusive: true }, high: { value: second, inclusive: true } };
    default: {
      if (attribute.type === "N") throw validationError("Query key condition not supported");
      const end = successor(first);
      return {
        low: { value: first, inclusive: true },
        ...(end && { high: { value: end, inclusive: false } }),
      };
    }
  }
}

function encodeRange(value: AttributeValue, attribute: KeyAttribute): Buffer {
  return encodeKeyValue(value, attribute, "range");
}

function checkType(attribute: KeyAttribute, value: AttributeValue): AttributeValue {
  if (typeOf(value) === attribute.type) return value;
  throw validationError(
    "One or more parameter values were invalid: Condition parameter type does not match schema type",
  );
}

/** Conditions on single attributes that AND joins. */
function split(condition: Condition): Part[] {
  switch (condition.kind) {
    case "and":
      return [...split(condition.left), ...split(condition.right)];
    case "compare": {
      if (condition.operator === "<>") throw invalidOperator("<>");
      // `:v < a` is `a > :v`
      if (condition.left.kind === "value" && condition.right.kind === "path") {
        return [part(condition.right, MIRRORED[condition.operator] ?? "=", [condition.left])];
      }
      return [part(condition.left, condition.operator, [condition.right])];
    }
    case "between":
      return [part(condition.operand, "BETWEEN", [condition.low, condition.high])];
    case "function": {
      const [operand, prefix] = condition.args;
      if (condition.name !== "begins_with" || !operand || !prefix) throw invalidOperator(condition.name);
      return [part(operand, "begins_with", [prefix])];
    }
    default:
      throw invalidOperator(condition.kind.toUpperCase());
  }
}

const MIRRORED: Record<string, string> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

function part(operand: Operand, operator: string, values: Operand[]): Part {
  if (operand.kind !== "path") {
    throw validationError(
      `Invalid condition in KeyConditionExpression: ${operator} operator must have the key attribute as its first operand`,
    );
  }
  const [attribute, ...rest] = operand.path;
  if (rest.length > 0)
    throw validationError("KeyConditionExpressions cannot have conditions on nested attributes");
  return {
    attribute,
    operator,
    values: values.map((value) => {
      if (value.kind === "value") return value.value;
      throw validationError("KeyConditionExpressions cannot contain nested operations");
    }),
  };
}

function invalidOperator(name: string) {
  return validationError(`Invalid operator used in KeyConditionExpression: ${name}`);
}
