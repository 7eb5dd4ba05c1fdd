/** Update expressions: from text to a list of actions. */
import { type AttributeType, type AttributeValue, typeOf } from "../attribute-value.ts";
import { type Path, parsePath, parseValuePlaceholder, refuseOverlap } from "./path.ts";
import { readExpression, type TokenReader } from "./reader.ts";
import type { Scope } from "./scope.ts";

/** What SET assigns. */
export type Source =
  | { kind: "path"; path: Path }
  | { kind: "value"; value: AttributeValue }
  | { kind: "plus" | "minus" | "append"; left: Source; right: Source }
  | { kind: "default"; path: Path; otherwise: Source };
export type Action =
  | { kind: "set"; path: Path; source: Source }
  | { kind: "remove"; path: Path }
  | { kind: "add" | "delete"; path: Path; value: AttributeValue };

const SECTIONS = ["SET", "REMOVE", "ADD", "DELETE"] as const;
const TYPE_NAMES: Partial<Record<AttributeType, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};

/** Reads an update expression. */
export function parseUpdate(text: string, scope: Scope): Action[] {
  const reader = readExpression("UpdateExpression", text, scope);
  const seen = new Set<string>();
  const actions: Action[] = [];
  do {
    const section = SECTIONS.find((word) => reader.takeWord(word));
    if (!section) throw reader.unexpected();
    if (seen.has(section)) {
      throw reader.error(`The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
    do actions.push(parseAction(reader, section));
    while (reader.take(","));
  } while (reader.peek().kind !== "end");
  refuseOverlap(
    reader,
    actions.map(({ path }) => path),
  );
  return actions;
}

function parseAction(reader: TokenReader, section: (typeof SECTIONS)[number]): Action {
  const path = parsePath(reader);
  if (section === "REMOVE") return { kind: "remove", path };
  if (section === "SET") {
    reader.expect("=");
    return { kind: "set", path, source: parseSource(reader) };
  }
  const value = parseValuePlaceholder(reader);
  const name = TYPE_NAMES[typeOf(value)];
  if (name && !(section === "ADD" && value.N !== undefined)) {
    throw reader.error(
      `Incorrect operand type for operator or function; operator: ${section}, operand type: ${name}`,
    );
  }
  return { kind: section === "ADD" ? "add" : "delete", path, value };
}

function parseSource(reader: TokenReader): Source {
  if (reader.take("(")) {
    const inner = parseSource(reader);
    reader.expect(")");
    return inner.kind === "plus" || inner.kind === "minus" ? inner : parseSum(reader, inner);
  }
  return parseSum(reader, parseOperand(reader));
}

/** DynamoDB adds or subtracts two operands, not more. */
function parseSum(reader: TokenReader, left: Source): Source {
  const sign = reader.take("+") ? "+" : reader.take("-") ? "-" : undefined;
  if (!sign) return left;
  const right = parseOperand(reader);
  requireLiteral(reader, sign, [left, right], "N");
  return { kind: sign === "+" ? "plus" : "minus", left, right };
}

function parseOperand(reader: TokenReader): Source {
  if (reader.take("(")) {
    const inner = parseOperand(reader);
    reader.expect(")");
    return inner;
  }
  if (reader.peek().kind === "value") return { kind: "value", value: parseValuePlaceholder(reader) };
  if (reader.peek().kind !== "identifier" || !reader.follows("(")) {
    return { kind: "path", path: parsePath(reader) };
  }
  return parseCall(reader);
}

function parseCall(reader: TokenReader): Source {
  const name = reader.next().text;
  if (name !== "if_not_exists" && name !== "list_append") {
    throw reader.error(`Invalid function name; function: ${name}`);
  }
  reader.expect("(");
  const args = [parseOperand(reader)];
  while (reader.take(",")) args.push(parseOperand(reader));
  reader.expect(")");
  const [first, second] = args;
  if (args.length !== 2 || !first || !second) {
    throw reader.error(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  }
  if (name === "list_append") {
    requireLiteral(reader, name, args, "L");
    if (args.some(({ kind }) => kind === "append")) {
      throw reader.error(
        `The function is not allowed to be used this way in an expression; function: ${name}`,
      );
    }
    return { kind: "append", left: first, right: second };
  }
  if (first.kind === "path") return { kind: "default", path: first.path, otherwise: second };
  throw reader.error(`Operator or function requires a document path; operator or function: ${name}`);
}

function requireLiteral(reader: TokenReader, name: string, operands: Source[], type: AttributeType): void {
  for (const operand of operands) {
    if (operand.kind !== "value" || typeOf(operand.value) === type) continue;
    throw reader.error(
      `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${typeOf(operand.value)}`,
    );
  }
}
