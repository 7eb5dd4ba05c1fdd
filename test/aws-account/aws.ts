/** The caller's AWS account: clients of the services that deploying, checking and removing need. */
import { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

export type Aws = ReturnType<typeof connect>;

/** Clients with the credentials and region of the AWS CLI (`AWS_PROFILE`, `AWS_REGION`). */
export function connect() {
  const clients = {
    stacks: new CloudFormationClient(),
    gateway: new APIGatewayClient(),
    logs: new CloudWatchLogsClient(),
    identity: new STSClient(),
    dynamodb: new DynamoDBClient(),
    // Else the SDK adds checksums of its own, and the checks are about Wharf's.
    s3: new S3Client({ requestChecksumCalculation: "WHEN_REQUIRED" }),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { ...clients, close };
}

/** Whose account it is. @throws Error of the SDK without region or credentials. */
export async function whoAmI({ identity }: Aws): Promise<{ account: string; arn: string; region: string }> {
  const { Account: account = "?", Arn: arn = "?" } = await identity.send(new GetCallerIdentityCommand());
  return { account, arn, region: await identity.config.region() };
}
