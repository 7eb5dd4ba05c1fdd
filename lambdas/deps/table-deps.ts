import { dynamoDb } from "#aws/clients.ts";
import { createTable } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { readEnv } from "../env.ts";

/** What verbs of the table alone need, from the function's environment; built once per cold start. */
export function tableDeps(): TableDeps {
  const { TABLE_NAME } = readEnv(["TABLE_NAME"]);
  return { table: createTable(dynamoDb(), TABLE_NAME), now: () => Date.now() };
}
