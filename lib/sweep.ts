import { Duration } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import type { StageConfig } from "./config.ts";
import { EventQueue } from "./event-queue.ts";
import { type FunctionEnv, NodeFunction } from "./node-function.ts";

export interface SweepProps {
  readonly config: StageConfig;
  readonly env: FunctionEnv;
}

/**
 * Every minute: expired links, abandoned sessions, due retries, events that never left.
 *
 * A rule rather than EventBridge Scheduler: the tick then comes by the same queue, dead letters and alarm as every
 * other event, and needs no role of its own.
 */
export class Sweep extends Construct {
  readonly handler: NodeFunction;

  constructor(scope: Construct, id: string, { config, env }: SweepProps) {
    super(scope, id);
    this.handler = new NodeFunction(this, "Function", {
      config,
      source: "sweep",
      description: "Ends what has expired and sends again what was lost",
      env,
      // A sweep stops before the next but one begins; what is left is due in that one too.
      timeout: Duration.seconds(110),
      memory: 512,
    });
    // One tick says all: a failed one is tried once more, then the next minute's does its work.
    const ticks = new EventQueue(this, "Ticks", {
      handler: this.handler,
      batchSize: 10,
      maxReceiveCount: 2,
    });
    ticks.onSchedule("EveryMinute", Schedule.rate(Duration.minutes(1)));
  }
}
