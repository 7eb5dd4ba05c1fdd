import { Duration } from "aws-cdk-lib";
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

/** S3 says that an object is there: the same transition as finalize, for clients that never came back. */
export class Ingest extends Construct {
  readonly handler: NodeFunction;

  constructor(scope: Construct, id: string, { config, bucket, env }: IngestProps) {
    super(scope, id);
    this.handler = new NodeFunction(this, "Function", {
      config,
      source: "ingest",
      description: "Makes a file of an object that S3 has completed",
      env,
      timeout: Duration.seconds(60),
      memory: 512,
    });
    const queue = new EventQueue(this, "Events", {
      handler: this.handler,
      batchSize: 10,
      maxConcurrency: 10,
    });
    queue.onEvent("ObjectCreated", {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: { bucket: { name: [bucket.bucketName] }, object: { key: [{ prefix: "o/" }] } },
    });
  }
}
