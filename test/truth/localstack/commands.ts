/** How a user of LocalStack deploys (docs/localstack.md has these very words), and what is run here. */
import { ACCOUNT, REGION } from "@wharf/local-cloud";

/** Once for each LocalStack. */
export const bootstrap = ["cdk", "bootstrap", `aws://${ACCOUNT}/${REGION}`];
/** Both stacks of stage dev. */
export const deploy = ["cdk", "deploy", "--all", "--require-approval", "never"];
/** Beside them: settings of one's own are for AWS. */
export const noSettings = ["-c", "settings=none"];
export const destroy = ["cdk", "destroy", "--force"];

/** For the CDK's CLI and the SDK: LocalStack instead of AWS. Any pair of keys is the account 000000000000. */
export function environment(endpoint: string) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    // The CDK publishes assets to a bucket named in the host otherwise.
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: REGION,
  };
}
