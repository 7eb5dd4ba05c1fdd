/** Decides whether an item meets a condition. */
import { type AttributeValue, type Item, typeOf } from "../attribute-value.ts";
import { compareValues, equalValues } from "../value-order.ts";
import type { Comparator, Condition, FunctionName, Operand } from "./condition-tree.ts";
import { type Path, valueAt } from "./path.ts";

/** Whether `item` meets `condition`; an item that does not exist is an empty one. */
export function meets(item: Item, condition: Condition): boolean {
  const resolve = (operand: Operand) => resolveOperand(item, operand);
  switch (condition.kind) {
    case "and":
      return meets(item, condition.left) && meets(item, condition.right);
    case "or":
      return meets(item, condition.left) || meets(item, condition.right);
    case "not":
      return !meets(item, condition.condition);
    case "compare":
      return compare(condition.operator, resolve(condition.left), resolve(condition.right));
    case "between": {
      const value = resolve(condition.operand);
      return compare(">=", value, resolve(condition.low)) && compare("<=", value, resolve(condition.high));
    }
    case "in": {
      const value = resolve(condition.operand);
      return condition.list.some((option) => compare("=", value, resolve(option)));
    }
    case "function":
      return call(condition.name, condition.args.map(resolve));
  }
}

/** Every path that a condition names. */
export function conditionPaths(condition: Condition): Path[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return [...conditionPaths(condition.left), ...conditionPaths(condition.right)];
    case "not":
      return conditionPaths(condition.condition);
    case "compare":
      return [condition.left, condition.right].flatMap(operandPaths);
    case "between":
      return [condition.operand, condition.low, condition.high].flatMap(operandPaths);
    case "in":
      return [condition.operand, ...condition.list].flatMap(operandPaths);
    case "function":
      return condition.args.flatMap(operandPaths);
  }
}

function operandPaths(operand: Operand): Path[] {
  if (operand.kind === "size") return operandPaths(operand.of);
  return operand.kind === "path" ? [operand.path] : [];
}

function resolveOperand(item: Item, operand: Operand): AttributeValue | undefined {
  if (operand.kind === "value") return operand.value;
  if (operand.kind === "path") return valueAt(item, operand.path);
  const size = sizeOf(resolveOperand(item, operand.of));
  return size === undefined ? undefined : { N: String(size) };
}

function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value?.S !== undefined) return Buffer.byteLength(value.S);
  if (value?.B !== undefined) return Buffer.byteLength(value.B, "base64");
  if (value?.M) return Object.keys(value.M).length;
  return (value?.L ?? value?.SS ?? value?.NS ?? value?.BS)?.length;
}

function compare(
  operator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  const equal = left !== undefined && right !== undefined && equalValues(left, right);
  if (operator === "=") return equal;
  if (operator === "<>") return !equal; // also when one side does not exist
  const order = left && right && compareValues(left, right);
  if (order === undefined) return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function call(name: FunctionName, [first, second]: (AttributeValue | undefined)[]): boolean {
  switch (name) {
    case "attribute_exists":
      return first !== undefined;
    case "attribute_not_exists":
      return first === undefined;
    case "attribute_type":
      return first !== undefined && typeOf(first) === second?.S;
    case "begins_with":
      return beginsWith(first, second);
    case "contains":
      return contains(first, second);
  }
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value?.S !== undefined && prefix?.S !== undefined) return value.S.startsWith(prefix.S);
  if (value?.B === undefined || prefix?.B === undefined) return false;
  const start = Buffer.from(prefix.B, "base64");
  return Buffer.from(value.B, "base64").subarray(0, start.length).equals(start);
}

function contains(whole: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (!whole || !part) return false;
  if (whole.L) return whole.L.some((element) => equalValues(element, part));
  if (part.S !== undefined) return whole.S?.includes(part.S) ?? whole.SS?.includes(part.S) ?? false;
  if (part.N !== undefined) return whole.NS?.includes(part.N) ?? false;
  if (part.B === undefined) return false;
  if (whole.B === undefined) return whole.BS?.includes(part.B) ?? false;
  return Buffer.from(whole.B, "base64").includes(Buffer.from(part.B, "base64"));
}
