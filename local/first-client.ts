/** The client that the local cloud makes for its user. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { z } from "zod";
import { createTable } from "#aws/table.ts";
import { scopes } from "#contract/common.ts";
import { createClient } from "#core/create-client.ts";
import type { Cloud } from "./cloud.ts";
import { REGION } from "./types.ts";

const clientSchema = z.object({ client_id: z.string(), client_secret: z.string() });
export type FirstClient = z.infer<typeof clientSchema>;

/** The client of `file`, or a new one with every scope, written there (without `file`: kept nowhere). */
export async function firstClient(
  cloud: Pick<Cloud, "awsUrl" | "rootCredentials" | "clock">,
  tableName: string,
  file: string | undefined,
): Promise<FirstClient> {
  if (file !== undefined && existsSync(file))
    return clientSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const client = new DynamoDBClient({
    endpoint: cloud.awsUrl,
    region: REGION,
    credentials: cloud.rootCredentials,
  });
  try {
    const deps = { table: createTable(client, tableName), now: cloud.clock.now };
    const { client_id, client_secret } = await createClient(deps, { name: "local", scopes });
    if (file !== undefined)
      writeFileSync(file, JSON.stringify({ client_id, client_secret }), { mode: 0o600 });
    return { client_id, client_secret };
  } finally {
    client.destroy();
  }
}
