import { Duration } from "aws-cdk-lib";
import { type EventPattern, type IEventBus, Rule, type Schedule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { type DeadLetterQueue as DeadLetterTarget, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { NodeFunction } from "./node-function.ts";

export interface EventQueueProps {
  /** Handles the queue's messages and answers with the ids of those that failed. */
  readonly handler: NodeFunction;
  /** Messages per invocation, at most 10. */
  readonly batchSize: number;
  /**
   * Environments that the queue may use at once, at least 2. Without a bound Lambda asks an empty queue two fifths as
   * often: right for a queue that no flood can fill.
   * @default as many as Lambda takes: five, and more where messages wait
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
   */
  readonly maxConcurrency?: number;
  /**
   * How often a message is tried before it goes to the dead letters. @default twice in a batch and, where a batch holds
   * more than one, some more times alone; 5 times in all
   */
  readonly maxReceiveCount?: number;
}

/** Receives before a message goes on to the next queue. SQS advises against 1: a receive may get lost. */
const IN_BATCHES = 2;
/** Whether SQS counts the receives of the first queue in the second isn't documented; either way some are left. */
const IN_ALL = 5;
/** Environments for messages that are tried alone: some, so that one which holds its environment holds no other up. */
const ALONE_CONCURRENCY = 5;

/**
 * A queue with its dead letters, feeding a function whose failed messages come back one by one.
 *
 * A function that is ended in the midst of a batch, by its time or its memory, fails the whole batch: Lambda brings all
 * of it again, and what did nothing wrong would end in the dead letters beside its poison. So what has failed in two
 * batches goes to a second queue first, from which each message comes alone.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class EventQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const { handler, batchSize, maxConcurrency, maxReceiveCount } = props;
    const alone = batchSize > 1 && maxReceiveCount === undefined;
    this.deadLetters = new DeadLetterQueue(this, "DeadLetters");
    const last = { queue: this.deadLetters, maxReceiveCount: maxReceiveCount ?? IN_ALL };
    this.queue = this.feed("", handler, {
      batchSize,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      failed: alone ? { queue: this.alone(handler, last), maxReceiveCount: IN_BATCHES } : last,
    });
  }

  private alone(handler: NodeFunction, failed: DeadLetterTarget): Queue {
    return this.feed("Alone", handler, { batchSize: 1, maxConcurrency: ALONE_CONCURRENCY, failed });
  }

  /** A queue and its mapping. */
  private feed(
    prefix: string,
    handler: NodeFunction,
    { failed, ...batches }: { batchSize: number; maxConcurrency?: number; failed: DeadLetterTarget },
  ): Queue {
    if (handler.timeout === undefined) throw new Error(`${handler.node.path} needs a timeout`);
    const queue = new Queue(this, `${prefix}Queue`, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Lambda: 6 times the timeout at least, or a throttled batch is delivered a second time while it waits.
      visibilityTimeout: Duration.seconds(handler.timeout.toSeconds() * 6),
      deadLetterQueue: failed,
    });
    const mapping = new EventSourceMapping(this, `${prefix}Mapping`, {
      target: handler,
      eventSourceArn: queue.queueArn,
      ...batches,
      reportBatchItemFailures: true,
    });
    const consume = queue.grants.actions(handler, [
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
    return queue;
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
