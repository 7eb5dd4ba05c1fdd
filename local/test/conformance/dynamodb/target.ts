/** What the cases need of a DynamoDB: these tables, and ways to call it. */
import assert from "node:assert/strict";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { TableSpec } from "../../../dynamodb/table.ts";

export interface DynamoTarget {
  readonly documents: DynamoDBDocumentClient;
  /** Of its endpoint, for what no SDK sends. */
  readonly url: string;
  /** Whether its messages must be AWS's too. AWS documents the errors' names, not their words. @default true */
  readonly ownWords?: boolean;
}

/** A table with string keys, a sparse index over everything, a stream and a time to live. */
export const things: TableSpec = {
  name: "things",
  keySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  attributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "due_pk", AttributeType: "S" },
    { AttributeName: "due_sk", AttributeType: "S" },
  ],
  gsis: [
    {
      IndexName: "due",
      KeySchema: [
        { AttributeName: "due_pk", KeyType: "HASH" },
        { AttributeName: "due_sk", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    },
  ],
  streamViewType: "NEW_IMAGE",
  ttlAttribute: "ttl",
  pointInTimeRecovery: true,
};

/** Numbers as sort keys, and an index that holds a part. */
const numbers: TableSpec = {
  ...things,
  name: "numbers",
  attributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "N" },
    { AttributeName: "color", AttributeType: "S" },
  ],
  gsis: [
    {
      IndexName: "by-color",
      KeySchema: [{ AttributeName: "color", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["label"] },
    },
  ],
};

/** The tables of all cases. */
export const caseTables: readonly TableSpec[] = [
  things,
  { ...things, name: "others" },
  { ...things, name: "single" },
  numbers,
];

const RUN = Date.now().toString(36);
let count = 0;

/** A key that nothing is under. */
export const freshKey = () => ({ pk: `case-${RUN}-${++count}`, sk: "a" });

/** `:a`, `:b` … for values in their order. */
export function named(values: readonly unknown[]): Record<string, unknown> | undefined {
  if (values.length === 0) return undefined;
  return Object.fromEntries(values.map((value, index) => [`:${String.fromCharCode(97 + index)}`, value]));
}

/** Asserts that the call is refused by that error, whose message has `words` in it. */
export async function isRefused(
  target: DynamoTarget,
  call: Promise<unknown>,
  name: string,
  words: string,
): Promise<void> {
  const error = await call.then(
    () => assert.fail(`it is not refused; AWS: ${name}: ${words}`),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof Error);
  assert.equal(error.name, name, error.message);
  if (target.ownWords !== false) assert(error.message.includes(words), `${error.message}; AWS: ${words}`);
}

const answers = z.record(z.string(), z.unknown());

/** Calls an operation of DynamoDB, or of its streams, with just that body. */
export async function callRaw(
  { url }: DynamoTarget,
  operation: string,
  input: object,
  api = "DynamoDB_20120810",
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `${api}.${operation}`,
      // Others find the service in the scope of a signature, which they don't check.
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, answer: answers.parse(await response.json()) };
}
