/** Wharf as it stands in a LocalStack: its addresses, and clients of LocalStack's services. */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { REGION } from "@wharf/local-cloud";
import type { Scope } from "#contract/scopes.ts";
import { type Target, withClient } from "#test/aws-account/target.ts";

/** Any pair of keys is the account 000000000000. Source: docs.localstack.cloud/aws/configuration/config/credentials */
export const credentials = { accessKeyId: "test", secretAccessKey: "test" };

export interface Deployment extends Target {
  /** Of LocalStack itself. */
  readonly endpoint: string;
  /** The address that the deployment gives itself, which is in links. */
  readonly publicUrl: string;
  close(): void;
}

const SCOPES: readonly Scope[] = [
  "files:read",
  "files:write",
  "files:delete",
  "locks:write",
  "workspaces:write",
  "shares:write",
  "webhooks:write",
];

/** Finds the stage's stacks and makes a client, as `npm run admin` does. */
export async function findDeployment(endpoint: string, stage: string): Promise<Deployment> {
  const aws = { endpoint, region: REGION, credentials };
  const stacks = new CloudFormationClient(aws);
  const data = await outputsOf(stacks, `wharf-${stage}-data`);
  const { ApiUrl: publicUrl = "" } = await outputsOf(stacks, `wharf-${stage}-service`);
  const { BucketName: bucket = "", TableName: tableName = "" } = data;
  const [apiId = ""] = new URL(publicUrl).host.split(".");
  const s3 = new S3Client({ ...aws, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" });
  const dynamodb = new DynamoDBClient(aws);
  // Names under localhost don't resolve everywhere, and its certificate is nobody's.
  const origin = `${endpoint}/_aws/execute-api/${apiId}/prod`;
  const target = await withClient({ kind: "local", origin, bucket, tableName, s3, dynamodb }, SCOPES);
  return {
    ...{ ...target, endpoint, publicUrl },
    close() {
      for (const client of [stacks, s3, dynamodb]) client.destroy();
    },
  };
}

async function outputsOf(stacks: CloudFormationClient, StackName: string): Promise<Record<string, string>> {
  const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName }));
  return Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
  );
}
