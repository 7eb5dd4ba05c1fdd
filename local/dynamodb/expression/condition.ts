/** Condition, filter and key condition expressions: from text to a tree. */

import { checkBetween, checkComparison, checkFunction, checkSize } from "./check-condition.ts";
import {
  type Comparator,
  type Condition,
  FUNCTIONS,
  type FunctionName,
  type Operand,
} from "./condition-tree.ts";
import { parsePath, parseValuePlaceholder } from "./path.ts";
import { type ExpressionKind, readExpression } from "./reader.ts";
import type { Scope } from "./scope.ts";

type Node = Condition | Operand;

const COMPARATORS: readonly Comparator[] = ["=", "<>", "<", "<=", ">", ">="];
const MAX_LIST = 99; // DynamoDB: 100 operands of IN, with the one before it
const MAX_OPERATORS = 300; // DynamoDB: 300 operators or functions in an expression

/** Reads a condition. */
export function parseCondition(kind: ExpressionKind, text: string, scope: Scope): Condition {
  const reader = readExpression(kind, text, scope);
  let operators = 0;
  /** What the last pair of parentheses held. */
  let grouped: Node | undefined;
  const condition = asCondition(either());
  reader.end();
  return condition;

  function counted<T extends Condition>(condition: T): T {
    if (++operators <= MAX_OPERATORS) return condition;
    throw reader.error("The expression contains too many operators and functions; maximum: 300");
  }

  function either(): Node {
    let left = both();
    while (reader.takeWord("OR")) {
      left = counted({ kind: "or", left: asCondition(left), right: asCondition(both()) });
    }
    return left;
  }

  function both(): Node {
    let left = negation();
    while (reader.takeWord("AND")) {
      left = counted({ kind: "and", left: asCondition(left), right: asCondition(negation()) });
    }
    return left;
  }

  function negation(): Node {
    if (!reader.takeWord("NOT")) return comparison();
    return counted({ kind: "not", condition: asCondition(negation()) });
  }

  function comparison(): Node {
    const left = primary();
    const token = reader.peek();
    const operator = COMPARATORS.find((symbol) => token.kind === "symbol" && token.text === symbol);
    if (operator) {
      reader.next();
      const compared = { left: asOperand(left), right: operand() };
      checkComparison(reader, operator, compared.left, compared.right);
      return counted({ kind: "compare", operator, ...compared });
    }
    if (reader.takeWord("BETWEEN")) {
      const low = operand();
      if (!reader.takeWord("AND")) throw reader.unexpected();
      const high = operand();
      checkBetween(reader, low, high);
      return counted({ kind: "between", operand: asOperand(left), low, high });
    }
    if (reader.takeWord("IN")) {
      reader.expect("(");
      const list = operands();
      if (list.length > MAX_LIST) throw wrongCount("IN", list.length + 1);
      return counted({ kind: "in", operand: asOperand(left), list });
    }
    return left;
  }

  /** A path, a value, a function, or anything in parentheses. */
  function primary(): Node {
    const token = reader.peek();
    if (reader.take("(")) {
      const inner = either();
      reader.expect(")");
      if (inner === grouped) throw reader.error("The expression has redundant parentheses;");
      grouped = inner;
      return inner;
    }
    if (token.kind === "value") return { kind: "value", value: parseValuePlaceholder(reader) };
    if (token.kind !== "identifier" && token.kind !== "name") throw reader.unexpected();
    return call() ?? { kind: "path", path: parsePath(reader) };
  }

  function operand(): Operand {
    return asOperand(primary());
  }

  /** Operands up to and with the closing parenthesis. */
  function operands(): Operand[] {
    const list = [operand()];
    while (reader.take(",")) list.push(operand());
    reader.expect(")");
    return list;
  }

  function call(): Node | undefined {
    const name = reader.peek().text;
    if (reader.peek().kind !== "identifier" || !reader.follows("(")) return undefined;
    reader.next();
    reader.expect("(");
    const args = operands();
    if (name === "size") {
      const [of] = args;
      if (args.length !== 1 || !of) throw wrongCount(name, args.length);
      checkSize(reader, of);
      return { kind: "size", of };
    }
    if (name === "if_not_exists" || name === "list_append") throw misused(name); // those are for updates
    if (!isFunction(name)) throw reader.error(`Invalid function name; function: ${name}`);
    if (args.length !== FUNCTIONS[name]) throw wrongCount(name, args.length);
    checkFunction(reader, name, args);
    return counted({ kind: "function", name, args });
  }

  function wrongCount(name: string, count: number): Error {
    return reader.error(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
    );
  }

  function asCondition(node: Node): Condition {
    if (node.kind === "size") throw misused("size");
    if (node.kind === "path" || node.kind === "value") throw reader.unexpected();
    return node;
  }

  function asOperand(node: Node): Operand {
    if (node.kind === "path" || node.kind === "value" || node.kind === "size") return node;
    if (node.kind === "function") throw misused(node.name);
    throw reader.unexpected();
  }

  function misused(name: string): Error {
    return reader.error(
      `The function is not allowed to be used this way in an expression; function: ${name}`,
    );
  }
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}
