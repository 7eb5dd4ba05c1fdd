/** Update expressions: what they make of an item, what is refused, what is answered. */
import assert from "node:assert/strict";
import type { ReturnValue } from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { type Case, numbered } from "../case.ts";
import { type DynamoTarget, freshKey, isRefused, named } from "./target.ts";

const TableName = "things";
type Document = Record<string, unknown>;

/** Values are `:a`, `:b` … in the order in which they are given. */
const changes: readonly (readonly [
  expression: string,
  before: Document | undefined,
  values: unknown[],
  after: Document | undefined,
])[] = [
  ["SET x = :a", {}, [1], { x: 1 }],
  ["SET x = :a, y = :b", undefined, [1, "b"], { x: 1, y: "b" }],
  ["SET x = x + :a", { x: 1 }, [2], { x: 3 }],
  ["SET x = :a - x", { x: 1 }, [0.5], { x: -0.5 }],
  ["SET x = y + z", { y: 1, z: 2 }, [], { x: 3, y: 1, z: 2 }],
  ["SET x = if_not_exists(x, :a) + :b", {}, [10, 1], { x: 11 }],
  ["SET x = if_not_exists(x, :a)", { x: 1 }, [10], { x: 1 }],
  ["SET x = if_not_exists(y, if_not_exists(z, :a))", { z: 2 }, [1], { x: 2, z: 2 }],
  ["SET x = list_append(x, :a)", { x: [1] }, [[2]], { x: [1, 2] }],
  ["SET x = list_append(if_not_exists(x, :a), :b)", {}, [[], [2]], { x: [2] }],
  ["SET x = y, y = x", { x: 1, y: 2 }, [], { x: 2, y: 1 }],
  ["SET m.b = :a", { m: { a: 1 } }, [2], { m: { a: 1, b: 2 } }],
  ["SET l[0] = :a", { l: [1, 2] }, [9], { l: [9, 2] }],
  ["SET l[9] = :a, l[5] = :b", { l: [1] }, ["nine", "five"], { l: [1, "five", "nine"] }],
  ["SET l[0].x = :a", { l: [{}] }, [1], { l: [{ x: 1 }] }],
  ["REMOVE x", { x: 1, y: 2 }, [], { y: 2 }],
  ["REMOVE x", {}, [], {}],
  ["REMOVE l[0], l[2]", { l: [0, 1, 2, 3] }, [], { l: [1, 3] }],
  ["REMOVE l[9]", { l: [0] }, [], { l: [0] }],
  ["REMOVE l[0], l[1].x", { l: [0, { x: 1, y: 2 }] }, [], { l: [{ y: 2 }] }],
  ["REMOVE a SET b = a", { a: [1] }, [], { b: [1] }],
  ["SET b = a REMOVE a[0]", { a: [1, 2] }, [], { a: [2], b: [1, 2] }],
  ["ADD x :a", {}, [5], { x: 5 }],
  ["ADD x :a", { x: 0.1 }, [0.2], { x: 0.3 }],
  ["ADD x :a", { x: new Set(["a"]) }, [new Set(["a", "b"])], { x: new Set(["a", "b"]) }],
  ["ADD m.x :a", { m: {} }, [new Set([1])], { m: { x: new Set([1]) } }],
  ["DELETE x :a", { x: new Set(["a", "b"]) }, [new Set(["a", "z"])], { x: new Set(["b"]) }],
  ["DELETE x :a", { x: new Set(["a"]) }, [new Set(["a"])], {}],
  ["DELETE x :a", {}, [new Set(["a"])], {}],
  [
    "set x = :a remove y add z :b delete w :c",
    { y: 1, w: new Set([1, 2]) },
    [1, 2, new Set([1])],
    { x: 1, z: 2, w: new Set([2]) },
  ],
  ["SET x = (:a + :b)", {}, [1, 2], { x: 3 }],
  // An update that only takes away creates nothing.
  ["REMOVE x", undefined, [], undefined],
  ["DELETE x :a", undefined, [new Set([1])], undefined],
];

const refused: readonly (readonly [
  expression: string,
  message: string,
  before?: Document,
  values?: unknown[],
])[] = [
  ["", "Invalid UpdateExpression: The expression can not be empty;"],
  ["HELLO x = :a", 'Invalid UpdateExpression: Syntax error; token: "HELLO"', {}, [1]],
  ["SET x = :a + :a + :a", 'Invalid UpdateExpression: Syntax error; token: "+"', {}, [1]],
  ["SET x = if_not_exists(x, :a + :a)", 'Invalid UpdateExpression: Syntax error; token: "+"', {}, [1]],
  ["SET x = _f(x)", 'Invalid UpdateExpression: Syntax error; token: "_"'],
  ["SET x = :a SET y = :a", 'The "SET" section can only be used once in an update expression;', {}, [1]],
  [
    "SET x = :a, x = :a",
    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x], path two: [x]",
    {},
    [1],
  ],
  [
    "SET a.b = :a REMOVE a",
    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]",
    {},
    [1],
  ],
  [
    "SET a.b = :a, a[1] = :a",
    "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]",
    {},
    [1],
  ],
  ["SET x = f(x)", "Invalid UpdateExpression: Invalid function name; function: f"],
  ["SET x = LIST_APPEND(x, :a)", "Invalid function name; function: LIST_APPEND", {}, [[1]]],
  ["SET x = list_append(:a)", "operator or function: list_append, number of operands: 1", {}, [[1]]],
  [
    "SET x = list_append(list_append(:a, :a), :a)",
    "The function is not allowed to be used this way in an expression; function: list_append",
    {},
    [[1]],
  ],
  [
    "SET x = if_not_exists(:a, :a)",
    "Operator or function requires a document path; operator or function: if_not_exists",
    {},
    [1],
  ],
  [
    "SET x = x + :a",
    "Incorrect operand type for operator or function; operator or function: +, operand type: S",
    { x: 1 },
    ["1"],
  ],
  ["SET x = x + :a", "An operand in the update expression has an incorrect data type", { x: "1" }, [1]],
  ["SET x = y", "The provided expression refers to an attribute that does not exist in the item"],
  [
    "SET x = list_append(y, :a)",
    "An operand in the update expression has an incorrect data type",
    { y: 1 },
    [[1]],
  ],
  ["SET a.b = :a", "The document path provided in the update expression is invalid for update", {}, [1]],
  [
    "SET a[0] = :a",
    "The document path provided in the update expression is invalid for update",
    { a: {} },
    [1],
  ],
  ["REMOVE a.b", "The document path provided in the update expression is invalid for update"],
  [
    "ADD x :a",
    "Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
    {},
    ["x"],
  ],
  ["ADD x :a", "An operand in the update expression has an incorrect data type", { x: "s" }, [1]],
  [
    "DELETE x :a",
    "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER",
    {},
    [1],
  ],
  [
    "DELETE x :a",
    "An operand in the update expression has an incorrect data type",
    { x: new Set([1]) },
    [new Set(["1"])],
  ],
  ["SET pk = :a", "Cannot update attribute pk. This attribute is part of the key", {}, ["x"]],
  ["REMOVE sk", "Cannot update attribute sk. This attribute is part of the key"],
  ["SET due_pk = :a", "Type mismatch for Index Key due_pk Expected: S Actual: N IndexName: due", {}, [1]],
  ["SET due_sk = :a", "cannot contain an empty string value. IndexName: due, IndexKey: due_sk", {}, [""]],
  ["SET x = :a", "Item size to update has exceeded the maximum allowed size", {}, ["x".repeat(400 * 1024)]],
  ["SET size = :a", "Attribute name is a reserved keyword; reserved keyword: size", {}, [1]],
];

const before = { a: { b: "dog", c: [1, 2, 3] }, d: "cat" };
const returned: readonly (readonly [
  returns: ReturnValue,
  expression: string,
  values: unknown[],
  attributes: Document | undefined,
])[] = [
  ["NONE", "SET d = :a", ["x"], undefined],
  ["ALL_OLD", "SET d = :a", ["x"], before],
  ["ALL_NEW", "SET d = :a", ["x"], { ...before, d: "x" }],
  ["UPDATED_OLD", "SET d = :a, e = :a", ["x"], { d: "cat" }],
  ["UPDATED_OLD", "SET e = :a", ["x"], undefined],
  ["UPDATED_OLD", "REMOVE d", [], { d: "cat" }],
  ["UPDATED_OLD", "SET a.c[1] = :a", [7], { a: { c: [2] } }],
  ["UPDATED_NEW", "SET a.c[1] = :a, a.b = :b", [7, "x"], { a: { b: "x", c: [7] } }],
  ["UPDATED_NEW", "SET e = :a REMOVE d", ["x"], { e: "x" }],
  ["UPDATED_NEW", "REMOVE d", [], undefined],
];

/** Puts an item, updates it, and answers it without its key. */
async function update(
  { documents }: DynamoTarget,
  before: Document | undefined,
  expression: string,
  values: readonly unknown[] = [],
  returns?: ReturnValue,
) {
  const Key = freshKey();
  if (before) await documents.send(new PutCommand({ TableName, Item: { ...Key, ...before } }));
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: expression,
      ExpressionAttributeValues: named(values),
      ReturnValues: returns,
    }),
  );
  const { Item } = await documents.send(new GetCommand({ TableName, Key }));
  return { attributes: withoutKey(Attributes), item: withoutKey(Item) };
}

function withoutKey(item: Document | undefined): Document | undefined {
  if (!item) return undefined;
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest;
}

const behaviours = ["dynamodb.expressions"] as const;

export const updateCases: readonly Case<DynamoTarget>[] = numbered([
  ...changes.map(([expression, before, values, after]) => ({
    name: `${expression} on ${JSON.stringify(before)}`,
    behaviours,
    check: async (target: DynamoTarget) =>
      assert.deepEqual((await update(target, before, expression, values)).item, after),
  })),
  {
    name: "without an expression creates the item",
    behaviours,
    async check({ documents }) {
      const Key = freshKey();
      await documents.send(new UpdateCommand({ TableName, Key }));
      assert.deepEqual((await documents.send(new GetCommand({ TableName, Key }))).Item, Key);
    },
  },
  ...refused.map(([expression, message, before = {}, values]) => ({
    name: `refused: ${expression}: ${message}`,
    behaviours,
    check: (target: DynamoTarget) =>
      isRefused(target, update(target, before, expression, values), "ValidationException", message),
  })),
  ...returned.map(([returns, expression, values, attributes]) => ({
    name: `${returns} of ${expression}`,
    behaviours,
    check: async (target: DynamoTarget) =>
      assert.deepEqual((await update(target, before, expression, values, returns)).attributes, attributes),
  })),
]);
