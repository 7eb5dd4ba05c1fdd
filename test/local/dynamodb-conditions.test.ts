import { afterAll, beforeAll, describe, test } from "vitest";
import { conditionCases } from "#test/conformance/dynamodb/conditions.ts";
import { caseTables } from "#test/conformance/dynamodb/target.ts";
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
