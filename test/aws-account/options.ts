import { parseArgs } from "node:util";

export const USAGE = `npm run test:aws -- [options]

Deploys stage test (stacks wharf-test-data and wharf-test-service) into the AWS account that AWS_PROFILE and
AWS_REGION name, checks there what only AWS can settle, and removes all of it again.

  --local   checks the local cloud in memory instead: no account, nothing deployed
  --yes     doesn't ask before it deploys
  --reuse   goes on with stacks of stage test that an earlier run has left
  --keep    leaves the stacks in place afterwards
  --help`;

/** A fault of the command line. */
export class UsageError extends Error {}

export type Options = ReturnType<typeof readOptions>;

/** @throws UsageError */
export function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        local: { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        reuse: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
