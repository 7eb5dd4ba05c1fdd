/** Stage test in the caller's AWS account: made, used and removed. */
import { type Aws, connect, whoAmI } from "./aws.ts";
import { confirm } from "./confirm.ts";
import { deploy } from "./deploy.ts";
import { gatewayRole } from "./gateway-role.ts";
import { loggedIp } from "./logged-ip.ts";
import type { Options } from "./options.ts";
import { DATA, requireFree, SERVICE } from "./stacks.ts";
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
    await announce(aws, roleBefore);
    await requireFree(aws, options);
    if (!options.yes && !(await confirm((await whoAmI(aws)).account)))
      throw new Error("Not agreed: nothing was made.");
    try {
      const deployed = await deploy();
      if (isStopped()) return;
      const { s3, dynamodb } = aws;
      await use(
        await withClient({ kind: "aws", ...deployed, s3, dynamodb, loggedIp: (id) => loggedIp(aws, id) }),
      );
    } finally {
      await end(aws, options, roleBefore);
    }
  } finally {
    aws.close();
  }
}

async function announce(aws: Aws, roleBefore: string): Promise<void> {
  const { account, arn, region } = await whoAmI(aws);
  console.log(`
  account  ${account}, region ${region}
  as       ${arn}
  makes    the stacks ${DATA} and ${SERVICE}: a bucket, a table, a bus, an API, queues, functions, alarms
  sets     API Gateway's logging role of this account and region for that time (now ${roleBefore || "none"})
  removes  all of it at the end, or after Ctrl-C; the CDK's bootstrap bucket keeps the functions' code
  takes    about 15 minutes, and well under 1 USD at list prices
`);
}

async function end(aws: Aws, { keep }: Options, roleBefore: string): Promise<void> {
  if (keep) {
    console.log(`\n  Kept, as --keep says: npm run test:aws -- --reuse runs again and removes it.`);
    return;
  }
  console.log("\n  Removing it:");
  const left = await tearDown(aws, roleBefore);
  if (left.length === 0) console.log("  All is gone.");
  else
    throw new Error(
      `Left in the account; remove it by hand, or by --reuse --yes:\n  - ${left.join("\n  - ")}`,
    );
}
