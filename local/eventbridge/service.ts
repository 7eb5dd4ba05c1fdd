/** The local cloud's EventBridge: buses, rules and schedules whose targets are queues and functions. */

import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import {
  ACCOUNT,
  AwsError,
  type AwsService,
  type ConditionContext,
  type Principal,
  REGION,
} from "../types.ts";
import { parseJson, sendJson, sendJsonError } from "../wire.ts";
import { checkEntry, type Entry, failed, readEntries } from "./entry.ts";
import { checkPattern, matches } from "./pattern.ts";
import type { BusEvent, RuleSpec, RuleTarget } from "./rule.ts";
import { nextRun } from "./schedule.ts";
import { shapeInput } from "./transform.ts";

export interface EventBridgeService extends AwsService {
  createBus(bus: { name: string; arn: string }): void;
  putRule(rule: RuleSpec): void;
  /** Puts an event of an AWS service (S3 …) on the default bus. */
  emit(event: Pick<BusEvent, "source" | "detail-type" | "resources" | "detail"> & { time?: string }): void;
  /** Starts the schedules; rules put before run from here on. */
  startSchedules(): void;
}

export interface EventBridgeOptions {
  clock: Clock;
  sqs: { send(arn: string, body: string): unknown };
  iam: {
    authorize(principal: Principal | null, action: string, resource: string, context: ConditionContext): void;
  };
  /** Invokes a function asynchronously for a rule; throws where its permissions don't allow it. */
  invokeLambda(functionArn: string, payload: string, ruleArn: string): void;
}

const SERVICE: Principal = { kind: "service", arn: "events.amazonaws.com" };

/** Delivery to queues happens within the call that puts the event, so what was acknowledged is in the queues. */
export function createEventBridge({ clock, sqs, iam, invokeLambda }: EventBridgeOptions): EventBridgeService {
  const buses = new Map<string, string>([
    ["default", `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`],
  ]);
  const rules = new Map<string, RuleSpec>();
  const cancels = new Map<string, () => void>();
  let ticking = false;

  function publish(bus: string, event: BusEvent): void {
    for (const rule of rules.values()) {
      if ((rule.bus ?? "default") !== bus || rule.pattern === undefined || !matches(rule.pattern, event))
        continue;
      for (const target of rule.targets) deliver(rule, target, event);
    }
  }

  function deliver(rule: RuleSpec, target: RuleTarget, event: BusEvent): void {
    const body = shapeInput(target, event, rule);
    if (target.arn.includes(":lambda:")) {
      invokeLambda(target.arn, body, rule.arn);
      return;
    }
    try {
      toQueue(target.arn, body, rule.arn);
    } catch (error) {
      if (target.deadLetterArn === undefined || !(error instanceof AwsError)) throw error;
      toQueue(target.deadLetterArn, body, rule.arn);
    }
  }

  function toQueue(arn: string, body: string, ruleArn: string): void {
    iam.authorize(SERVICE, "sqs:SendMessage", arn, {
      "aws:sourcearn": ruleArn,
      "aws:sourceaccount": ACCOUNT,
      "aws:securetransport": "true",
    });
    sqs.send(arn, body);
  }

  function makeEvent(
    given: Pick<BusEvent, "source" | "detail-type" | "resources" | "detail">,
    time?: string,
  ): BusEvent {
    return {
      version: "0",
      id: randomUUID(),
      account: ACCOUNT,
      time: time ?? `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
      region: REGION,
      ...given,
    };
  }

  function tick(rule: RuleSpec): void {
    const { schedule } = rule;
    if (schedule === undefined) return;
    cancels.get(rule.arn)?.();
    const cancel = clock.at(nextRun(schedule, clock.now()), () => {
      tick(rule);
      const event = makeEvent({
        "detail-type": "Scheduled Event",
        source: "aws.events",
        resources: [rule.arn],
        detail: {},
      });
      for (const target of rule.targets) deliver(rule, target, event);
    });
    cancels.set(rule.arn, cancel);
  }

  function putOne(entry: Entry) {
    const name = busName(entry.EventBusName);
    if (!buses.has(name)) return failed("ResourceNotFoundException", `Event bus ${name} does not exist.`);
    const checked = checkEntry(entry);
    if ("ErrorCode" in checked) return checked;
    const { time, ...given } = checked;
    const event = makeEvent(given, time);
    publish(name, event);
    return { EventId: event.id };
  }

  return {
    scope: "events",
    createBus({ name, arn }) {
      buses.set(name, arn);
    },
    putRule(rule) {
      rules.set(rule.arn, rule);
      // What can't be understood stops the start, not the first event.
      if (rule.schedule !== undefined) nextRun(rule.schedule, clock.now());
      if (rule.pattern !== undefined) checkPattern(rule.pattern);
      if (ticking) tick(rule);
    },
    emit({ time, ...event }) {
      publish("default", makeEvent(event, time));
    },
    startSchedules() {
      ticking = true;
      for (const rule of rules.values()) tick(rule);
    },
    async handle(call) {
      const [, operation = ""] = /^AWSEvents\.(\w+)$/.exec(String(call.req.headers["x-amz-target"])) ?? [];
      call.trace.action = operation;
      try {
        if (operation !== "PutEvents") {
          throw new AwsError("UnknownOperationException", `The local EventBridge has no ${operation}.`);
        }
        const entries = readEntries(parseJson(call.body));
        // All or nothing: a caller that may not use one of the buses puts nothing.
        for (const { EventBusName } of entries) {
          const arn = buses.get(busName(EventBusName));
          if (arn !== undefined) call.authorize("events:PutEvents", arn);
        }
        const results = entries.map(putOne);
        const FailedEntryCount = results.filter((result) => "ErrorCode" in result).length;
        sendJson(call.res, { FailedEntryCount, Entries: results }, { type: "application/x-amz-json-1.1" });
        call.trace.status = 200;
      } catch (error) {
        const known =
          error instanceof z.ZodError ? new AwsError("ValidationException", z.prettifyError(error)) : error;
        if (!(known instanceof AwsError)) throw known;
        call.trace.status = known.status;
        sendJsonError(call.res, known);
      }
    },
    async close() {
      for (const cancel of cancels.values()) cancel();
    },
  };
}

/** A bus is named by its name or its ARN. */
function busName(given = "default"): string {
  return given.split("/").at(-1) ?? given;
}
