/** What can be wrong with a condition's operands before any item is looked at. */
import { ATTRIBUTE_TYPES, type AttributeType, typeOf } from "../attribute-value.ts";
import { compareValues } from "../value-order.ts";
import type { Comparator, FunctionName, Operand } from "./condition-tree.ts";
import { pathText } from "./path.ts";
import type { TokenReader } from "./reader.ts";

const ORDERED: readonly AttributeType[] = ["S", "N", "B"];
const SIZED = ATTRIBUTE_TYPES.filter((type) => !["N", "BOOL", "NULL"].includes(type));

/** Refuses an operator that its literal operands have no order for, or that compares a path with itself. */
export function checkComparison(
  reader: TokenReader,
  operator: Comparator,
  left: Operand,
  right: Operand,
): void {
  refuseSame(reader, operator, left, right);
  if (operator === "=" || operator === "<>") return;
  for (const operand of [left, right]) requireType(reader, "operator", operator, operand, ORDERED);
}

/** Refuses bounds of different types, or in the wrong order. */
export function checkBetween(reader: TokenReader, low: Operand, high: Operand): void {
  if (low.kind !== "value" || high.kind !== "value") return;
  const types = [typeOf(low.value), typeOf(high.value)] as const;
  const bounds = `lower bound operand: AttributeValue: {${types[0]}:${low.value[types[0]]}}, upper bound operand: AttributeValue: {${types[1]}:${high.value[types[1]]}}`;
  if (types[0] !== types[1]) {
    throw reader.error(`The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`);
  }
  for (const bound of [low, high]) requireType(reader, "operator", "BETWEEN", bound, ORDERED);
  if ((compareValues(low.value, high.value) ?? 0) > 0) {
    throw reader.error(
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    );
  }
}

/** Refuses `size` of a literal that has none. */
export function checkSize(reader: TokenReader, operand: Operand): void {
  requireType(reader, "operator or function", "size", operand, SIZED);
}

/** Refuses operands that a function can't take. */
export function checkFunction(reader: TokenReader, name: FunctionName, args: Operand[]): void {
  const [first, second] = args;
  if (first && second) refuseSame(reader, name, first, second);
  if ((name === "attribute_exists" || name === "attribute_not_exists") && first?.kind !== "path") {
    throw reader.error(`Operator or function requires a document path; operator or function: ${name}`);
  }
  if (name === "begins_with") {
    for (const arg of args) requireType(reader, "operator or function", name, arg, ["S", "B"]);
  }
  if (name === "attribute_type") {
    const type = second?.kind === "value" ? typeOf(second.value) : `{${ATTRIBUTE_TYPES.join(",")}}`;
    if (second?.kind !== "value" || second.value.S === undefined) {
      throw reader.error(
        `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
      );
    }
    if (!ATTRIBUTE_TYPES.some((known) => known === second.value.S)) {
      throw reader.error(
        `Invalid attribute type name found; type: ${second.value.S}, valid types: {${ATTRIBUTE_TYPES.join(",")}}`,
      );
    }
  }
}

function requireType(
  reader: TokenReader,
  what: "operator" | "operator or function",
  name: string,
  operand: Operand,
  allowed: readonly AttributeType[],
): void {
  const type = operand.kind === "value" ? typeOf(operand.value) : operand.kind === "size" ? "N" : undefined;
  if (!type || allowed.includes(type)) return;
  throw reader.error(
    `Incorrect operand type for operator or function; ${what}: ${name}, operand type: ${type}`,
  );
}

function refuseSame(reader: TokenReader, name: string, left: Operand, right: Operand): void {
  if (left.kind !== "path" || right.kind !== "path") return;
  if (pathText(left.path) !== pathText(right.path)) return;
  throw reader.error(
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(left.path)}`,
  );
}
