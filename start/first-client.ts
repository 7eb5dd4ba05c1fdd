/** The client that the local cloud makes for its user at the first start. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Cloud, REGION } from "@wharf/local-cloud";
import { replaceFile } from "@wharf/local-cloud/replace-file.ts";
import { createTable } from "#aws/table.ts";
import { scopes } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import type { StoredClient } from "./stored-client.ts";

/** Makes a client with every scope and writes it to `file` (`undefined`: keeps it nowhere). */
export async function makeFirstClient(
  { awsUrl, rootCredentials, clock }: Pick<Cloud, "awsUrl" | "rootCredentials" | "clock">,
  tableName: string,
  file: string | undefined,
): Promise<StoredClient> {
  const dynamoDb = new DynamoDBClient({ endpoint: awsUrl, region: REGION, credentials: rootCredentials });
  try {
    const deps = { table: createTable(dynamoDb, tableName), now: clock.now };
    const { client_id, client_secret } = await createClient(deps, { name: "local", scopes });
    if (file !== undefined) replaceFile(file, JSON.stringify({ client_id, client_secret }));
    return { client_id, client_secret };
  } finally {
    dynamoDb.destroy();
  }
}
