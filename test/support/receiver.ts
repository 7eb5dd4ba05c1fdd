import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it came, body unparsed. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Receiver extends AsyncDisposable {
  url: string;
  /** Oldest first. */
  requests: Received[];
  /** Events of the type `type` (any where it isn't said), parsed. */
  events(type?: string): Record<string, unknown>[];
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** How to answer: a status, with headers where they matter. @default 204 */
  answer?: (request: Received) => { status: number; headers?: Record<string, string> };
  /** @default 0, a free one */
  port?: number;
}

/** Listens on loopback for webhooks and keeps every request. */
export async function startReceiver({ answer, port = 0 }: ReceiverOptions = {}): Promise<Receiver> {
  const requests: Received[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const { method = "", url = "", headers } = req;
      const request = { method, path: url, headers, body: Buffer.concat(chunks) };
      requests.push(request);
      const { status, headers: extra } = answer?.(request) ?? { status: 204 };
      res.writeHead(status, extra).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    requests,
    events: (type) =>
      requests
        .filter(({ headers }) => type === undefined || headers["x-event-type"] === type)
        .map(({ body }) => JSON.parse(body.toString())),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
