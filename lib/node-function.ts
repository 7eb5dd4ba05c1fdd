import { join } from "node:path";
import { CfnResource, type Duration, Lazy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { VariableName } from "#lambdas/env.ts";
import type { FunctionName } from "./bundle.ts";
import type { StageConfig } from "./config.ts";
import { removalPolicy } from "./removal-policy.ts";

/** Environment of a function: only names that `lambdas/env.ts` knows. */
export type FunctionEnv = Partial<Record<VariableName, string>>;

export interface NodeFunctionProps {
  readonly config: StageConfig;
  /** Folder under `lambdas/` whose `handler.ts` exports `handler`. */
  readonly source: FunctionName;
  readonly description: string;
  readonly env: FunctionEnv;
  readonly timeout: Duration;
  /** MiB; CPU grows with it. */
  readonly memory: number;
  /** @default the account's unreserved pool */
  readonly reservedConcurrency?: number;
  /**
   * The function feeds the queue that feeds it. Lambda takes that for a mistake and ends such a chain after some 16
   * calls, unless it is told.
   * @default false
   */
  readonly feedsItself?: boolean;
}

/**
 * A function of `lambdas/<source>`, as `bundleFunctions` made it.
 *
 * Its role starts with nothing but writing to its own log group; everything else is granted by name.
 */
export class NodeFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: props.config.logRetention,
      removalPolicy: removalPolicy(props.config),
    });
    super(scope, id, {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: codeOf(scope, props.source),
      environment: { ...props.env },
      timeout: props.timeout,
      memorySize: props.memory,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Lambda's own lines for each invocation, at INFO, are as long as ours; what ends an invocation badly is WARN.
      systemLogLevelV2: SystemLogLevel.WARN,
      recursiveLoop: props.feedsItself === true ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    logGroup.grantWrite(role);
    dependOnceOn(role, this);
  }
}

/**
 * CDK lets a function depend on its role and all below it, of which the role itself is named by the function anyway:
 * cfn-lint's W3005. What is left is the role's policy, which nothing else orders.
 */
function dependOnceOn(role: Role, { node: { defaultChild } }: LambdaFunction): void {
  if (!CfnResource.isCfnResource(defaultChild)) throw new Error("a function is made by a CfnResource");
  // Asked at the end: constructs' dependencies become their resources' then.
  const others = () =>
    defaultChild
      .obtainDependencies()
      .filter((one) => CfnResource.isCfnResource(one))
      .filter((one) => one !== role.node.defaultChild);
  const DependsOn = Lazy.any({ produce: () => others().map(({ logicalId }) => logicalId) });
  defaultChild.addOverride("DependsOn", DependsOn);
}

/** The context names a folder with one folder of code per function; there is no default that could be deployed. */
function codeOf(scope: Construct, source: FunctionName): Code {
  return Code.fromAsset(join(scope.node.getContext("bundles"), source));
}
