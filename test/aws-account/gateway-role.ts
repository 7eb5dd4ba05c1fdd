/**
 * The role through which API Gateway writes logs: one per account and region, and every deployment sets it to its own.
 *
 * Deleting the stack leaves the setting as it is (CloudFormation, AWS::ApiGateway::Account), so that it would name a
 * role that is gone, and other APIs' logs with it.
 */
import { GetAccountCommand, UpdateAccountCommand } from "@aws-sdk/client-api-gateway";
import type { Aws } from "./aws.ts";
import { resourcesOf, SERVICE } from "./stacks.ts";

/** The role's ARN, or "" where the account has none. */
export async function gatewayRole({ gateway }: Pick<Aws, "gateway">): Promise<string> {
  const { cloudwatchRoleArn = "" } = await gateway.send(new GetAccountCommand());
  return cloudwatchRoleArn;
}

/** Puts the role of before back, where the account has this stage's by now. */
export async function restoreGatewayRole(aws: Aws, before: string): Promise<void> {
  const roles = (await resourcesOf(aws, SERVICE))
    .filter(({ ResourceType }) => ResourceType === "AWS::IAM::Role")
    .map(({ PhysicalResourceId }) => PhysicalResourceId);
  const isOurs = (arn: string) => roles.includes(arn.split("/").at(-1));
  if (!isOurs(await gatewayRole(aws))) return;
  // An earlier run may have left this stage's role there: then there is none to go back to. "" takes the setting away.
  const value = isOurs(before) ? "" : before;
  await aws.gateway.send(
    new UpdateAccountCommand({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] }),
  );
}
