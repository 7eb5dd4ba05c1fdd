/** Condition and filter expressions, on one item. */
import assert from "node:assert/strict";
import { NumberValue, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Case, numbered } from "../case.ts";
import { type DynamoTarget, isRefused, named } from "./target.ts";

const REFUSAL = "ValidationException";

const ITEM = {
  pk: "only",
  sk: "item",
  n: 5,
  big: NumberValue.from("9007199254740993000000.5"),
  s: "hello",
  high: "\u{1f600}",
  e: "é",
  b: new Uint8Array([1, 2, 200]),
  yes: true,
  nothing: null,
  l: [1, "two", { three: 3 }],
  m: { a: 1, b: { c: ["x", "y"] } },
  ss: new Set(["red", "green"]),
  ns: new Set([1, 2]),
  state: "ready",
};

type Names = Record<string, string>;
/** An expression, its values in the order `:a`, `:b` …, its names. */
type Row = readonly [expression: string, values?: unknown[], names?: Names];
type Refusal = readonly [expression: string, message: string, values?: unknown[], names?: Names];

const holding: readonly Row[] = [
  ["n = :a", [5]],
  ["n = :a", [5.0]],
  ["n <> :a", [4]],
  ["absent <> :a", [4]],
  ["n < :a", [10]],
  ["n <= :a", [5]],
  ["n > :a", [-10]],
  ["n >= :a", [5]],
  [":a > n", [6]],
  ["n BETWEEN :a AND :b", [5, 6]],
  ["s BETWEEN :a AND :b", ["hello", "help"]],
  ["n IN (:a, :b)", ["5", 5]],
  ["big > :a", [NumberValue.from("9007199254740993000000.4")]],
  ["s < :a", ["help"]],
  ["high > :a", ["\uffee"]], // by UTF-8 bytes; by UTF-16 units it would be less
  ["b > :a", [new Uint8Array([1, 2, 100])]],
  ["attribute_exists(m.b.c[1])"],
  ["attribute_not_exists(m.b.c[2])"],
  ["attribute_not_exists(s.x)"],
  ["attribute_not_exists(l.x)"],
  ["attribute_exists(#p)", undefined, { "#p": "state" }],
  ["#m.#b.#c[0] = :a", ["x"], { "#m": "m", "#b": "b", "#c": "c" }],
  ["attribute_type(l, :a)", ["L"]],
  ["attribute_type(nothing, :a)", ["NULL"]],
  ["begins_with(s, :a)", ["hel"]],
  ["begins_with(b, :a)", [new Uint8Array([1, 2])]],
  ["contains(s, :a)", ["ell"]],
  ["contains(ss, :a)", ["red"]],
  ["contains(ns, :a)", [2]],
  ["contains(l, :a)", [{ three: 3 }]],
  ["contains(b, :a)", [new Uint8Array([200])]],
  ["size(s) = :a", [5]],
  ["size(b) = :a", [3]],
  ["size(l) = :a AND size(m) = :b AND size(ss) = :b", [3, 2]],
  ["ss = :a", [new Set(["green", "red"])]],
  ["m = :a", [{ b: { c: ["x", "y"] }, a: 1 }]],
  ["yes = :a AND nothing = :b", [true, null]],
  ["NOT n = :a", [4]],
  ["NOT (n = :a OR s = :b)", [4, "x"]],
  ["n = :a AND s = :b OR yes = :c", [4, "hello", true]],
  ["n = :a OR n = :b AND s = :c", [5, 4, "x"]],
  ["(n = :a OR n = :b) AND s = :c", [5, 4, "hello"]],
  ["not n in (:a) and n between :b and :c", [4, 1, 9]],
  ["(n) = (:a)", [5]],
  ["  n=:a  AND(s=:b)", [5, "hello"]],
];

/** Without being errors. */
const failing: readonly Row[] = [
  ["n = :a", ["5"]],
  ["n < :a", ["9"]],
  ["absent = :a", [1]],
  ["absent < :a", [1]],
  ["absent BETWEEN :a AND :b", [1, 2]],
  ["absent IN (:a)", [1]],
  ["begins_with(n, :a)", ["5"]],
  ["contains(n, :a)", [5]],
  ["size(n) = :a", [1]],
  ["attribute_exists(hasOwnProperty)"],
  ["contains(s, :a)", [5]],
  ["(n = :a OR n = :b) AND s = :c", [5, 4, "x"]],
];

/** What the expression alone is refused for. */
const refused: readonly Refusal[] = [
  ["", "The expression can not be empty;"],
  ["n = ", 'Syntax error; token: "<EOF>", near: "="'],
  ["n == :a", 'Syntax error; token: "=", near: "== :a"', [1]],
  ["n = :a n", 'Syntax error; token: "n", near: ":a n"', [1]],
  ["n = :a )", 'Syntax error; token: ")"', [1]],
  ["n ! :a", 'Syntax error; token: "!"', [1]],
  ["_n = :a", 'Syntax error; token: "_"', [1]],
  ["n", "Syntax error"],
  ["n IN ()", "Syntax error"],
  ["state = :a", "Attribute name is a reserved keyword; reserved keyword: state", ["x"]],
  ["m.Count = :a", "Attribute name is a reserved keyword; reserved keyword: Count", ["x"]],
  [
    "n = :a AND n < :z",
    "An expression attribute value used in expression is not defined; attribute value: :z",
    [1],
  ],
  [
    "#n = :a",
    "An expression attribute name used in the document path is not defined; attribute name: #n",
    [1],
  ],
  ["((n = :a))", "The expression has redundant parentheses;", [1]],
  ["((n)) = :a", "The expression has redundant parentheses;", [1]],
  ["Attribute_exists(n)", "Invalid function name; function: Attribute_exists"],
  ["size(n)", "The function is not allowed to be used this way in an expression; function: size"],
  [
    "attribute_exists(n) = :a",
    "The function is not allowed to be used this way in an expression; function: attribute_exists",
    [true],
  ],
  [
    "if_not_exists(n, :a) = :a",
    "The function is not allowed to be used this way in an expression; function: if_not_exists",
    [1],
  ],
  [
    "attribute_exists(n, s)",
    "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
  ],
  [
    "attribute_exists(:a)",
    "Operator or function requires a document path; operator or function: attribute_exists",
    [1],
  ],
  [
    "begins_with(s, :a)",
    "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
    [1],
  ],
  ["n < :a", "Incorrect operand type for operator or function; operator: <, operand type: BOOL", [true]],
  ["n > :a", "Incorrect operand type for operator or function; operator: >, operand type: L", [[1]]],
  ["attribute_type(n, :a)", "Invalid attribute type name found; type: DOG", ["DOG"]],
  [
    "n = n",
    "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]",
  ],
  [
    "n BETWEEN :a AND :b",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound",
    [2, 1],
  ],
  [
    "n BETWEEN :a AND :b",
    "The BETWEEN operator requires same data type for lower and upper bounds",
    [1, "2"],
  ],
];

/** Limits of one expression. */
const oversized: readonly (readonly [what: string, expression: string, message: string])[] = [
  ["too long", `n = :a ${"OR n = :a ".repeat(410)}`, "Expression size has exceeded the maximum allowed size"],
  ["too busy", `n=:a${" or n=:a".repeat(151)}`, "The expression contains too many operators"],
  ["a list too long", `n IN (${Array(100).fill(":a")})`, "operator or function: IN, number of operands: 101"],
];

/** Names and values that don't fit the expression. */
const unused: readonly Refusal[] = [
  ["n = :a", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b, :c}", [1, 2, 3]],
  [
    "attribute_exists(n)",
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
    undefined,
    { "#x": "n" },
  ],
  [
    "attribute_exists(n)",
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"',
    undefined,
    { x: "n" },
  ],
];

const stored = new WeakMap<DynamoTarget, Promise<unknown>>();

/** Whether the one item of the table is found by that filter. */
async function holds(target: DynamoTarget, [expression, values = [], names]: Row): Promise<boolean> {
  const { documents } = target;
  const put = () => documents.send(new PutCommand({ TableName: "single", Item: ITEM }));
  const isStored = stored.get(target) ?? put();
  stored.set(target, isStored);
  await isStored;
  const { Count } = await documents.send(
    new ScanCommand({
      TableName: "single",
      Select: "COUNT",
      FilterExpression: expression,
      ExpressionAttributeValues: named(values),
      ExpressionAttributeNames: names,
    }),
  );
  return Count === 1;
}

const behaviours = ["dynamodb.expressions"] as const;

/** Each condition, and its contrary. */
export const conditionCases: readonly Case<DynamoTarget>[] = numbered([
  ...holding.map((row) => ({
    name: `holds: ${row[0]}`,
    behaviours,
    async check(target: DynamoTarget) {
      assert.equal(await holds(target, row), true);
      assert.equal(await holds(target, [`NOT (${row[0]})`, row[1], row[2]]), false);
    },
  })),
  ...failing.map((row) => ({
    name: `doesn't hold: ${row[0]}`,
    behaviours,
    check: async (target: DynamoTarget) => assert.equal(await holds(target, row), false),
  })),
  ...refused.map(([expression, message, ...rest]) => ({
    name: `refused: ${expression}`,
    behaviours,
    check: (target: DynamoTarget) =>
      isRefused(
        target,
        holds(target, [expression, ...rest]),
        REFUSAL,
        `Invalid FilterExpression: ${message}`,
      ),
  })),
  ...oversized.map(([what, expression, message]) => ({
    name: `refused: ${what}`,
    behaviours,
    check: (target: DynamoTarget) => isRefused(target, holds(target, [expression, [1]]), REFUSAL, message),
  })),
  ...unused.map(([expression, message, ...rest]) => ({
    name: `refused: ${expression}: ${message}`,
    behaviours,
    check: (target: DynamoTarget) =>
      isRefused(target, holds(target, [expression, ...rest]), REFUSAL, message),
  })),
]);
