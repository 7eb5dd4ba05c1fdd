/** Somebody's endpoint: keeps what arrives and answers as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  /** Number of the connection that it came by. */
  connection: number;
  /** The status of its answer, once it has one. */
  answered?: number;
  /** Who sent it waits no more: it was answered, or given up. */
  over?: true;
}

export type Behaviour = (
  res: ServerResponse,
  received: Received,
  req: IncomingMessage,
) => void | Promise<void>;

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

const succeed: Behaviour = (res) => void res.writeHead(204).end();

/**
 * Listens on a free loopback port. Answers 204 until told otherwise.
 *
 * @param onPing how it answers the pings that each endpoint is sent first; most stories begin after that.
 * @param onArrival hears of each request before it is answered.
 */
export async function startReceiver(
  behaviour: Behaviour = succeed,
  onPing: Behaviour = succeed,
  onArrival: (one: Received) => void = () => {},
) {
  const received: Received[] = [];
  const pings: Received[] = [];
  const connections = new Map<unknown, number>();
  const waiting = new Set<() => void>();
  let answer = behaviour;
  let answerPing = onPing;
  const server = createServer(async (req, res) => {
    req.on("error", () => {});
    const body = (await buffer(req)).toString("utf8");
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    );
    const one: Received = {
      path: req.url ?? "",
      headers,
      body,
      connection: connections.get(req.socket) ?? 0,
    };
    res.on("finish", () => {
      one.answered = res.statusCode;
    });
    res.on("close", () => {
      one.over = true;
    });
    const isPing = headers["x-event-type"] === "ping";
    (isPing ? pings : received).push(one);
    onArrival(one);
    for (const check of waiting) check();
    await (isPing ? answerPing : answer)(res, one, req);
  });
  server.on("connection", (socket) => {
    connections.set(socket, connections.size + 1);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;

  return {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    /** What came, but for the pings that are sent to each endpoint first. */
    received,
    pings,
    /** Connections that it has seen. */
    connections: () => connections.size,
    /** Changes how it answers from now on. */
    behave(next: Behaviour) {
      answer = next;
    },
    behaveForPings(next: Behaviour) {
      answerPing = next;
    },
    /** Resolves once `count` requests (that `match`) are there, with them. */
    async until(
      count: number,
      match: (one: Received) => boolean = () => true,
      among: readonly Received[] = received,
    ): Promise<Received[]> {
      return await new Promise((resolve) => {
        const check = () => {
          const found = among.filter(match);
          if (found.length < count) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
