/** The AWS services behind their port, with SDK clients that retry as they do by default, and ways to break calls. */
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { createClock } from "../clock.ts";
import { startEmbedded } from "../embedded.ts";
import type { Fault, FaultCall } from "../faults.ts";
import { ACCOUNT, REGION } from "../types.ts";
import { things } from "./conformance/dynamodb/target.ts";

const arnOf = (queue: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue}`;
const QUEUES = ["sent", "published", "stored"];

/** A write that shows how often it has happened. */
export interface Countable {
  action: string;
  send(): Promise<unknown>;
  happened(): Promise<number> | number;
}

/** Starts them in memory, on a free port. */
export async function startFaultyAccount() {
  const clock = createClock();
  const services = await startEmbedded({
    ...{ clock, dir: undefined, port: 0, maxConnections: 100, loss: () => undefined },
    hooks: { invokeLambda() {}, invocationOf: () => undefined, log() {} },
  });
  await services.dynamodb.createTable(things);
  await services.s3.createBucket({ name: "files", eventBridgeEnabled: true });
  for (const name of QUEUES) {
    await services.sqs.createQueue({ name, arn: arnOf(name) });
    services.iam.putResourcePolicy(arnOf(name), {
      Statement: [
        {
          ...{ Effect: "Allow", Action: "sqs:SendMessage", Resource: arnOf(name) },
          Principal: { Service: "events.amazonaws.com" },
        },
      ],
    });
  }
  for (const [source, queue = ""] of [
    ["test", "published"],
    ["aws.s3", "stored"],
  ]) {
    await services.eventbridge.putRule({
      ...{
        name: queue,
        arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/${queue}`,
        pattern: { source: [source] },
      },
      targets: [{ id: "1", arn: arnOf(queue) }],
    });
  }
  services.iam.putRole("lister", {
    arn: `arn:aws:iam::${ACCOUNT}:role/lister`,
    managedArns: [],
    inlinePolicies: {
      list: { Statement: [{ Effect: "Allow", Action: "dynamodb:ListTables", Resource: "*" }] },
    },
  });
  const common = { endpoint: services.awsUrl, region: REGION, credentials: services.root };
  const dynamodb = new DynamoDBClient(common);
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const s3 = new S3Client({ ...common, forcePathStyle: true });
  const sqs = new SQSClient(common);
  const events = new EventBridgeClient(common);
  const others = new DisposableStack();
  let made = 0;
  const depth = (queue: string) => services.sqs.depth(arnOf(queue)).visible;

  /** One of each service, which has not happened yet. */
  function writes(): Countable[] {
    const Key = { pk: `counter-${++made}`, sk: "-" };
    const before = new Map(QUEUES.map((queue) => [queue, depth(queue)]));
    const more = (queue: string) => () => depth(queue) - (before.get(queue) ?? 0);
    return [
      {
        action: "UpdateItem",
        send: () =>
          documents.send(
            new UpdateCommand({
              ...{ TableName: things.name, Key, UpdateExpression: "ADD n :one" },
              ExpressionAttributeValues: { ":one": 1 },
            }),
          ),
        async happened() {
          const { Item } = await documents.send(new GetCommand({ TableName: things.name, Key }));
          return Number(Item?.["n"] ?? 0);
        },
      },
      {
        action: "PutObject",
        send: () => s3.send(new PutObjectCommand({ Bucket: "files", Key: Key.pk, Body: "bytes" })),
        happened: more("stored"),
      },
      {
        action: "SendMessage",
        send: () =>
          sqs.send(
            new SendMessageCommand({ QueueUrl: `${services.awsUrl}/${ACCOUNT}/sent`, MessageBody: "x" }),
          ),
        happened: more("sent"),
      },
      {
        action: "PutEvents",
        send: () =>
          events.send(new PutEventsCommand({ Entries: [{ Source: "test", DetailType: "t", Detail: "{}" }] })),
        happened: more("published"),
      },
    ];
  }

  return {
    ...{ clock, services, dynamodb, documents, s3, writes },
    /** Has this fault strike the next call of that action, once; tells of all calls of it from then on. */
    strike(action: string, fault: Fault): FaultCall[] {
      const calls: FaultCall[] = [];
      services.setFaults((call) => {
        if (call.action !== action) return undefined;
        return calls.push(call) === 1 ? fault : undefined;
      });
      return calls;
    },
    /** Any further call. */
    call: () => dynamodb.send(new ListTablesCommand()),
    /** A call that a Lambda environment makes. */
    environment(environment: string) {
      const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/lister/${environment}`;
      const credentials = services.issue({ kind: "role", arn, role: "lister", environment });
      const client = new DynamoDBClient({ ...common, credentials });
      others.defer(() => client.destroy());
      return () => client.send(new ListTablesCommand());
    },
    /** Traces of copies that came late. */
    late: () => services.traces().filter(({ late }) => late),
    async [Symbol.asyncDispose]() {
      others.dispose();
      for (const client of [dynamodb, s3, sqs, events]) client.destroy();
      await services.close();
      clock.stop();
    },
  };
}
