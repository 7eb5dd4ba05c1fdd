import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClock } from "../clock.ts";
import { createCredentials } from "../credentials.ts";
import { createDynamoDb } from "../dynamodb/service.ts";
import { createEventBridge } from "../eventbridge/service.ts";
import { createIam } from "../iam/iam.ts";
import type { Listening } from "../listen.ts";
import { createS3 } from "../s3/service.ts";
import { createAwsServer } from "../server.ts";
import { amzDate, sign, signingKey } from "../sigv4.ts";
import { createSqs } from "../sqs/service.ts";
import type { AwsService, CallTrace, Principal } from "../types.ts";

/** Every service on one port, under the account's real policies. */
const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:000000000000:${name}`;
const queue = arn("sqs", "uploads");
const rule = arn("events", "rule/created");
const table = arn("dynamodb", "table/items");
const role: Principal = {
  kind: "role",
  arn: "arn:aws:sts::000000000000:assumed-role/Api/api",
  role: "ApiRole",
  environment: "env-1",
};

const clock = createClock();
const credentials = createCredentials({ clock, dir: undefined });
const traces: CallTrace[] = [];
let iam = createIam();
const services: AwsService[] = [];
let server: Listening;
let sqs: ReturnType<typeof createSqs>;

beforeAll(async () => {
  sqs = createSqs({ clock, dir: undefined });
  sqs.createQueue({ name: "uploads", arn: queue });
  const authorize: typeof iam.authorize = (...call) => iam.authorize(...call);
  const events = createEventBridge({ clock, sqs, iam: { authorize }, invokeLambda() {} });
  events.putRule({
    name: "created",
    arn: rule,
    pattern: { source: ["aws.s3"], "detail-type": ["Object Created"] },
    targets: [{ id: "queue", arn: queue }],
  });
  const s3 = createS3({
    clock,
    dir: undefined,
    onEvent: (event) => events.emit(event),
    onError() {},
    secretFor(accessKeyId, token) {
      const found = credentials.lookup(accessKeyId, token);
      return typeof found === "string"
        ? undefined
        : { secret: found.secretAccessKey, principal: found.principal };
    },
  });
  s3.createBucket({ name: "files", eventBridgeEnabled: true });
  const dynamodb = createDynamoDb({ clock, dir: undefined });
  dynamodb.createTable({
    name: "items",
    keySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    attributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  });
  services.push(s3, dynamodb, sqs, events);
  server = await createAwsServer({
    clock,
    credentials,
    services,
    iam: { authorize },
    onTrace: (trace) => traces.push(trace),
  });
});
afterAll(async () => {
  await server.close();
  for (const service of services) await service.close();
  clock.stop();
});
beforeEach(() => {
  iam = createIam();
  traces.length = 0;
});

/** Gives the role these actions, each on its resource. */
function grant(...statements: [action: string, resource: string][]): void {
  iam.putRole("ApiRole", {
    arn: "arn:aws:iam::000000000000:role/Api",
    inlinePolicies: {
      Default: {
        Version: "2012-10-17",
        Statement: statements.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource })),
      },
    },
    managedArns: [],
  });
}

/** Lets the rule, and no other, send to the queue, and S3 only by TLS. */
function resourcePolicies(sourceArn: string): void {
  iam.putResourcePolicy(queue, {
    Statement: {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queue,
      Condition: { ArnEquals: { "aws:SourceArn": sourceArn } },
    },
  });
  iam.putResourcePolicy("arn:aws:s3:::files", {
    Statement: {
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: "s3:*",
      Resource: ["arn:aws:s3:::files", "arn:aws:s3:::files/*"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  });
}

/** Clients that sign as the role. */
function clients() {
  const options = {
    endpoint: server.url,
    region: "us-east-1",
    credentials: credentials.issue(role),
    maxAttempts: 1,
    forcePathStyle: true,
  };
  const s3 = new S3Client(options);
  const dynamodb = new DynamoDBClient(options);
  const queues = new SQSClient(options);
  const events = new EventBridgeClient(options);
  return {
    s3,
    put: () => s3.send(new PutObjectCommand({ Bucket: "files", Key: "o/a", Body: "hello" })),
    get: () => s3.send(new GetObjectCommand({ Bucket: "files", Key: "o/a" })),
    putItem: () => dynamodb.send(new PutItemCommand({ TableName: "items", Item: { pk: { S: "1" } } })),
    getItem: () => dynamodb.send(new GetItemCommand({ TableName: "items", Key: { pk: { S: "1" } } })),
    send: () => queues.send(new SendMessageCommand({ QueueUrl: sqs.url(queue), MessageBody: "x" })),
    event: () =>
      events.send(new PutEventsCommand({ Entries: [{ Source: "test", DetailType: "t", Detail: "{}" }] })),
  };
}

describe("a role without a grant is refused in AWS's words", () => {
  test.each([
    ["put", "AccessDenied", 403, "s3:PutObject", "arn:aws:s3:::files/o/a"],
    ["get", "AccessDenied", 403, "s3:GetObject", "arn:aws:s3:::files/o/a"],
    ["putItem", "AccessDeniedException", 400, "dynamodb:PutItem", table],
    ["send", "AccessDeniedException", 400, "sqs:SendMessage", queue],
    ["event", "AccessDeniedException", 400, "events:PutEvents", arn("events", "event-bus/default")],
  ] as const)("%s", async (call, name, httpStatusCode, action, resource) => {
    grant(["s3:ListBucket", "arn:aws:s3:::files"]);
    await expect(clients()[call]()).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode },
      message: `User: ${role.arn} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`,
    });
    expect(traces.at(-1)).toMatchObject({ caller: "ApiRole", environment: "env-1", status: httpStatusCode });
  });
});

test("a role with its grants is let in everywhere, and the grants left over are known", async () => {
  grant(
    ["s3:PutObject", "arn:aws:s3:::files/o/*"],
    ["s3:GetObject*", "arn:aws:s3:::files/o/*"],
    ["dynamodb:PutItem", table],
    ["dynamodb:GetItem", table],
    ["sqs:SendMessage", queue],
    ["events:PutEvents", arn("events", "event-bus/default")],
    ["s3:DeleteObject", "arn:aws:s3:::files/o/*"],
  );
  resourcePolicies(rule);
  const { put, get, putItem, getItem, send, event } = clients();
  for (const call of [put, get, putItem, getItem, send, event]) await call();
  // An answer may be whole at its client before its call is over here.
  await expect.poll(() => traces.length).toBe(6);
  expect(traces.map(({ service, action, status }) => `${service} ${action} ${status}`).sort()).toEqual([
    "dynamodb GetItem 200",
    "dynamodb PutItem 200",
    "events PutEvents 200",
    "s3 GetObject 200",
    "s3 PutObject 200",
    "sqs SendMessage 200",
  ]);
  const unused = iam.usage().filter(({ count }) => count === 0);
  expect(unused.map(({ action }) => action)).toEqual(["s3:DeleteObject"]);
});

test("an object's event reaches the queue by the rule that its policy names, and by no other", async () => {
  grant(["s3:PutObject", "arn:aws:s3:::files/*"]);
  resourcePolicies(`${rule}-other`);
  sqs.purge(queue);
  await clients().put();
  expect(sqs.depth(queue).visible).toBe(0);
  resourcePolicies(rule);
  await clients().put();
  const [message] = sqs.receive(queue, { max: 10 });
  expect(JSON.parse(message?.body ?? "")).toMatchObject({ detail: { object: { key: "o/a", size: 5 } } });
});

test("a presigned URL can do what its signer can, no more", async () => {
  const { s3 } = clients();
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "files", Key: "o/a" }));
  grant(["s3:PutObject", "arn:aws:s3:::files/*"]);
  await clients().put();
  const refused = await fetch(url);
  expect([refused.status, (await refused.text()).includes("s3:GetObject")]).toEqual([403, true]);
  grant(["s3:GetObject", "arn:aws:s3:::files/*"]);
  expect(await (await fetch(url)).text()).toBe("hello");
  expect(traces.at(-1)).toMatchObject({ action: "GetObject", caller: "presigned:ApiRole" });
});

test("a POST form acts for whoever signed it", async () => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials.issue(role);
  const now = clock.now();
  const date = amzDate(now);
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const fields = {
    key: "o/form",
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${accessKeyId}/${scope}`,
    "x-amz-date": date,
    "x-amz-security-token": sessionToken,
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(now + 60_000).toISOString(),
      conditions: [
        { bucket: "files" },
        ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
      ],
    }),
  ).toString("base64");
  const signature = sign(signingKey(secretAccessKey, date.slice(0, 8), "us-east-1", "s3"), policy);
  const post = () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, policy, "x-amz-signature": signature })) {
      form.append(name, value);
    }
    form.append("file", new Blob(["hello"]), "a.txt");
    return fetch(`${server.url}/files`, { method: "POST", body: form });
  };
  grant(["s3:GetObject", "arn:aws:s3:::files/*"]);
  expect((await post()).status).toBe(403);
  grant(["s3:PutObject", "arn:aws:s3:::files/*"]);
  resourcePolicies(rule);
  expect((await post()).status).toBe(204);
  expect(traces.at(-1)).toMatchObject({ action: "PostObject", caller: "presigned:ApiRole", status: 204 });
});
