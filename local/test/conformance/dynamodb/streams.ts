/** What a table's stream has of its changes, read by the API of DynamoDB Streams. */
import assert from "node:assert/strict";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, PutCommand, TransactWriteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Case } from "../case.ts";
import { callRaw, type DynamoTarget, freshKey } from "./target.ts";

const TableName = "things";
const behaviours = ["dynamodb.stream-order"] as const;

const record = z.object({
  eventName: z.enum(["INSERT", "MODIFY", "REMOVE"]),
  dynamodb: z.object({
    Keys: z.record(z.string(), z.object({ S: z.string() })),
    NewImage: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    SequenceNumber: z.string(),
  }),
});
const described = z.object({
  StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }),
});
const begun = z.object({ ShardIterator: z.string() });
const read = z.object({ Records: z.array(record), NextShardIterator: z.string().optional() });

/** All records of one partition, oldest first. */
async function recordsOf(target: DynamoTarget, pk: string): Promise<z.output<typeof record>[]> {
  const { Table } = await target.documents.send(new DescribeTableCommand({ TableName }));
  const StreamArn = Table?.LatestStreamArn;
  const ask = async (operation: string, input: object) =>
    (await callRaw(target, operation, input, "DynamoDBStreams_20120810")).answer;
  const found: z.output<typeof record>[] = [];
  const { StreamDescription } = described.parse(await ask("DescribeStream", { StreamArn }));
  for (const { ShardId } of StreamDescription.Shards) {
    const from = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
    let ShardIterator: string | undefined = begun.parse(await ask("GetShardIterator", from)).ShardIterator;
    for (let page = 0; ShardIterator && page < 100; page++) {
      const { Records, NextShardIterator }: z.output<typeof read> = read.parse(
        await ask("GetRecords", { ShardIterator }),
      );
      if (Records.length === 0) break;
      found.push(...Records.filter(({ dynamodb }) => dynamodb.Keys["pk"]?.S === pk));
      ShardIterator = NextShardIterator;
    }
  }
  return found;
}

export const streamCases: readonly Case<DynamoTarget>[] = [
  {
    name: "tells of every change in order, with the new image",
    behaviours,
    async check(target) {
      const Key = freshKey();
      const put = (n: number) => target.documents.send(new PutCommand({ TableName, Item: { ...Key, n } }));
      await put(1);
      await put(2);
      await target.documents.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: "SET n = n + :n",
          ExpressionAttributeValues: { ":n": 1 },
        }),
      );
      await target.documents.send(new DeleteCommand({ TableName, Key }));
      const found = await recordsOf(target, Key.pk);
      assert.deepEqual(
        found.map(({ eventName, dynamodb }) => [eventName, dynamodb.NewImage?.["n"]?.["N"]]),
        [
          ["INSERT", "1"],
          ["MODIFY", "2"],
          ["MODIFY", "3"],
          ["REMOVE", undefined],
        ],
      );
      const numbers = found.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
      assert(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n)));
    },
  },
  {
    name: "says nothing of a write that changes nothing",
    behaviours,
    async check(target) {
      const Key = freshKey();
      const put = () => target.documents.send(new PutCommand({ TableName, Item: { ...Key, n: 1 } }));
      await put();
      await put();
      assert.equal((await recordsOf(target, Key.pk)).length, 1);
    },
  },
  {
    name: "says nothing of a delete of what isn't there",
    behaviours,
    async check(target) {
      const Key = freshKey();
      await target.documents.send(new DeleteCommand({ TableName, Key }));
      assert.deepEqual(await recordsOf(target, Key.pk), []);
    },
  },
  {
    name: "has a transaction's writes, and nothing of one that was cancelled",
    behaviours,
    async check(target) {
      const [a, b] = [freshKey(), freshKey()];
      const Put = { TableName, Item: a };
      const check = (ConditionExpression: string) => ({
        ConditionCheck: { TableName, Key: b, ConditionExpression },
      });
      const transact = (condition: string) =>
        target.documents.send(new TransactWriteCommand({ TransactItems: [{ Put }, check(condition)] }));
      await assert.rejects(transact("attribute_exists(pk)"));
      assert.deepEqual(await recordsOf(target, a.pk), []);
      await transact("attribute_not_exists(pk)");
      assert.deepEqual(
        (await recordsOf(target, a.pk)).map(({ eventName }) => eventName),
        ["INSERT"],
      );
    },
  },
];
