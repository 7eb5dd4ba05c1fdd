/** What condition, filter and key condition expressions are read into. */
import type { AttributeValue } from "../attribute-value.ts";
import type { Path } from "./path.ts";

/** Functions that are conditions, and how many operands they take. */
export const FUNCTIONS = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
} as const;

export type Operand =
  | { kind: "path"; path: Path }
  | { kind: "value"; value: AttributeValue }
  | { kind: "size"; of: Operand };
export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type FunctionName = keyof typeof FUNCTIONS;
export type Condition =
  | { kind: "and" | "or"; left: Condition; right: Condition }
  | { kind: "not"; condition: Condition }
  | { kind: "compare"; operator: Comparator; left: Operand; right: Operand }
  | { kind: "between"; operand: Operand; low: Operand; high: Operand }
  | { kind: "in"; operand: Operand; list: Operand[] }
  | { kind: "function"; name: FunctionName; args: Operand[] };
