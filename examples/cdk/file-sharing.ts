/** Wharf as a part of a CDK app of your own: a stage, a domain and tags that are yours. */
import type { App } from "aws-cdk-lib";
import { stageConfig } from "wharf/lib/config.ts";
import { DataStack } from "wharf/lib/data-stack.ts";
import { ServiceStack } from "wharf/lib/service-stack.ts";

/**
 * Adds both stacks of a stage.
 *
 * @param bundles folder that `bundleFunctions` has filled.
 */
export function addFileSharing(app: App, bundles: string) {
  const config = stageConfig("media", {
    like: "prod",
    waiters: 20,
    corsOrigins: ["https://app.example.com"],
    domain: {
      name: "files.example.com",
      certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/3f2a9d5c-0b1e-4c58-9a51-7d4c8e1b2a90",
    },
  });
  const props = {
    config,
    env: { account: "123456789012", region: "eu-west-1" },
    tags: { "cost-center": "media" },
  };
  const data = new DataStack(app, "media-files-data", props);
  const service = new ServiceStack(app, "media-files-service", { ...props, data, bundles });
  return { data, service };
}
