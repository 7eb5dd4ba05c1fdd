import { z } from "zod";
import type { Services } from "../../services.ts";
import { ACCOUNT, REGION } from "../../types.ts";
import { inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";

const busSchema = z.strictObject({ Name: z.string(), Description: inert, Tags: inert });

const targetSchema = z.strictObject({
  Id: z.string(),
  Arn: z.string().regex(/^arn:aws:(sqs|lambda):/, "the local cloud's rules target queues and functions"),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .strictObject({ InputPathsMap: z.record(z.string(), z.string()).default({}), InputTemplate: z.string() })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  // A delivery to a queue in the same process has nothing to retry.
  RetryPolicy: inert,
});

const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: inert,
  EventBusName: z.string().default("default"),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Targets: z.array(targetSchema).default([]),
  Tags: inert,
});

/** Event buses, rules and schedules. */
export function eventsResources(eventbridge: Services["eventbridge"]): Provisioners {
  return {
    "AWS::Events::EventBus": async (resource) => {
      const { Name } = parseProperties(busSchema, resource);
      const arn = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${Name}`;
      await eventbridge.createBus({ name: Name, arn });
      return { ref: Name, attributes: { Arn: arn, Name } };
    },
    "AWS::Events::Rule": async (resource) => {
      const properties = parseProperties(ruleSchema, resource);
      const name = properties.Name ?? physicalName(resource, 64);
      const bus = properties.EventBusName.split("/").at(-1) ?? "default";
      const path = bus === "default" ? name : `${bus}/${name}`;
      const arn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/${path}`;
      if (properties.State === "ENABLED") {
        await eventbridge.putRule({
          name,
          arn,
          bus,
          ...(properties.EventPattern && { pattern: properties.EventPattern }),
          ...(properties.ScheduleExpression !== undefined && { schedule: properties.ScheduleExpression }),
          targets: properties.Targets.map((target) => ({
            id: target.Id,
            arn: target.Arn,
            ...(target.Input !== undefined && { input: target.Input }),
            ...(target.InputPath !== undefined && { inputPath: target.InputPath }),
            ...(target.InputTransformer && {
              inputTransformer: {
                paths: target.InputTransformer.InputPathsMap,
                template: target.InputTransformer.InputTemplate,
              },
            }),
            ...(target.DeadLetterConfig && { deadLetterArn: target.DeadLetterConfig.Arn }),
          })),
        });
      }
      // CloudFormation: a rule of another bus is referred to as `bus|rule`.
      return { ref: bus === "default" ? name : `${bus}|${name}`, attributes: { Arn: arn } };
    },
  };
}
