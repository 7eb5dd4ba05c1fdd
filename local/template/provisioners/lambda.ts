import { z } from "zod";
import type { EventSources } from "../../lambda/event-sources.ts";
import type { LambdaService } from "../../lambda/service.ts";
import { ACCOUNT, REGION } from "../../types.ts";
import { inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";
import type { LambdaRole } from "./iam.ts";

const MAX_ENV_BYTES = 4_096;

const functionSchema = z.strictObject({
  FunctionName: z.string().optional(),
  Handler: z.string(),
  Runtime: z.string().regex(/^nodejs/, "the local cloud runs Node functions only"),
  Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
  Role: z.string(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z
    .strictObject({ Variables: z.record(z.string(), z.coerce.string()) })
    .refine(({ Variables }) => Buffer.byteLength(JSON.stringify(Variables)) <= MAX_ENV_BYTES, {
      error: `the variables hold more than Lambda's ${MAX_ENV_BYTES} bytes`,
    })
    .optional(),
  ReservedConcurrentExecutions: z.number().optional(),
  DeadLetterConfig: z.strictObject({ TargetArn: z.string() }).optional(),
  LoggingConfig: z
    .strictObject({
      LogFormat: inert,
      LogGroup: z.string().optional(),
      SystemLogLevel: inert,
      ApplicationLogLevel: inert,
    })
    .optional(),
  PackageType: z.literal("Zip").optional(),
  RecursiveLoop: inert,
  Architectures: inert,
  Description: inert,
  EphemeralStorage: inert,
  Tags: inert,
  TracingConfig: inert,
});

const permissionSchema = z.strictObject({
  Action: z.literal("lambda:InvokeFunction"),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.literal(ACCOUNT).optional(),
});

const asyncSchema = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal("$LATEST"),
  MaximumRetryAttempts: z.number().default(2),
  MaximumEventAgeInSeconds: z.number().default(21_600),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
});

const mappingSchema = z
  .strictObject({
    FunctionName: z.string(),
    EventSourceArn: z.string(),
    Enabled: z.boolean().default(true),
    BatchSize: z.number().default(10),
    MaximumBatchingWindowInSeconds: z.number().default(0),
    FunctionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).default([]),
    FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.number() }).optional(),
    StartingPosition: z.enum(["TRIM_HORIZON", "LATEST"]).optional(),
    BisectBatchOnFunctionError: z.boolean().default(false),
    // Lambda: -1 is without end.
    MaximumRetryAttempts: z.number().default(-1),
    MaximumRecordAgeInSeconds: z.number().default(-1),
    ParallelizationFactor: z.number().default(1),
    DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
    Tags: inert,
  })
  .refine(
    (mapping) =>
      !mapping.EventSourceArn.includes(":sqs:") ||
      mapping.BatchSize <= 10 ||
      mapping.MaximumBatchingWindowInSeconds > 0,
    {
      error: "Lambda gathers more than 10 messages only within a MaximumBatchingWindowInSeconds",
    },
  );

/** Functions, who may invoke them, and the queues and streams that feed them. */
export function lambdaResources(
  lambda: LambdaService,
  eventSources: EventSources,
  roles: ReadonlyMap<string, LambdaRole>,
): Provisioners {
  return {
    "AWS::Lambda::Function": (resource) => {
      const properties = parseProperties(functionSchema, resource);
      const codeDir = resource.assets.get(properties.Code.S3Key);
      if (codeDir === undefined) {
        throw new Error(`${resource.logicalId}: the assembly has no asset ${properties.Code.S3Key}`);
      }
      if (!roles.has(properties.Role)) {
        throw new Error(`${resource.logicalId}: the role ${properties.Role} cannot be assumed by Lambda`);
      }
      const name = properties.FunctionName ?? physicalName(resource, 64);
      const arn = functionArn(name);
      lambda.putFunction({
        logicalId: resource.logicalId,
        name,
        arn,
        handler: properties.Handler,
        codeDir,
        timeoutSeconds: properties.Timeout,
        memoryMb: properties.MemorySize,
        roleArn: properties.Role,
        env: properties.Environment?.Variables ?? {},
        reservedConcurrency: properties.ReservedConcurrentExecutions,
        deadLetterArn: properties.DeadLetterConfig?.TargetArn,
        logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      });
      return { ref: name, attributes: { Arn: arn } };
    },
    "AWS::Lambda::Permission": (resource) => {
      const { FunctionName, Principal, SourceArn } = parseProperties(permissionSchema, resource);
      lambda.putPermission(functionArn(FunctionName), { principal: Principal, sourceArn: SourceArn });
      return { ref: resource.logicalId };
    },
    "AWS::Lambda::EventInvokeConfig": (resource) => {
      const properties = parseProperties(asyncSchema, resource);
      lambda.putAsyncConfig(functionArn(properties.FunctionName), {
        retries: properties.MaximumRetryAttempts,
        maxAgeSeconds: properties.MaximumEventAgeInSeconds,
        onFailureArn: properties.DestinationConfig?.OnFailure?.Destination,
      });
      return { ref: resource.logicalId };
    },
    "AWS::Lambda::EventSourceMapping": (resource) => {
      const properties = parseProperties(mappingSchema, resource);
      if (!properties.Enabled) return { ref: resource.logicalId };
      const common = {
        id: `${resource.stackName}/${resource.logicalId}`,
        functionArn: functionArn(properties.FunctionName),
        batchSize: properties.BatchSize,
        windowMs: properties.MaximumBatchingWindowInSeconds * 1_000,
        reportsFailures: properties.FunctionResponseTypes.length > 0,
        filters: properties.FilterCriteria?.Filters.map(({ Pattern }): unknown => JSON.parse(Pattern)) ?? [],
      };
      if (properties.EventSourceArn.startsWith("arn:aws:sqs:")) {
        eventSources.addQueue({
          ...common,
          queueArn: properties.EventSourceArn,
          maxConcurrency: properties.ScalingConfig?.MaximumConcurrency,
        });
      } else {
        eventSources.addStream({
          ...common,
          streamArn: properties.EventSourceArn,
          startsAtOldest: properties.StartingPosition === "TRIM_HORIZON",
          bisects: properties.BisectBatchOnFunctionError,
          maxRetries: properties.MaximumRetryAttempts,
          maxAgeMs: properties.MaximumRecordAgeInSeconds * 1_000,
          lanes: properties.ParallelizationFactor,
          onFailureArn: properties.DestinationConfig?.OnFailure.Destination,
        });
      }
      return { ref: resource.logicalId };
    },
  };
}

/** A function is named by its name or its ARN. */
function functionArn(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:")
    ? nameOrArn
    : `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${nameOrArn}`;
}
