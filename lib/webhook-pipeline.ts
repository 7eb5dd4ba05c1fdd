import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { EVENT_SOURCE } from "#contract/events.ts";
import { alarm } from "./alarm.ts";
import type { StageConfig } from "./config.ts";
import { EventQueue } from "./event-queue.ts";
import { grants } from "./grants.ts";
import { type FunctionEnv, NodeFunction } from "./node-function.ts";

export interface WebhookPipelineProps {
  readonly config: StageConfig;
  readonly bus: EventBus;
  readonly env: FunctionEnv;
  /** For what sends requests to URLs that users give: what they may not lead to. */
  readonly outboundEnv: FunctionEnv;
}

/**
 * bus → fan-out → one message per matching endpoint → deliver → the customer's HTTPS endpoint.
 *
 * Endpoints that answer promptly have a queue and a function of their own, so that no number of slow or silent ones,
 * and no storm of retries, takes the environments which serve them. Both are fair queues: messages carry the client's
 * id as `MessageGroupId`, so that one client's backlog keeps no other waiting.
 */
export class WebhookPipeline extends Construct {
  readonly fanOut: NodeFunction;
  /** Serves the endpoints that answer promptly. */
  readonly deliver: NodeFunction;
  /** Serves the rest: who is slow, fails or has never answered. */
  readonly deliverSlow: NodeFunction;
  readonly first: EventQueue;
  readonly retry: EventQueue;

  constructor(scope: Construct, id: string, { config, bus, env, outboundEnv }: WebhookPipelineProps) {
    super(scope, id);
    const worker = (id: string, description: string) =>
      new NodeFunction(this, id, {
        config,
        source: "deliver",
        description,
        env: { ...env, ...outboundEnv },
        // An attempt has 15 s in all; the rest is for leasing, recording and rearming it.
        timeout: Duration.seconds(30),
        memory: 512,
        // Retries, and deliveries that wait for their endpoint's turn, go round by the queue as often as it takes.
        feedsItself: true,
      });
    this.deliver = worker("Deliver", "Sends webhook deliveries to endpoints that answer promptly");
    this.deliverSlow = worker("DeliverSlow", "Sends webhook deliveries to all other endpoints");
    const source = { batchSize: 5, maxConcurrency: config.deliverConcurrency };
    this.first = new EventQueue(this, "DeliverFirst", { ...source, handler: this.deliver });
    this.retry = new EventQueue(this, "DeliverRetry", { ...source, handler: this.deliverSlow });

    const queueEnv = {
      DELIVER_FIRST_QUEUE_URL: this.first.queue.queueUrl,
      DELIVER_RETRY_QUEUE_URL: this.retry.queue.queueUrl,
    };
    // Only now: the queues needed the function.
    for (const [name, url] of Object.entries(queueEnv))
      for (const handler of [this.deliver, this.deliverSlow]) handler.addEnvironment(name, url);

    this.fanOut = new NodeFunction(this, "FanOut", {
      config,
      source: "fan-out",
      description: "Writes one delivery per matching endpoint",
      env: { ...env, ...queueEnv },
      timeout: Duration.seconds(60),
      memory: 512,
    });
    const events = new EventQueue(this, "Events", {
      handler: this.fanOut,
      batchSize: 10,
      maxConcurrency: 20,
    });
    events.onEvent("Emitted", { source: [EVENT_SOURCE] }, bus);

    for (const sender of [this.fanOut, this.deliver]) grants.send(this.first.queue, sender);
    for (const sender of [this.fanOut, this.deliver, this.deliverSlow]) grants.send(this.retry.queue, sender);
    late("Prompt endpoints' messages", this.first.queue, Duration.minutes(5));
    // SQS: messages may be delayed by 900 s, which is no backlog.
    late("Other messages", this.retry.queue, Duration.minutes(20));
  }
}

function late(what: string, queue: Queue, after: Duration): void {
  alarm(queue, "Late", {
    description: `${what} of webhook deliveries wait in the queue: look at deliver's concurrency and errors`,
    metric: queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: "Maximum" }),
    above: after.toSeconds(),
    periods: 5,
  });
}
