import { isDeepStrictEqual } from "node:util";
import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";

type Item = { pk: string; sk: string; [name: string]: unknown };
interface Step {
  kind: "put" | "create" | "delete" | "add" | "index" | "unindex";
  pk: string;
  sk: string;
  n: number;
}
type Model = Map<string, Item>;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("put", "create", "delete", "add", "index", "unindex"),
  pk: fc.constantFrom("p", "q"),
  sk: fc.constantFrom("a", "b", "é", "\u{1f600}"),
  n: fc.integer({ min: -3, max: 3 }),
});
/** One step alone, or several distinct items in a transaction. */
const action = fc.oneof(
  step.map((one) => [one]),
  fc.uniqueArray(step, { minLength: 2, maxLength: 5, selector: ({ pk, sk }) => pk + sk }),
);

const nameOf = ({ pk, sk }: { pk: string; sk: string }) => `${pk} ${sk}`;

/** What the rules of DynamoDB make of a step; `false` when its condition fails. */
function apply(model: Model, { kind, pk, sk, n }: Step): boolean {
  const old = model.get(nameOf({ pk, sk }));
  const { due_pk, due_sk, ...rest } = old ?? { pk, sk };
  if (kind === "create" && old) return false;
  if (kind === "delete" && !old) return false;
  const next: Record<Step["kind"], Item | undefined> = {
    put: { pk, sk, n },
    create: { pk, sk, n },
    delete: undefined,
    add: { ...(old ?? { pk, sk }), n: Number(old?.["n"] ?? 0) + n },
    index: { ...(old ?? { pk, sk }), due_pk: "due", due_sk: `${n + 3}` },
    unindex: old && { ...rest, pk, sk },
  };
  const item = next[kind];
  if (item) model.set(nameOf(item), item);
  else model.delete(nameOf({ pk, sk }));
  return true;
}

/** The same step as a request, in the shape that single writes and transactions share. */
function request({ kind, pk, sk, n }: Step): NonNullable<TransactWriteCommandInput["TransactItems"]>[number] {
  const Key = { pk, sk };
  const update = (UpdateExpression: string, values?: object) => ({
    Update: { TableName, Key, UpdateExpression, ...(values && { ExpressionAttributeValues: { ...values } }) },
  });
  switch (kind) {
    case "put":
      return { Put: { TableName, Item: { ...Key, n } } };
    case "create":
      return { Put: { TableName, Item: { ...Key, n }, ConditionExpression: "attribute_not_exists(pk)" } };
    case "delete":
      return { Delete: { TableName, Key, ConditionExpression: "attribute_exists(pk)" } };
    case "add":
      return update("ADD n :n", { ":n": n });
    case "index":
      return update("SET due_pk = :p, due_sk = :s", { ":p": "due", ":s": `${n + 3}` });
    case "unindex":
      return update("REMOVE due_pk, due_sk");
  }
}

async function send({ documents }: Harness, steps: Step[]): Promise<boolean> {
  const [first, ...others] = steps.map(request);
  try {
    if (others.length > 0) {
      await documents.send(new TransactWriteCommand({ TransactItems: steps.map(request) }));
    } else if (first?.Put) await documents.send(new PutCommand(first.Put));
    else if (first?.Update) await documents.send(new UpdateCommand(first.Update));
    else if (first?.Delete) await documents.send(new DeleteCommand(first.Delete));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || error instanceof TransactionCanceledException)
      return false;
    throw error;
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test("random writes and transactions leave the table, index and stream that a plain map has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
      const db = await startDynamoDb();
      try {
        let model: Model = new Map();
        let changes = 0;
        for (const steps of actions) {
          const next = new Map(model);
          const succeeds = steps.map((one) => apply(next, one)).every(Boolean);
          expect(await send(db, steps)).toBe(succeeds);
          if (!succeeds) continue;
          changes += steps.filter(
            (one) => !isDeepStrictEqual(model.get(nameOf(one)), next.get(nameOf(one))),
          ).length;
          model = next;
        }
        const expected = [...model.values()];

        const { Items: scanned = [] } = await db.documents.send(new ScanCommand({ TableName }));
        expect(new Map(scanned.map((item) => [`${item["pk"]} ${item["sk"]}`, item]))).toEqual(model);

        const { Items: sorted } = await db.documents.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: "pk = :p",
            ExpressionAttributeValues: { ":p": "p" },
          }),
        );
        expect(sorted).toEqual(expected.filter(({ pk }) => pk === "p").sort((a, b) => byBytes(a.sk, b.sk)));

        const { Items: due = [] } = await db.documents.send(
          new QueryCommand({
            TableName,
            IndexName: "due",
            KeyConditionExpression: "due_pk = :d",
            ExpressionAttributeValues: { ":d": "due" },
          }),
        );
        const order = due.map((item) => String(item["due_sk"]));
        expect(order).toEqual([...order].sort());
        expect(new Map(due.map((item) => [`${item["pk"]} ${item["sk"]}`, item]))).toEqual(
          new Map([...model].filter(([, item]) => item["due_pk"] !== undefined)),
        );

        const replayed: Model = new Map();
        const { records } = db.service.stream(TableName).read({ after: undefined, limit: 1000 });
        for (const { eventName, dynamodb } of records) {
          const { pk, sk } = unmarshall(JSON.parse(JSON.stringify(dynamodb.Keys)));
          const image = dynamodb.NewImage && unmarshall(JSON.parse(JSON.stringify(dynamodb.NewImage)));
          expect(replayed.has(nameOf({ pk, sk }))).toBe(eventName !== "INSERT");
          if (image) replayed.set(nameOf({ pk, sk }), { pk, sk, ...image });
          else replayed.delete(nameOf({ pk, sk }));
        }
        expect(replayed).toEqual(model);
        expect(records).toHaveLength(changes);
      } finally {
        await db.close();
      }
    }),
    { numRuns: 60 },
  );
});
