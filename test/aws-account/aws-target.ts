/** Stage test in the caller's AWS account: made, used and removed. */
import { type Aws, connect, whoAmI } from "./aws.ts";
import { confirm } from "./confirm.ts";
import { deploy } from "./deploy.ts";
import { gatewayRole } from "./gateway-role.ts";
import { loggedIp } from "./logged-ip.ts";
import type { Options } from "./options.ts";
import { DATA, findStack, requireFree, SERVICE } from "./stacks.ts";
import { type Target, withClient } from "./target.ts";
import { tearDown } from "./teardown.ts";

/**
 * Deploys, lets `use` work with it, and removes it whatever becomes of `use`.
 *
 * @throws Error before anything is made, where stacks are in the way or nobody agrees; after, naming what is left.
 */
export async function withAwsTarget(
  options: Options,
  use: (target: Target) => Promise<void>,
  isStopped: () => boolean,
): Promise<void> {
  const aws = connect();
  try {
    const roleBefore = await gatewayRole(aws);
    const caller = await whoAmI(aws);
    announce(caller, roleBefore);
    await requireFree(aws, options);
    if (!options.yes && !(await confirm(caller.account))) throw new Error("Not agreed: nothing was made.");
    const faults: unknown[] = [];
    try {
      const deployed = await deploy(caller.region);
      await requireDeployed(aws);
      const { s3, dynamodb } = aws;
      const target = {
        kind: "aws" as const,
        ...deployed,
        s3,
        dynamodb,
        loggedIp: (id: string) => loggedIp(aws, id),
      };
      if (!isStopped()) await use(await withClient(target));
    } catch (error) {
      faults.push(error);
    }
    if (options.keep) console.log("\n  Kept: npm run test:aws -- --reuse goes on with it and removes it.");
    else faults.push(...(await removeAll(aws, roleBefore)));
    if (faults.length > 0) throw new AggregateError(faults);
  } finally {
    aws.close();
  }
}

function announce({ account, arn, region }: Awaited<ReturnType<typeof whoAmI>>, roleBefore: string): void {
  console.log(`
  account  ${account}, region ${region}
  as       ${arn}
  makes    the stacks ${DATA} and ${SERVICE}: a bucket, a table, a bus, an API, queues, functions, alarms
  sets     API Gateway's logging role of this account and region for that time (now ${roleBefore || "none"})
  removes  all of it at the end, or after Ctrl-C; the CDK's bootstrap bucket keeps the functions' code
  takes    about 15 minutes, and well under 1 USD at list prices
`);
}

/** The CDK CLI finds credentials by rules of its own (plugins, `cdk.json`). @throws Error where it found others. */
async function requireDeployed(aws: Aws): Promise<void> {
  if ((await findStack(aws, SERVICE)) !== undefined) return;
  throw new Error(
    `The CDK CLI deployed ${DATA} and ${SERVICE} elsewhere than here: remove them there by hand.`,
  );
}

/** Tears down, and returns an error that names what is left. */
async function removeAll(aws: Aws, roleBefore: string): Promise<Error[]> {
  console.log("\n  Removing it:");
  const left = await tearDown(aws, roleBefore);
  if (left.length > 0)
    return [
      new Error(`Left in the account; --reuse removes it, or remove it by hand:\n  - ${left.join("\n  - ")}`),
    ];
  console.log("  All is gone.");
  return [];
}
