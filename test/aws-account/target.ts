/** What the checks look at: a deployment in an AWS account, or the local cloud. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { createTable } from "#aws/table.ts";
import type { Scope } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { type ApiClient, createApiClient } from "#test/support/api-client.ts";
import { patientFetch } from "./obey-retry-after.ts";

/** Where a deployment is, and the caller's own way to its bucket and table. */
export interface Deployed {
  kind: "aws" | "local";
  /** Of the API, with its stage. */
  origin: string;
  bucket: string;
  tableName: string;
  s3: S3Client;
  dynamodb: DynamoDBClient;
  /** The client's address as API Gateway's access log has it, by API Gateway's request id; the local cloud keeps none. */
  loggedIp?(requestId: string): Promise<string>;
}

export interface Target extends Deployed {
  api: ApiClient;
  clientId: string;
  clientSecret: string;
}

const SCOPES: readonly Scope[] = [
  "files:read",
  "files:write",
  "files:delete",
  "locks:write",
  "workspaces:write",
  "shares:write",
];

/** Makes a client of the deployment, as `npm run admin` does. */
export async function withClient(deployed: Deployed, scopes = SCOPES): Promise<Target> {
  const table = createTable(deployed.dynamodb, deployed.tableName);
  const { client_id, client_secret } = await createClient(
    { table, now: Date.now },
    { name: "test-aws", scopes },
  );
  const client = { clientId: client_id, clientSecret: client_secret };
  const { origin } = deployed;
  return { ...deployed, ...client, api: createApiClient({ origin, ...client, send: patientFetch }) };
}
