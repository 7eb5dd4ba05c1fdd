/** The local DynamoDB without a network: the real SDK over the real engine, with a clock that only tests move. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type HttpRequest, HttpResponse } from "@smithy/core/protocols";
import { type CallTrace, type Clock, REGION } from "@wharf/local-cloud";
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

type Engine = Pick<ReturnType<typeof createDynamoDb>, "handle">;
/** As the SDK would send it. */
interface Request {
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** Asks the engine itself. What the call cost goes into `trace`. */
async function ask(service: Engine, { headers, body }: Request, trace?: CallTrace): Promise<Answer> {
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
  const call = unsignedCall("dynamodb", { req, res, body: Buffer.from(body) });
  await service.handle(trace === undefined ? call : { ...call, trace });
  return answer;
}

/**
 * An SDK client of a port, whose calls go to the engine behind it instead while `isPlain` says that nothing stands
 * between: a socket would take most of their time. Each has its trace, as the port's have.
 */
export function shortCutClient(
  config: DynamoDBClientConfig,
  {
    service,
    isPlain,
    arrived,
    now,
    onTrace,
  }: {
    service: Engine;
    isPlain: () => boolean;
    /** Resolves when late copies whose time has come have happened. */
    arrived: () => Promise<void>;
    now: () => number;
    onTrace: (trace: CallTrace) => void;
  },
): DynamoDBClient {
  const port = new DynamoDBClient(config);
  /** Requests that nothing stood before when they were to be signed: the engine asks for no signature. */
  const unsigned = new WeakMap<object, object | undefined>();
  const signer: DynamoDBClientConfig["signer"] = {
    async sign(request, options) {
      if (!isPlain()) return (await port.config.signer()).sign(request, options);
      unsigned.set(request, options);
      return request;
    },
  };
  const requestHandler: DynamoDBClientConfig["requestHandler"] = {
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy: () => port.destroy(),
    async handle(request: HttpRequest, options?: object) {
      if (!isPlain()) {
        const sent = unsigned.has(request)
          ? await (await port.config.signer()).sign(request, unsigned.get(request))
          : request;
        return port.config.requestHandler.handle(sent, options);
      }
      const action = request.headers["x-amz-target"]?.split(".")[1] ?? "";
      const startedAt = now();
      const trace = { service: "dynamodb", action, caller: "root", startedAt, endedAt: startedAt, status: 0 };
      // Others have their turn meanwhile, as they have while something is on a wire.
      await turn();
      await arrived();
      const response = await ask(service, { headers: request.headers, body: request.body }, trace);
      onTrace({ ...trace, endedAt: now(), status: response.statusCode });
      return { response: new HttpResponse(response) };
    },
  };
  return new DynamoDBClient({ ...config, signer, requestHandler });
}

/** An SDK client of an engine in this process; nothing is signed or sent. */
export function directClient(service: Engine, network: Network = (sent) => sent.run()): DynamoDBClient {
  const requestHandler: DynamoDBClientConfig["requestHandler"] = {
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    async handle({ headers, body }: { headers: Record<string, string>; body: Uint8Array }) {
      const action = headers["x-amz-target"]?.split(".")[1] ?? "";
      return { response: await network({ action, run: () => ask(service, { headers, body }) }) };
    },
  };
  return new DynamoDBClient({
    ...{ region: REGION, endpoint: "http://local", maxAttempts: 1, requestHandler },
    credentials: { accessKeyId: "model", secretAccessKey: "model" },
    signer: { sign: async (request) => request },
  });
}
