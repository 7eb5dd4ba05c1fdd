import {
  CreateEventBusCommand,
  type EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  ResourceAlreadyExistsException,
} from "@aws-sdk/client-eventbridge";
import type { RuleSpec, RuleTarget } from "../eventbridge/rule.ts";

/** Creates a bus, where it isn't there already. */
export async function createBus(events: EventBridgeClient, name: string): Promise<void> {
  try {
    await events.send(new CreateEventBusCommand({ Name: name }));
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
  }
}

/** Creates or changes a rule with its targets. @throws Error for a function: the emulator doesn't have it. */
export async function putRule(events: EventBridgeClient, rule: RuleSpec): Promise<void> {
  const where = { EventBusName: rule.bus ?? "default" };
  const EventPattern = JSON.stringify(rule.pattern);
  await events.send(new PutRuleCommand({ ...where, Name: rule.name, EventPattern }));
  const Targets = rule.targets.map((target) => toTarget(target, rule));
  const { FailedEntries = [] } = await events.send(
    new PutTargetsCommand({ ...where, Rule: rule.name, Targets }),
  );
  const [failed] = FailedEntries;
  if (failed) throw new Error(`${rule.name}: target ${failed.TargetId}: ${failed.ErrorMessage}`);
}

function toTarget(
  { id, arn, input, inputPath, inputTransformer, deadLetterArn }: RuleTarget,
  rule: RuleSpec,
) {
  if (arn.includes(":lambda:")) {
    throw new Error(
      `${rule.name}: an emulator can't reach ${arn}, which runs here; let the rule target a queue`,
    );
  }
  return {
    Id: id,
    Arn: arn,
    Input: input,
    InputPath: inputPath,
    ...(inputTransformer && {
      InputTransformer: {
        InputPathsMap: inputTransformer.paths,
        InputTemplate: inputTransformer.template,
      },
    }),
    ...(deadLetterArn !== undefined && { DeadLetterConfig: { Arn: deadLetterArn } }),
  };
}
