import { Duration } from "aws-cdk-lib";
import { type EventPattern, type IEventBus, Rule, type Schedule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { acknowledge } from "./nag.ts";
import type { NodeFunction } from "./node-function.ts";

export interface EventQueueProps {
  /** Handles the queue's messages and answers with the ids of those that failed. */
  readonly handler: NodeFunction;
  /** Messages per invocation, at most 10. */
  readonly batchSize: number;
  /** Environments that the queue may use at once, at least 2. */
  readonly maxConcurrency: number;
  /** How often a message is tried before it goes to the dead letters. @default 5 */
  readonly maxReceiveCount?: number;
}

/** A queue with its dead letters, feeding a function whose failed messages come back one by one. */
export class EventQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const { handler, batchSize, maxConcurrency, maxReceiveCount = 5 } = props;
    if (handler.timeout === undefined) throw new Error(`${handler.node.path} needs a timeout`);
    this.deadLetters = new DeadLetterQueue(this, "DeadLetters");
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Lambda: 6 times the timeout at least, or a throttled batch is delivered a second time while it waits.
      visibilityTimeout: Duration.seconds(handler.timeout.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    const mapping = new EventSourceMapping(this, "Mapping", {
      target: handler,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxConcurrency,
      reportBatchItemFailures: true,
    });
    const consume = this.queue.grants.actions(handler, [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
    ]);
    // Lambda checks at creation that the role can read the queue.
    consume.applyBefore(mapping);
    acknowledge(mapping, {
      "Serverless-LambdaEventSourceMappingDestination":
        "SQS mappings have no failure destination: the queue's redrive policy moves failed messages to its dead letters.",
    });
  }

  /** Feeds the queue with the events of a bus (default: the account's) that match. */
  onEvent(id: string, eventPattern: EventPattern, eventBus?: IEventBus): void {
    this.addTarget(new Rule(this, id, { eventPattern, ...(eventBus === undefined ? {} : { eventBus }) }));
  }

  /** Feeds the queue with one message per tick. */
  onSchedule(id: string, schedule: Schedule): void {
    this.addTarget(new Rule(this, id, { schedule }));
  }

  private addTarget(rule: Rule): void {
    rule.addTarget(new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters }));
  }
}
