/** Removes all that a run has made, as far as it goes, and says what is left. */
import type { Aws } from "./aws.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { restoreGatewayRole } from "./gateway-role.ts";
import { DATA, deleteStack, physicalId, SERVICE } from "./stacks.ts";

/**
 * Returns what could not be removed, a line each; a step that fails doesn't keep the next from being tried.
 *
 * @param roleBefore the account's API Gateway role before the deployment, "" for none.
 */
export async function tearDown(aws: Aws, roleBefore: string): Promise<string[]> {
  const left: string[] = [];
  const attempt = async (what: string, step: () => Promise<void>) => {
    console.log(`  ${what} …`);
    try {
      await step();
    } catch (error) {
      left.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  await attempt(`setting API Gateway's logging role back to ${roleBefore || "none"}`, () =>
    restoreGatewayRole(aws, roleBefore),
  );
  // First what could still write to the bucket.
  await attempt(`deleting ${SERVICE}`, () => deleteStack(aws, SERVICE));
  await attempt("emptying the bucket", async () => {
    const bucket = await physicalId(aws, DATA, "AWS::S3::Bucket", "Bucket");
    if (bucket !== undefined) await emptyBucket(aws.s3, bucket);
  });
  await attempt(`deleting ${DATA}`, () => deleteStack(aws, DATA));
  return left;
}
