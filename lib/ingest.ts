import { Duration } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { StageConfig } from "./config.ts";
import { EventQueue } from "./event-queue.ts";
import { type FunctionEnv, NodeFunction } from "./node-function.ts";

export interface IngestProps {
  readonly config: StageConfig;
  readonly bucket: Bucket;
  readonly env: FunctionEnv;
}

/**
 * S3 says that an object is there: the same transition as finalize, for clients that never came back. Each minute it
 * also ends abandoned uploads and removes the bytes of versions that nobody can reach any more: the part of the
 * sweep that needs S3, kept where finishing an upload is known already.
 */
export class Ingest extends Construct {
  readonly handler: NodeFunction;

  constructor(scope: Construct, id: string, { config, bucket, env }: IngestProps) {
    super(scope, id);
    this.handler = new NodeFunction(this, "Function", {
      config,
      source: "ingest",
      description: "Makes files of objects that S3 has completed, and clears what uploads left",
      env,
      timeout: Duration.seconds(60),
      memory: 512,
    });
    const queue = new EventQueue(this, "Events", {
      handler: this.handler,
      // One that ends the function, or hangs in it, takes no other with it: neither an upload nor the tick.
      batchSize: 1,
      maxConcurrency: 10,
    });
    queue.onSchedule("EveryMinute", Schedule.rate(Duration.minutes(1)));
    queue.onEvent("ObjectCreated", {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: [{ prefix: "o/" }, { prefix: "f/" }] },
      },
    });
  }
}
