import { CfnOutput, type CfnResource, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  HttpMethods,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { DUE_INDEX, OPEN_INDEX } from "#aws/keys.ts";
import { acceptFindings } from "./accept-findings.ts";
import { acknowledge } from "./acknowledge.ts";
import { type StageConfig, stageTags } from "./config.ts";
import { removalPolicy } from "./removal-policy.ts";

/** What CDK's `StackProps` has wins over what the stage says, but for tags, which come together. */
export interface DataStackProps extends StackProps {
  /** As `stageConfig` makes it. */
  readonly config: StageConfig;
}

/** All that must survive a deployment: objects, records, and the bus that other accounts' rules may hang on. */
export class DataStack extends Stack {
  /** Bytes of all files. */
  readonly bucket: Bucket;
  /** Everything else that is kept. */
  readonly table: Table;
  /** Wharf's events, `source` `wharf`, for rules of your own. */
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, {
      description: "Wharf: objects, table and event bus",
      terminationProtection: !config.disposable,
      ...props,
      tags: { ...props.tags, ...stageTags(config) },
    });
    this.bucket = pin("Bucket", this.createBucket(config));
    this.table = pin("Table", this.createTable(config));
    this.bus = pin(
      "Bus",
      new EventBus(this, "Bus", { description: "Wharf's events, for rules of your own" }),
    );

    acceptFindings(this);
    this.keepExports();
    new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
    new CfnOutput(this, "TableName", { value: this.table.tableName });
    new CfnOutput(this, "BusName", { value: this.bus.eventBusName });
  }

  /**
   * Exports all that the service stack may read, whether it does or not. CDK would drop an export with its last
   * reader, and this stack is deployed first: CloudFormation refuses, since the reader that is still deployed holds it.
   */
  private keepExports(): void {
    const { bucket, table, bus } = this;
    for (const value of [
      bucket.bucketArn,
      bucket.bucketName,
      table.tableArn,
      table.tableName,
      table.tableStreamArn,
      bus.eventBusArn,
      bus.eventBusName,
    ])
      this.exportValue(value);
  }

  private createBucket(config: StageConfig): Bucket {
    const bucket = new Bucket(this, "Bucket", {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: removalPolicy(config),
      cors: [
        {
          allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, HttpMethods.PUT, HttpMethods.POST],
          allowedOrigins: [...config.corsOrigins],
          allowedHeaders: ["*"],
          exposedHeaders: [...readableHeaders],
          maxAge: 3600,
        },
      ],
      lifecycleRules: [
        // Sessions live 6 days and the sweep aborts them; this is the last net.
        { id: "AbortIncompleteUploads", abortIncompleteMultipartUploadAfter: Duration.days(7) },
        // What forms bring is copied within moments, and removed; their sessions live for a day.
        { id: "RemovePosted", prefix: "f/", expiration: Duration.days(2) },
      ],
    });
    // `eventBridgeEnabled` would add a custom resource with a function of its own to set this one property.
    const resource = bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    acknowledge(bucket, {
      "AwsSolutions-S1":
        "Every upload and download passes the API, which logs client, route and request id; S3's access log would hold presigned signatures.",
    });
    return bucket;
  }

  private createTable(config: StageConfig): Table {
    const table = new Table(this, "Table", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: "ttl",
      stream: StreamViewType.NEW_IMAGE,
      deletionProtection: !config.disposable,
      removalPolicy: removalPolicy(config),
    });
    table.addGlobalSecondaryIndex({
      indexName: DUE_INDEX,
      partitionKey: { name: "due_pk", type: AttributeType.STRING },
      sortKey: { name: "due_sk", type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    table.addGlobalSecondaryIndex({
      indexName: OPEN_INDEX,
      partitionKey: { name: "open_pk", type: AttributeType.STRING },
      sortKey: { name: "pk", type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return table;
  }
}

/**
 * What pages may read of S3's answers to parts and objects: unless it is exposed, a script sees only what Fetch
 * safelists (`Cache-Control`, `Content-Length`, `Content-Type`, `Last-Modified` and few more).
 */
const readableHeaders = [
  ...["ETag", "Content-Disposition", "Content-Length", "Content-Range", "Accept-Ranges"],
  ...["crc32", "crc32c", "crc64nvme", "sha1", "sha256", "type"].map((name) => `x-amz-checksum-${name}`),
  // By which S3's people find a request.
  ...["x-amz-request-id", "x-amz-id-2"],
];

/** Fixes the logical id: CloudFormation replaces a resource whose id changes, and these hold data. */
function pin<C extends Construct>(logicalId: string, construct: C): C {
  (construct.node.defaultChild as CfnResource).overrideLogicalId(logicalId);
  return construct;
}
