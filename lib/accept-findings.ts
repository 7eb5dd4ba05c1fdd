import { Aspects, CfnResource, type Stack } from "aws-cdk-lib";
import { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { DeadLetterQueue } from "./dead-letter-queue.ts";

/** What a check finds on every resource of a type, and why that may stand. */
interface Accepted {
  /** Checks of checkov (`CKV_…`) and rules of AWS Control Tower's for cfn-guard. */
  readonly checks: readonly string[];
  readonly reason: string;
  /** Which resources it is about. @default all of the type */
  readonly only?: (resource: CfnResource) => boolean;
}

/**
 * Writes into each resource's metadata which findings of checkov and cfn-guard may stand: where those look, also in a
 * team's own pipeline. `npm run test:truth -- checkov cfn-guard` finds what is missing here, and what isn't needed.
 */
export function acceptFindings(stack: Stack): void {
  Aspects.of(stack).add({
    visit(node) {
      if (!CfnResource.isCfnResource(node)) return;
      const accepted = (byType.get(node.cfnResourceType) ?? []).filter(({ only }) => only?.(node) ?? true);
      const all = accepted.flatMap(({ checks, reason }) => checks.map((id) => ({ id, comment: reason })));
      const skip = all.filter(({ id }) => id.startsWith("CKV_"));
      const rules = all.filter(({ id }) => !id.startsWith("CKV_")).map(({ id }) => id);
      if (skip.length > 0) node.addMetadata("checkov", { skip });
      if (rules.length > 0) node.addMetadata("guard", { SuppressedRules: rules });
    },
  });
}

const OWN_KEYS =
  "AWS's own keys encrypt it: a key of ours would cost each function a grant, and keep out nobody who may read the data.";
const REQUEST_IDS =
  "Calls are followed by X-Request-ID through logs, events and deliveries; sampled traces would add cost and no fact.";

const byType: ReadonlyMap<string, readonly Accepted[]> = new Map([
  [
    "AWS::S3::Bucket",
    [
      { checks: ["s3_bucket_default_encryption_kms_check"], reason: OWN_KEYS },
      {
        checks: ["CKV_AWS_18", "s3_bucket_logging_enabled_check"],
        reason:
          "Every upload and download passes the API, which logs client, route and request id; S3's access log would hold presigned signatures.",
      },
      {
        checks: ["CKV_AWS_21", "s3_bucket_versioning_enabled_check", "s3_bucket_object_lock_enabled_check"],
        reason: "S3 keys are written once and never again: versions would only keep what retention removed.",
      },
    ],
  ],
  [
    "AWS::DynamoDB::Table",
    [{ checks: ["CKV_AWS_119", "dynamodb_table_encrypted_kms_check"], reason: OWN_KEYS }],
  ],
  [
    "AWS::SQS::Queue",
    [
      { checks: ["CKV_AWS_27"], reason: "SqsManagedSseEnabled encrypts it, which this check doesn't know." },
      {
        checks: ["sqs_dlq_check"],
        reason: "It is the dead-letter queue: naming who may fill it would be a circle with them.",
        only: ({ node }) => node.scope instanceof DeadLetterQueue,
      },
    ],
  ],
  [
    "AWS::Logs::LogGroup",
    [
      { checks: ["CKV_AWS_158", "cloudwatch_log_group_encrypted_check"], reason: OWN_KEYS },
      {
        checks: ["cloudwatch_log_group_retention_period_check"],
        reason: "How long logs are kept is a setting, shorter than a year since they hold addresses.",
      },
    ],
  ],
  [
    "AWS::Lambda::Function",
    [
      {
        checks: ["CKV_AWS_115"],
        reason:
          "Concurrency is reserved where a flood would take others' places, and an account has little of it.",
        only: (resource) =>
          resource instanceof CfnFunction && resource.reservedConcurrentExecutions === undefined,
      },
      {
        checks: ["CKV_AWS_116"],
        reason:
          "No function is invoked asynchronously: events come by queues and a stream, which have dead letters of their own.",
      },
      {
        checks: ["CKV_AWS_117", "lambda_inside_vpc_check"],
        reason: "It calls AWS and webhooks' receivers on the internet, and nothing that lies in a VPC.",
      },
      { checks: ["CKV_AWS_173"], reason: OWN_KEYS },
    ],
  ],
  [
    "AWS::Lambda::Permission",
    [
      {
        checks: ["lambda_function_public_access_prohibited_check"],
        reason: "SourceArn names Wharf's own API, put together by Fn::Join, which this rule doesn't follow.",
      },
    ],
  ],
  [
    "AWS::ApiGateway::Method",
    [
      {
        checks: ["CKV_AWS_59"],
        reason: "Wharf issues and checks its own tokens; links and their pages are for whoever has them.",
      },
    ],
  ],
  [
    "AWS::ApiGateway::Stage",
    [
      {
        checks: ["CKV_AWS_120"],
        reason: "Answers differ by caller and moment: a cache would give them to others.",
      },
      { checks: ["CKV_AWS_73", "api_gw_xray_enabled_check"], reason: REQUEST_IDS },
      {
        checks: ["api_gw_v1_execution_logging_enabled_check"],
        reason:
          "Execution logs write request paths, and a link's path is its secret. Access logs and the functions' own lines carry the rest.",
      },
    ],
  ],
  [
    "AWS::CloudWatch::Alarm",
    [
      {
        checks: ["cloudwatch_alarm_action_check"],
        reason: "Whom alarms notify is a setting; without one they show on the dashboard alone.",
      },
    ],
  ],
]);
