/** The local DynamoDB without a network: the real SDK over the real engine, with a clock that only tests move. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type Clock, REGION } from "@wharf/local-cloud";
import { createDynamoDb } from "@wharf/local-cloud/dynamodb/service.ts";
import type { TableSpec } from "@wharf/local-cloud/dynamodb/table.ts";
import { unsignedCall } from "./unsigned-call.ts";

interface Sent {
  action: string;
  /** Runs the call in the engine; twice is two sends of the same bytes. */
  run(): Promise<Answer>;
}
type Answer = { statusCode: number; headers: Record<string, string>; body: Uint8Array };

/** What stands between the SDK and the engine. */
export type Network = (sent: Sent) => Promise<Answer>;

/** Starts the engine in memory with one table. `client` makes SDK clients whose calls go through a network. */
export function inProcessDynamoDb(table: TableSpec, now: () => number) {
  const clock: Clock = { now, advance() {}, at: () => () => {}, shared: new SharedArrayBuffer(8), stop() {} };
  const service = createDynamoDb({ clock, dir: undefined });
  service.createTable(table);

  return {
    client: (network?: Network) => directClient(service, network),
    close: () => service.close(),
  };
}

/** An SDK client of an engine in this process; nothing is signed or sent. */
export function directClient(
  service: Pick<ReturnType<typeof createDynamoDb>, "handle">,
  network: Network = (sent) => sent.run(),
): DynamoDBClient {
  async function run(headers: Record<string, string>, body: Uint8Array): Promise<Answer> {
    const req = Object.assign(new IncomingMessage(new Socket()), { headers });
    const answer: Answer = { statusCode: 0, headers: {}, body: new Uint8Array() };
    const res = Object.assign(new ServerResponse(req), {
      writeHead: (status: number) => {
        answer.statusCode = status;
      },
      end: (bytes: Buffer) => {
        answer.body = new Uint8Array(bytes);
      },
    });
    await service.handle(unsignedCall("dynamodb", { req, res, body: Buffer.concat([body]) }));
    return answer;
  }

  const requestHandler: DynamoDBClientConfig["requestHandler"] = {
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    async handle({ headers, body }: { headers: Record<string, string>; body: Uint8Array }) {
      const action = headers["x-amz-target"]?.split(".")[1] ?? "";
      return { response: await network({ action, run: () => run(headers, body) }) };
    },
  };
  return new DynamoDBClient({
    ...{ region: REGION, endpoint: "http://local", maxAttempts: 1, requestHandler },
    credentials: { accessKeyId: "model", secretAccessKey: "model" },
    signer: { sign: async (request) => request },
  });
}
