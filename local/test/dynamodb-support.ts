/** A DynamoDB of one's own on a free port, without signatures and with everything allowed. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Clock, createClock } from "../clock.ts";
import { createDynamoDb, type DynamoDbService } from "../dynamodb/service.ts";
import type { TableSpec } from "../dynamodb/table.ts";
import { type AwsCall, type CallTrace, type ConditionContext, REGION } from "../types.ts";
import { things } from "./conformance/dynamodb/target.ts";

export interface Harness {
  service: DynamoDbService;
  clock: Clock;
  url: string;
  client: DynamoDBClient;
  documents: DynamoDBDocumentClient;
  /** One entry a call. */
  traces: CallTrace[];
  /** What services asked permission for. */
  asked: { action: string; resource: string; context: ConditionContext | undefined }[];
  close(): Promise<void>;
}

/** Starts it, with the table `things` unless other tables are given. */
export async function startDynamoDb({
  dir,
  tables = [things],
  authorize = () => {},
  clientsTables = false,
}: {
  dir?: string;
  tables?: readonly TableSpec[];
  authorize?: AwsCall["authorize"];
  clientsTables?: boolean;
} = {}): Promise<Harness> {
  const clock = createClock();
  const service = createDynamoDb({ clock, dir, clientsTables });
  for (const table of tables) service.createTable(table);
  const traces: CallTrace[] = [];
  const asked: Harness["asked"] = [];

  const server = createServer(async (req, res) => {
    const trace: CallTrace = {
      service: "dynamodb",
      action: "",
      caller: "root",
      startedAt: clock.now(),
      endedAt: 0,
      status: 0,
    };
    traces.push(trace);
    try {
      await service.handle({
        req,
        res,
        url: new URL(`http://local${req.url}`),
        path: "/",
        requestId: randomUUID(),
        region: REGION,
        principal: { kind: "root", arn: "arn:aws:iam::000000000000:root" },
        service: "dynamodb",
        body: await buffer(req),
        payload: { kind: "unsigned" },
        proceed() {},
        authorize(action, resource, context) {
          asked.push({ action, resource, context });
          authorize(action, resource, context);
        },
        trace,
      });
    } catch (error) {
      res.writeHead(500).end(String(error instanceof Error ? error.stack : error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const client = new DynamoDBClient({
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return {
    service,
    clock,
    url,
    client,
    documents: DynamoDBDocumentClient.from(client),
    traces,
    asked,
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
      clock.stop();
    },
  };
}
