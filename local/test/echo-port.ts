/** An AWS port with services that say what reached them, for tests of the port itself. */
import { once } from "node:events";
import { request } from "node:http";
import type { Clock } from "../clock.ts";
import { createClock } from "../clock.ts";
import type { Credentials } from "../credentials.ts";
import { createCredentials } from "../credentials.ts";
import type { Listening } from "../listen.ts";
import type { AwsServerOptions } from "../server.ts";
import { createAwsServer } from "../server.ts";
import type { AwsCall, AwsService, CallTrace } from "../types.ts";
import { sendJson } from "../wire.ts";

/** A request exactly as it goes over the wire. */
export interface RawRequest {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Sends a request with no client's help, to be able to send what no client would. */
export function send(
  url: string,
  { path, method = "GET", headers = {}, body = "" }: RawRequest,
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, path, headers }, async (res) => {
      let text = "";
      for await (const chunk of res) text += chunk;
      resolve({ status: res.statusCode ?? 0, text, headers: res.headers });
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Code of an AWS error, in XML or JSON. */
export function errorCode(text: string): string {
  return /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? String(JSON.parse(text).__type).replace(/.*#/, "");
}

/** Changes the last character of a text. */
export function flip(text: string): string {
  return text.replace(/.$/, (char) => (char === "0" ? "1" : "0"));
}

export interface EchoPort extends AsyncDisposable {
  clock: Clock;
  credentials: Credentials;
  server: Listening;
  traces: CallTrace[];
  /** Calls that reached a service, with the bytes of their bodies. */
  seen: { call: AwsCall; body: Buffer }[];
}

/** Starts a port whose `s3` and JSON services answer 200 to everything. */
export async function echoPort(options: Partial<AwsServerOptions> = {}): Promise<EchoPort> {
  const clock = createClock();
  const credentials = createCredentials({ clock, dir: undefined });
  const traces: CallTrace[] = [];
  const seen: EchoPort["seen"] = [];
  const echo = (scope: string): AwsService => ({
    scope,
    async handle(call) {
      const chunks: Buffer[] = [];
      call.proceed();
      if (!call.body) for await (const chunk of call.req) chunks.push(chunk);
      seen.push({ call, body: call.body ?? Buffer.concat(chunks) });
      if (scope === "s3") {
        call.res.end();
        await once(call.res, "close");
      } else sendJson(call.res, {});
    },
    async close() {},
  });
  const server = await createAwsServer({
    clock,
    credentials,
    services: ["s3", "dynamodb", "sqs", "events"].map(echo),
    iam: { authorize() {} },
    onTrace: (trace) => traces.push(trace),
    ...options,
  });
  return {
    clock,
    credentials,
    server,
    traces,
    seen,
    async [Symbol.asyncDispose]() {
      await server.close();
      clock.stop();
    },
  };
}
