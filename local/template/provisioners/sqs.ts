import { z } from "zod";
import type { Iam } from "../../iam/iam.ts";
import type { Services } from "../../services.ts";
import { ACCOUNT, REGION } from "../../types.ts";
import { documentSchema, inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";

const queueSchema = z.strictObject({
  QueueName: z.string().optional(),
  FifoQueue: z.literal(false, "the local cloud has standard queues only").optional(),
  DelaySeconds: z.number().default(0),
  VisibilityTimeout: z.number().default(30),
  MessageRetentionPeriod: z.number().default(345_600),
  MaximumMessageSize: z.number().default(1_048_576),
  RedrivePolicy: z
    .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() })
    .optional(),
  ReceiveMessageWaitTimeSeconds: inert,
  RedriveAllowPolicy: inert,
  SqsManagedSseEnabled: inert,
  Tags: inert,
});

const policySchema = z.strictObject({
  Queues: z.array(z.string()),
  PolicyDocument: documentSchema,
});

/** Queues and their policies. */
export function sqsResources(sqs: Services["sqs"], putPolicy: Iam["putResourcePolicy"]): Provisioners {
  return {
    "AWS::SQS::Queue": async (resource) => {
      const properties = parseProperties(queueSchema, resource);
      const name = properties.QueueName ?? physicalName(resource, 80);
      const { arn, url } = await sqs.createQueue({
        name,
        arn: queueArn(name),
        delaySeconds: properties.DelaySeconds,
        visibilityTimeout: properties.VisibilityTimeout,
        retentionSeconds: properties.MessageRetentionPeriod,
        maximumMessageSize: properties.MaximumMessageSize,
        ...(properties.RedrivePolicy && { redrive: properties.RedrivePolicy }),
      });
      return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
    },
    "AWS::SQS::QueuePolicy": (resource) => {
      const { Queues, PolicyDocument } = parseProperties(policySchema, resource);
      for (const url of Queues) putPolicy(queueArn(url.split("/").at(-1) ?? ""), PolicyDocument);
      return { ref: resource.logicalId };
    },
  };
}

function queueArn(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}
