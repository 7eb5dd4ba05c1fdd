import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { acceptFindings } from "./accept-findings.ts";
import { acknowledge } from "./acknowledge.ts";
import { type StageConfig, stageTags } from "./config.ts";
import { CustomDomain } from "./custom-domain.ts";
import type { DataStack } from "./data-stack.ts";
import { DeliveryDashboard } from "./delivery-dashboard.ts";
import { grants } from "./grants.ts";
import { HttpApi } from "./http-api.ts";
import { Ingest } from "./ingest.ts";
import { type FunctionEnv, NodeFunction } from "./node-function.ts";
import { operatorEnv } from "./operator-env.ts";
import { Relay } from "./relay.ts";
import { Sweep } from "./sweep.ts";
import { tableAccess } from "./table-access.ts";
import { WebhookPipeline } from "./webhook-pipeline.ts";

/** What CDK's `StackProps` has wins over what the stage says, but for tags, which come together. */
export interface ServiceStackProps extends StackProps {
  /** The same as the data stack's. */
  readonly config: StageConfig;
  /** Whose bucket, table and bus it works with. */
  readonly data: DataStack;
  /**
   * Folder that `bundleFunctions` has filled.
   * @default the one that the context names as `bundles`
   */
  readonly bundles?: string;
}

/** All that can be thrown away and deployed again: API, functions, queues, rules, alarms. */
export class ServiceStack extends Stack {
  /** The REST API: `api` for what you attach to it, `publicUrl` for who calls it. */
  readonly http: HttpApi;

  constructor(scope: Construct, id: string, { config, data, bundles, ...props }: ServiceStackProps) {
    super(scope, id, {
      description: "Wharf: API, functions and queues",
      ...props,
      tags: { ...props.tags, ...stageTags(config) },
    });
    if (bundles !== undefined) this.node.setContext("bundles", bundles);
    const { bucket, table, bus } = data;
    const http = new HttpApi(this, "Http", config);
    this.http = http;
    const tableEnv: FunctionEnv = { TABLE_NAME: table.tableName };
    const fileEnv: FunctionEnv = {
      ...tableEnv,
      BUCKET_NAME: bucket.bucketName,
      PUBLIC_URL: http.publicUrl,
      VERSIONS_KEEP: String(config.versions.keep),
      VERSIONS_KEEP_DAYS: String(config.versions.keepDays),
      TRASH_DAYS: String(config.trashDays),
      HASH_PLACES: String(config.hashPlaces),
      SESSIONS_PER_CLIENT: String(config.sessionsPerClient),
      CONTENT_MISMATCH: config.contentMismatch,
    };
    const outboundEnv: FunctionEnv = { PUBLIC_URL: http.publicUrl, API_HOST: http.host };
    const busEnv: FunctionEnv = { BUS_NAME: bus.eventBusName };

    const webhooks = new WebhookPipeline(this, "Webhooks", {
      config,
      bus,
      env: tableEnv,
      outboundEnv,
    });
    const first = webhooks.first.queue;
    const retry = webhooks.retry.queue;
    const queueEnv: FunctionEnv = {
      DELIVER_FIRST_QUEUE_URL: first.queueUrl,
      DELIVER_RETRY_QUEUE_URL: retry.queueUrl,
    };
    const corsEnv: FunctionEnv = { CORS_ORIGINS: config.corsOrigins.join(",") };

    const api = new NodeFunction(this, "ApiFunction", {
      config,
      source: "api",
      description: "Answers the HTTP API",
      env: {
        ...fileEnv,
        ...queueEnv,
        ...corsEnv,
        ...outboundEnv,
        ...operatorEnv(config.operator),
        ORG_CREATION: config.orgCreation,
      },
      // API Gateway waits for 29 s at most.
      timeout: Duration.seconds(29),
      memory: 1024,
    });
    const waiter = (id: string, description: string) =>
      new NodeFunction(this, id, {
        config,
        source: "wait",
        description,
        env: { ...tableEnv, ...corsEnv, WAIT_PLACES: String(config.waitPlaces) },
        timeout: Duration.seconds(29),
        memory: 512,
        // A waiter holds an environment: these must not be the ones that serve everybody else.
        ...(config.waiters === 0 ? {} : { reservedConcurrency: config.waiters }),
      });
    const wait = waiter("WaitFunction", "Waits for locks");
    const events = waiter("EventsFunction", "Reads events, waiting for the next");
    http.route({ api, wait, events });
    const ingest = new Ingest(this, "Ingest", { config, bucket, env: fileEnv });
    const relay = new Relay(this, "Relay", { config, table, env: { ...tableEnv, ...busEnv } });
    const sweep = new Sweep(this, "Sweep", { config, env: { ...tableEnv, ...busEnv, ...queueEnv } });

    const { fanOut, deliver, deliverSlow } = webhooks;
    grants.items(table, api, tableAccess.api);
    // What a client holds that is ended by a call.
    grants.due(table, api, "upload", "lock", "link");
    grants.open(table, api);
    grants.objects(
      bucket,
      api,
      "PutObject",
      "GetObject",
      "DeleteObject",
      "AbortMultipartUpload",
      "ListMultipartUploadParts",
    );
    // Whoever posts a form does so by the right of the function that signed it.
    grants.posted(bucket, api, "PutObject", "DeleteObject");
    grants.missingObjects(bucket, api);
    grants.send(retry, api);

    grants.items(table, wait, tableAccess.wait);
    grants.items(table, events, tableAccess.events);

    grants.items(table, ingest.handler, tableAccess.ingest);
    grants.due(table, ingest.handler, "upload", "version");
    grants.objects(
      bucket,
      ingest.handler,
      "PutObject",
      "GetObject",
      "DeleteObject",
      "AbortMultipartUpload",
      "ListMultipartUploadParts",
    );
    grants.posted(bucket, ingest.handler, "GetObject", "DeleteObject");
    grants.missingObjects(bucket, ingest.handler);

    grants.items(table, relay.handler, tableAccess.relay);
    grants.publish(bus, relay.handler);

    grants.items(table, fanOut, tableAccess.fanOut);
    for (const worker of [deliver, deliverSlow]) grants.items(table, worker, tableAccess.deliver);

    grants.items(table, sweep.handler, tableAccess.sweep);
    grants.due(
      table,
      sweep.handler,
      ...([
        "link",
        "event",
        "delivery",
        "lock",
        "upload",
        "revocation",
        "trash",
        "endpoint",
        "recovery",
        "wake_up",
        "invitation",
        "handover",
        "organization",
        "move",
        "grant",
        "key",
        "client",
      ] as const),
    );
    grants.send(retry, sweep.handler);
    grants.publish(bus, sweep.handler);

    new DeliveryDashboard(this, "Dashboard", { webhooks, table, shown: config.dashboard });
    this.notify(config.alarmTopicArn);
    acceptFindings(this);
    acknowledge(this, {
      ...reasons,
      [`AwsSolutions-IAM5[Resource::${exportName(bucket)}/o/*]`]: allObjects,
      [`AwsSolutions-IAM5[Resource::${exportName(bucket)}/f/*]`]: allPosted,
    });

    new CfnOutput(this, "ApiUrl", { value: http.publicUrl });
    const { domain } = config;
    if (domain === undefined) return;
    const { target } = new CustomDomain(this, "Domain", { domain, api: http.api });
    new CfnOutput(this, "DomainTarget", {
      value: target,
      description: `What ${domain.name} leads to in DNS`,
    });
  }

  /** Makes every alarm of the stack notify the topic. */
  private notify(topicArn: string | undefined): void {
    if (topicArn === undefined) return;
    const action = new SnsAction(Topic.fromTopicArn(this, "AlarmTopic", topicArn));
    for (const alarm of this.node.findAll()) if (alarm instanceof Alarm) alarm.addAlarmAction(action);
  }
}

const reasons = {
  "Serverless-LambdaDLQ":
    "No function is invoked asynchronously: events come by queues and a stream, which have dead letters of their own.",
  "Serverless-LambdaTracing":
    "Calls are followed by X-Request-ID through logs, events and deliveries; tracing would need a grant on every resource.",
};

const allObjects =
  "Object keys are made at run time, one per upload, all under o/; each role names the actions that its function does there.";

const allPosted =
  "Keys of what forms bring are made at run time, one per upload, all under f/; each role names what its function does there.";

/** Name under which the bucket's ARN leaves its stack, as findings show it. */
function exportName(bucket: Bucket): string {
  const { stack } = bucket;
  return stack.resolve(stack.exportValue(bucket.bucketArn))["Fn::ImportValue"];
}
