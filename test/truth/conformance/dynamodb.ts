/** The cases of our DynamoDB engine, on moto's. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { REGION } from "@wharf/local-cloud";
import { createTable } from "@wharf/local-cloud/external/table.ts";
import { conditionCases } from "@wharf/local-cloud/test/conformance/dynamodb/conditions.ts";
import { itemCases } from "@wharf/local-cloud/test/conformance/dynamodb/items.ts";
import { queryCases } from "@wharf/local-cloud/test/conformance/dynamodb/queries.ts";
import { streamCases } from "@wharf/local-cloud/test/conformance/dynamodb/streams.ts";
import { caseTables } from "@wharf/local-cloud/test/conformance/dynamodb/target.ts";
import { transactionCases } from "@wharf/local-cloud/test/conformance/dynamodb/transactions.ts";
import { updateCases } from "@wharf/local-cloud/test/conformance/dynamodb/updates.ts";
import { MOTO, startMoto } from "../moto/server.ts";
import type { Part } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { dynamodbDifferences } from "./dynamodb-differences.ts";
import { checksOf, runCases } from "./run-cases.ts";

const cases = checksOf(
  {
    conditions: conditionCases,
    updates: updateCases,
    items: itemCases,
    queries: queryCases,
    transactions: transactionCases,
    streams: streamCases,
  },
  dynamodbDifferences,
);

export const dynamodb: Part = {
  name: "dynamodb",
  by: MOTO,
  about: "the cases of our DynamoDB engine on moto's",
  checks: cases.map(({ check }) => check),
  run: (tell) =>
    untilSignal(async (signal) => {
      await using moto = await startMoto();
      const client = new DynamoDBClient({
        endpoint: moto.endpoint,
        region: REGION,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
        maxAttempts: 1,
      });
      for (const table of caseTables) await createTable(client, table);
      const documents = DynamoDBDocumentClient.from(client);
      await runCases(cases, { documents, url: moto.endpoint, ownWords: false }, { tell, signal });
      client.destroy();
    }),
};
