import { BatchWriteCommand, ScanCommand, type ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queryCases } from "./conformance/dynamodb/queries.ts";
import { caseTables, things } from "./conformance/dynamodb/target.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "scanned";
let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: [...caseTables, { ...things, name: TableName }] });
});
afterAll(() => db.close());

describe("a query", () => {
  for (const { name, behaviours, check } of queryCases)
    test(name, { tags: [...behaviours] }, () => check(db));
});

describe("scans", () => {
  test("segments share out the table", async () => {
    const puts = Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { pk: `scan-${n % 9}`, sk: String(n) } },
    }));
    await db.documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
    const all = await scanAll({});
    const segments = await Promise.all(
      [0, 1, 2].map((Segment) => scanAll({ Segment, TotalSegments: 3, Limit: 5 })),
    );
    const name = (item: Record<string, unknown>) => `${item["pk"]} ${item["sk"]}`;
    expect(all).toHaveLength(25);
    expect(segments.flat().map(name).sort()).toEqual(all.map(name).sort());
    expect(segments.every((segment) => segment.length > 0)).toBe(true);
  });

  async function scanAll(input: Partial<ScanCommandInput>) {
    const items: Record<string, unknown>[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await db.documents.send(new ScanCommand({ TableName, ...input, ExclusiveStartKey }));
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  }
});
