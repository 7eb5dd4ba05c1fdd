import { Duration } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { keys } from "#aws/keys.ts";
import { alarm } from "./alarm.ts";
import type { StageConfig } from "./config.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { grants } from "./grants.ts";
import { type FunctionEnv, NodeFunction } from "./node-function.ts";

export interface RelayProps {
  readonly config: StageConfig;
  readonly table: Table;
  readonly env: FunctionEnv;
}

/** The outbox's way out: events that a transaction wrote into the table go to the bus. */
export class Relay extends Construct {
  readonly handler: NodeFunction;

  constructor(scope: Construct, id: string, { config, table, env }: RelayProps) {
    super(scope, id);
    if (table.tableStreamArn === undefined) throw new Error("the table needs a stream");
    this.handler = new NodeFunction(this, "Function", {
      config,
      source: "relay",
      description: "Puts events of the outbox on the bus",
      env,
      timeout: Duration.seconds(30),
      memory: 512,
    });
    const deadLetters = new DeadLetterQueue(this, "DeadLetters");
    const mapping = new EventSourceMapping(this, "Mapping", {
      target: this.handler,
      eventSourceArn: table.tableStreamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual("INSERT"),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(keys.event("").pk) } } },
        }),
      ],
      // EventBridge: 10 entries per PutEvents at most.
      batchSize: 10,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // A record that fails for longer blocks its shard for nothing: the sweep sends its event anyway.
      retryAttempts: 5,
      onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
    });
    const read = table.streamGrants.actions(
      this.handler,
      "dynamodb:DescribeStream",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
    );
    read.applyBefore(mapping);
    grants.send(deadLetters, this.handler);
    alarm(this, "Late", {
      description: "Events leave the table late: look at the relay's log",
      metric: this.handler.metric("IteratorAge", { statistic: "Maximum", period: Duration.minutes(1) }),
      above: Duration.minutes(2).toMilliseconds(),
      periods: 3,
    });
  }
}
