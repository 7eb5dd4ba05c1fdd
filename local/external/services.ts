/**
 * The services of an AWS emulator (LocalStack, moto …) at one endpoint, filled from the template over AWS's own APIs.
 *
 * The emulator keeps all state and delivers events to queues; schedules fire here, since their time is the cloud's.
 * It gets dummy keys, and enforces no policy.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../clock.ts";
import { createEventBridge } from "../eventbridge/service.ts";
import type { ServiceHooks, Services } from "../services.ts";
import { REGION } from "../types.ts";
import { createBucket } from "./bucket.ts";
import { createBus, putRule } from "./events.ts";
import { createQueues } from "./queues.ts";
import { createStreamFeed } from "./stream-feed.ts";
import { createTable } from "./table.ts";

/** What emulators take for keys; real ones have no business there. */
const KEYS = { accessKeyId: "test", secretAccessKey: "test" };
const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;

/** Connects to the emulator at `endpoint`. @throws Error when nobody answers there. */
export async function connectExternal({
  endpoint,
  clock,
  hooks,
}: {
  endpoint: string;
  clock: Clock;
  hooks: ServiceHooks;
}): Promise<Services> {
  await fetch(endpoint).catch((cause: unknown) => {
    throw new Error(`no AWS emulator answers at ${endpoint}; start it, or unset AWS_ENDPOINT_URL`, { cause });
  });
  const common = { endpoint, region: REGION, credentials: KEYS };
  const s3 = new S3Client({ ...common, forcePathStyle: true });
  const dynamodb = new DynamoDBClient(common);
  const sqs = new SQSClient(common);
  const events = new EventBridgeClient(common);
  const queues = createQueues(sqs, (error) => hooks.log("external/sqs", error));
  const streams = createStreamFeed({ ...common, onError: (error) => hooks.log("external/streams", error) });
  const iam: Services["iam"] = {
    putRole() {},
    putResourcePolicy() {},
    authorize() {},
    usage: () => [],
  };
  const schedules = createEventBridge({ clock, sqs: queues, iam, invokeLambda: hooks.invokeLambda });

  return {
    awsUrl: endpoint,
    notes: [],
    hasRoom: () => true,
    root: KEYS,
    s3: { createBucket: (bucket) => createBucket(s3, bucket) },
    dynamodb: {
      async createTable(spec) {
        const table = await createTable(dynamodb, spec);
        if (table.streamArn !== undefined) streams.add(table.name, table.streamArn);
        return table;
      },
      stream: streams.stream,
      checkpoint: streams.checkpoint,
    },
    sqs: queues,
    eventbridge: {
      createBus: ({ name }) => createBus(events, name),
      putRule: (rule) => (rule.schedule === undefined ? putRule(events, rule) : schedules.putRule(rule)),
    },
    iam,
    issue: () => ({ ...KEYS, sessionToken: "test", expiresAt: clock.now() + YEAR_MS }),
    begin: schedules.startSchedules,
    traces: () => [],
    clearTraces() {},
    setFaults() {
      throw new Error("faults need the services in this process; an emulator's calls can't be made to fail");
    },
    keepHistory() {
      throw new Error("reads can be old in the services of this process alone; an emulator keeps its own");
    },
    late: { waiting: () => 0, async arrived() {}, async flush() {} },
    // The emulator goes on.
    async drain() {},
    async close() {
      await schedules.close();
      streams.close();
      await queues.close();
      for (const client of [s3, dynamodb, sqs, events]) client.destroy();
    },
  };
}
