/** A story: a whole cloud in memory, one client of it, and what its users have on their side. */
import assert from "node:assert/strict";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { REGION } from "@wharf/local-cloud";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { eventSchema } from "#contract/event-types.ts";
import { event } from "#contract/events.ts";
import type { Scope } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { startWharf, type WharfOptions } from "#start/start-wharf.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { eventually } from "./eventually.ts";
import { type Behaviour, type Receiver, startReceiver } from "./receiver.ts";

export interface StoryOptions {
  /** Scopes of the first client. @default files:read files:write shares:write webhooks:write */
  scopes?: readonly Scope[];
  /** Name of the first client and of its workspace. @default "ci" */
  name?: string;
  cloud?: WharfOptions;
}

export type Story = Awaited<ReturnType<typeof startStory>>;

const SCOPES: readonly Scope[] = [
  "files:read",
  "files:write",
  "files:delete",
  "locks:write",
  "workspaces:write",
  "shares:write",
  "webhooks:write",
];

/** Starts the cloud on free ports, in memory unless told otherwise. `await using story = await startStory()`. */
export async function startStory({ scopes = SCOPES, name = "ci", cloud: options = {} }: StoryOptions = {}) {
  // An account has more environments than this machine: stories are not about waiting for one.
  const cloud = await startWharf({ maxWaitMs: 60_000, ...options });
  const aws = { endpoint: cloud.awsUrl, region: REGION, credentials: cloud.rootCredentials };
  const dynamodb = new DynamoDBClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" });
  const tableName = output("TableName");
  const table = createTable(dynamodb, tableName);
  const receivers: Receiver[] = [];

  function output(key: string): string {
    const value = cloud.outputs[key];
    if (value === undefined) throw new Error(`no output ${key}; there are ${Object.keys(cloud.outputs)}`);
    return value;
  }

  /** Makes a client, as `npm run admin` does. */
  async function client(
    clientName: string,
    clientScopes: readonly Scope[] = SCOPES,
  ): Promise<ApiClient & { clientId: string; clientSecret: string; workspaceId: string }> {
    const { client_id, client_secret, workspace_id } = await createClient(
      { table, now: cloud.clock.now },
      { name: clientName, scopes: clientScopes },
    );
    const made = { clientId: client_id, clientSecret: client_secret, workspaceId: workspace_id };
    return { ...made, ...createApiClient({ origin: cloud.apiUrl, now: cloud.clock.now, ...made }) };
  }

  /** Every event that the story brought about is what its type's schema says, and holds nothing secret. */
  async function checkEvents(): Promise<void> {
    for (const body of await eventBodies(dynamodb, tableName)) {
      const given = JSON.parse(body);
      assert.deepEqual(eventSchema(event.parse(given).type).parse(given), given);
      assert.doesNotMatch(body, /X-Amz-|wh[ikst]_|whsec_|\/s\//);
      assert(Buffer.byteLength(body) < 20_000, `${given.type} is too large`);
    }
  }

  async function stop(): Promise<void> {
    await checkEvents();
    await end();
  }

  async function end(): Promise<void> {
    await cloud.stop();
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
    dynamodb.destroy();
    s3.destroy();
  }

  try {
    return {
      ...(await client(name, scopes)),
      cloud,
      client,
      table,
      /** With root's credentials, as an administrator's tools have. */
      s3,
      dynamodb,
      bucket: output("BucketName"),
      tableName,
      /** Starts a listener that ends with the story. */
      async receiver(behaviour?: Behaviour, onPing?: Behaviour): Promise<Receiver> {
        const receiver = await startReceiver(behaviour, onPing);
        receivers.push(receiver);
        return receiver;
      },
      /** Moves the cloud's time. */
      advance: cloud.advance,
      eventually,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Bodies of all events in a table. */
async function eventBodies(dynamodb: DynamoDBClient, TableName: string): Promise<string[]> {
  const bodies: string[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await dynamodb.send(
      new ScanCommand({
        TableName,
        ProjectionExpression: "body",
        FilterExpression: "begins_with(pk, :events)",
        ExpressionAttributeValues: { ":events": keys.event("").pk },
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    );
    bodies.push(...(page.Items ?? []).map((item) => String(item["body"])));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return bodies;
}
