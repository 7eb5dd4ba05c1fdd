/** The two stacks of stage test: whether they are there, what is in them, and their end. */
import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  type Stack,
  type StackResourceSummary,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import type { Aws } from "./aws.ts";

/** A stage of its own, whose name no deployment that matters has. */
export const STAGE = "test";
export const DATA = `wharf-${STAGE}-data`;
export const SERVICE = `wharf-${STAGE}-service`;

/** Seconds that a deletion may take. */
const DELETION_SECONDS = 30 * 60;

type Stacks = Pick<Aws, "stacks">;

/** The stack of that name, or `undefined` where there is none. */
export async function findStack({ stacks }: Stacks, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks: found = [] } = await stacks.send(new DescribeStacksCommand({ StackName: name }));
    return found[0];
  } catch (error) {
    // CloudFormation's answer for a name that it doesn't know: ValidationError "Stack with id … does not exist".
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

/** @throws Error where stacks are in the way, or aren't those that an earlier run has left. */
export async function requireFree(aws: Stacks, { reuse }: { reuse: boolean }): Promise<void> {
  for (const name of [DATA, SERVICE]) {
    const stack = await findStack(aws, name);
    if (stack === undefined) continue;
    if (!reuse)
      throw new Error(
        `There is a stack ${name} already. Left by an earlier run? --reuse goes on with it and removes it.`,
      );
    const tags = new Map(stack.Tags?.map(({ Key, Value }) => [Key, Value]));
    if (tags.get("app") !== "wharf" || tags.get("stage") !== STAGE || stack.EnableTerminationProtection)
      throw new Error(
        `The stack ${name} is not one that npm run test:aws made: it is protected, or its tags are not app=wharf and stage=${STAGE}.`,
      );
  }
}

/** All that a stack made; nothing where there is no such stack. */
export async function resourcesOf(aws: Stacks, name: string): Promise<StackResourceSummary[]> {
  if ((await findStack(aws, name)) === undefined) return [];
  const found: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client: aws.stacks }, { StackName: name }))
    found.push(...(page.StackResourceSummaries ?? []));
  return found;
}

/** The physical id of the one resource whose logical id begins so. */
export async function physicalId(aws: Stacks, stack: string, type: string, prefix: string) {
  const found = (await resourcesOf(aws, stack)).find(
    ({ ResourceType, LogicalResourceId }) => ResourceType === type && LogicalResourceId?.startsWith(prefix),
  );
  return found?.PhysicalResourceId;
}

/** Deletes a stack and waits until it is gone. @throws Error naming what CloudFormation could not delete. */
export async function deleteStack(aws: Stacks, name: string): Promise<void> {
  const stack = await findStack(aws, name);
  if (stack?.StackId === undefined) return;
  // By its id: a name is no longer found once the stack is gone.
  const StackName = stack.StackId;
  await aws.stacks.send(new DeleteStackCommand({ StackName }));
  try {
    await waitUntilStackDeleteComplete({ client: aws.stacks, maxWaitTime: DELETION_SECONDS }, { StackName });
  } catch (error) {
    const left = (await resourcesOf(aws, StackName)).filter(
      (row) => row.ResourceStatus !== "DELETE_COMPLETE",
    );
    const names = left.map(
      (row) =>
        `${row.LogicalResourceId} ${row.PhysicalResourceId} (${row.ResourceStatusReason ?? row.ResourceStatus})`,
    );
    throw new Error(`stack ${name} is not gone: ${names.join("; ")}`, { cause: error });
  }
}
