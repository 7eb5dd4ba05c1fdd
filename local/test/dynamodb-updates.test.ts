import { afterAll, beforeAll, describe, test } from "vitest";
import { caseTables } from "./conformance/dynamodb/target.ts";
import { updateCases } from "./conformance/dynamodb/updates.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: caseTables });
});
afterAll(() => db.close());

describe("an update", () => {
  for (const { name, behaviours, check } of updateCases)
    test(name, { tags: [...behaviours] }, () => check(db));
});
