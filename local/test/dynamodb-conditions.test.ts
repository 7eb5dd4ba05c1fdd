import { afterAll, beforeAll, describe, test } from "vitest";
import { conditionCases } from "./conformance/dynamodb/conditions.ts";
import { caseTables } from "./conformance/dynamodb/target.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: caseTables });
});
afterAll(() => db.close());

describe("a condition", () => {
  for (const { name, behaviours, check } of conditionCases)
    test(name, { tags: [...behaviours] }, () => check(db));
});
