import { RemovalPolicy } from "aws-cdk-lib";
import type { StageConfig } from "./config.ts";

/** What CloudFormation does with what holds a stage's data once its stack goes. */
export function removalPolicy({ removal }: StageConfig): RemovalPolicy {
  return removal === "retain" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}
