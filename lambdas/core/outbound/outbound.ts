/**
 * Requests to URLs that users gave: one POST, no redirects, no proxies, a deadline, and a bounded look at the answer.
 *
 * On node:http rather than on a client library: its parser is part of the runtime, so neither the delivery function
 * nor the API carries one, and the guard stands in `createConnection`, which every socket must pass.
 */
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { ErrorClass } from "./contract.ts";
import { type Connection, guardedConnect, messageOf, OutboundError } from "./guarded-connect.ts";
import { createGuard, EgressBlocked, type GuardOptions, type OutboundGuard } from "./outbound-guard.ts";

const MAX_HEADER_BYTES = 16_384;
const MAX_READ_BYTES = 16_384;
const MAX_KEPT_BYTES = 4_096;
/** A body is read for this long after the headers, which alone decide, and not past the deadline. */
const BODY_MS = 1_000;
/** Most servers close a kept connection after 5 s or more. */
const MAX_IDLE_MS = 4_000;
const MAX_IDLE_SOCKETS = 64;

export interface OutboundOptions extends GuardOptions {
  /** The whole attempt. @default 15,000 ms */
  timeoutMs?: number;
  /** Of which until connected. @default 5,000 ms */
  connectTimeoutMs?: number;
  /** Certificates to trust. @default Node's own list */
  ca?: string;
}

interface OutboundRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Connections are kept for the next request of the same endpoint only. */
  endpoint: string;
  /** Where that is less than the way out's own. */
  timeoutMs?: number | undefined;
}

/** What came of a request; durations in ms. Without `status` there is an `error_class`. */
interface Exchange {
  status?: number;
  headers?: IncomingHttpHeaders;
  /** The first 4 KiB of the body, never decompressed. */
  answer?: string;
  error_class?: ErrorClass;
  error?: string;
  /** Absent where a kept connection was used. */
  connection?: Connection;
  remote_ip?: string;
  first_byte_ms?: number;
  total_ms: number;
}

export interface Outbound {
  guard: OutboundGuard;
  /** Sends one POST. Never rejects: what went wrong is part of the result. */
  post(request: OutboundRequest): Promise<Exchange>;
  /** Closes kept connections. */
  close(): void;
}

/** The way out that a function's environment allows. */
export function outboundOf(env: {
  PUBLIC_URL: string;
  API_HOST: string;
  WHARF_ALLOW_LOOPBACK_HTTP?: "1" | undefined;
}): Outbound {
  return createOutbound({
    ownHosts: [new URL(env.PUBLIC_URL).hostname, env.API_HOST],
    allowLoopback: env.WHARF_ALLOW_LOOPBACK_HTTP === "1",
  });
}

/** Makes the one way out, with its guard. */
export function createOutbound({
  timeoutMs = 15_000,
  connectTimeoutMs = 5_000,
  ca,
  ...guardOptions
}: OutboundOptions): Outbound {
  const guard = createGuard(guardOptions);
  const connections = new WeakMap<Duplex, Connection>();
  const idleSince = new WeakMap<Duplex, number>();
  const agents = { "http:": prepare(new http.Agent(kept)), "https:": prepare(new https.Agent(kept)) };

  function prepare<A extends http.Agent>(agent: A): A {
    // Node's own types leave out that options of the request reach the agent.
    const own = {
      getName: nameOf,
      createConnection({ target, budgetMs }: Timed, done: (error: Error | null, socket?: Duplex) => void) {
        guardedConnect({ guard, url: target, timeoutMs: Math.min(connectTimeoutMs, budgetMs), ca }).then(
          ({ socket, connection }) => {
            connections.set(socket, connection);
            done(null, socket);
          },
          (error) => done(error),
        );
        return undefined;
      },
    };
    Object.assign(agent, own);
    // The clock on the wall: another may stand still while Lambda has frozen the environment.
    agent.on("free", (socket: Duplex) => idleSince.set(socket, Date.now()));
    return agent;
  }

  /** A connection that idled for long may have been closed by a network in between that tells nobody. */
  function dropStale(): void {
    for (const agent of Object.values(agents)) {
      for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
        if (Date.now() - (idleSince.get(socket) ?? 0) > MAX_IDLE_MS) socket.destroy();
      }
    }
  }

  async function post(request: OutboundRequest): Promise<Exchange> {
    const startedAt = performance.now();
    try {
      const target = guard.checkUrl(request.url);
      dropStale();
      const result = await exchange(target, request, startedAt);
      if (!result.unheard) return result.exchange;
      dropIdle(target, request.endpoint);
      return (await exchange(target, request, startedAt)).exchange;
    } catch (error) {
      const error_class = error instanceof EgressBlocked ? "egress_blocked" : "protocol";
      return { error_class, error: messageOf(error), total_ms: performance.now() - startedAt };
    }
  }

  /** The endpoint's next request goes by a new connection. */
  function dropIdle(target: URL, endpoint: string): void {
    for (const agent of Object.values(agents)) {
      for (const socket of agent.freeSockets[nameOf({ target, endpoint })] ?? []) socket.destroy();
    }
  }

  /**
   * Sends once. `unheard`: the kept connection ended before a byte of the answer, as where a receiver closes it at
   * the moment of the request (RFC 9112, 9.3.1). The caller sends again at once, by a new connection: if the request
   * was acted on after all, the receiver knows its id.
   */
  function exchange(
    target: URL,
    { headers, body, endpoint, timeoutMs: own = timeoutMs }: OutboundRequest,
    startedAt: number,
  ): Promise<{ exchange: Exchange; unheard: boolean }> {
    const ms = Math.min(own, timeoutMs);
    const https_ = target.protocol === "https:";
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: https_ ? agents["https:"] : agents["http:"],
      maxHeaderSize: MAX_HEADER_BYTES,
      target,
      endpoint,
      budgetMs: ms,
    };
    return new Promise((resolve) => {
      const req: ClientRequest = (https_ ? https : http).request(target, options);
      const deadline = setTimeout(
        () => {
          req.destroy(new OutboundError("timeout", `no answer within ${ms} ms`));
        },
        startedAt + ms - performance.now(),
      );
      let headersIn = false;
      let heard = false;
      const hear = () => {
        heard = true;
      };
      // Before the parser, which may find an error in the first bytes.
      req.on("socket", (socket) => socket.prependOnceListener("data", hear));
      const settle = (exchange: Exchange, unheard = false) => {
        clearTimeout(deadline);
        req.socket?.off("data", hear);
        resolve({ exchange, unheard });
      };
      const facts = () => {
        const connection = req.socket === null || req.reusedSocket ? undefined : connections.get(req.socket);
        const remote_ip = req.socket === null ? undefined : connections.get(req.socket)?.remote_ip;
        return {
          ...(connection === undefined ? {} : { connection }),
          ...(remote_ip === undefined ? {} : { remote_ip }),
          total_ms: performance.now() - startedAt,
        };
      };
      req.on("error", (error) => {
        if (headersIn) return;
        const { error_class, error: text } = describeFailure(error);
        const unheard = req.reusedSocket && !heard && error_class === "reset";
        settle({ ...facts(), error_class, error: text }, unheard);
      });
      const answered = async (res: IncomingMessage) => {
        // The headers decide; whatever happens to the body changes nothing.
        headersIn = true;
        clearTimeout(deadline);
        const first_byte_ms = performance.now() - startedAt;
        const timings = facts();
        const answer = await readAnswer(res, Math.min(BODY_MS, ms - first_byte_ms));
        settle({
          ...timings,
          status: res.statusCode,
          headers: res.headers,
          answer,
          first_byte_ms,
          total_ms: performance.now() - startedAt,
        });
      };
      req.on("response", answered);
      req.on("upgrade", (res, socket) => {
        socket.destroy();
        answered(res);
      });
      req.end(body);
    });
  }

  return {
    guard,
    post,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

interface Route {
  target: URL;
  endpoint: string;
}

/** A request's way through an agent. */
interface Timed extends Route {
  budgetMs: number;
}

/** Connections of one name serve each other's requests. */
const nameOf = ({ target, endpoint }: Route) => `${endpoint} ${target.origin}`;

const kept = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS };

/** Reads up to 16 KiB for up to `ms` and keeps 4 KiB. The connection can be kept only if that was all. */
async function readAnswer(res: IncomingMessage, ms: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => res.destroy(), ms);
  try {
    for await (const chunk of res) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_READ_BYTES) break; // leaving the loop destroys the stream and its socket
    }
  } catch {
    // Cut short by the other end or by the timer: what came is what is kept.
  } finally {
    clearTimeout(timer);
  }
  // A character that the limit cuts in half is left out.
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_KEPT_BYTES), { stream: true });
}

function describeFailure(error: Error): { error_class: ErrorClass; error: string } {
  if (error instanceof OutboundError) return { error_class: error.error_class, error: error.message };
  const code = "code" in error ? String(error.code) : "";
  const parser = code.startsWith("HPE_");
  return { error_class: parser ? "protocol" : "reset", error: messageOf(error) };
}
