import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ErrorClass } from "./contract.ts";
import { EgressBlocked, type OutboundGuard } from "./outbound-guard.ts";

/** How a connection came about; durations in ms. */
export interface Connection {
  dns_ms: number;
  connect_ms: number;
  tls_ms: number | null;
  remote_ip: string;
}

/** A connection or request that failed, with the stage it failed in. */
export class OutboundError extends Error {
  readonly error_class: ErrorClass;
  constructor(error_class: ErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OutboundError";
    this.error_class = error_class;
  }
}

export interface ConnectOptions {
  guard: OutboundGuard;
  url: URL;
  /** For name, TCP and TLS together. */
  timeoutMs: number;
  /** Certificates to trust. @default Node's own list */
  ca?: string | undefined;
}

/**
 * Connects to a checked address of the URL's host, trying each in turn, and looks at where it got.
 *
 * @throws OutboundError
 */
export async function guardedConnect({
  guard,
  url,
  timeoutMs,
  ca,
}: ConnectOptions): Promise<{ socket: Socket; connection: Connection }> {
  const startedAt = performance.now();
  const deadline = startedAt + timeoutMs;
  const addresses = await inStage("dns", before(deadline, guard.addressesOf(url)));
  const resolvedAt = performance.now();
  const tcp = await dial(url, addresses, deadline);
  const connectedAt = performance.now();
  try {
    // One that has been reset by now has none.
    if (tcp.remoteAddress === undefined)
      throw new OutboundError("reset", "the connection was closed as soon as it was there");
    const remote_ip = guard.checkAddress(url, tcp.remoteAddress);
    const facts = { dns_ms: resolvedAt - startedAt, connect_ms: connectedAt - resolvedAt, remote_ip };
    if (url.protocol === "http:") return { socket: tcp, connection: { ...facts, tls_ms: null } };
    const socket = await inStage("tls", secure(url, tcp, deadline, ca));
    return { socket, connection: { ...facts, tls_ms: performance.now() - connectedAt } };
  } catch (error) {
    tcp.destroy();
    throw asOutboundError("connect", error);
  }
}

async function dial(
  url: URL,
  addresses: readonly { address: string; family: number }[],
  deadline: number,
): Promise<Socket> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  let failure: unknown;
  for (const [index, { address, family }] of addresses.entries()) {
    // An IP literal: Node asks no resolver again between the check and the connection.
    const socket = connectTcp({ host: address, port, family, noDelay: true });
    // An address that swallows everything must leave time for those after it.
    const now = performance.now();
    const share = now + (deadline - now) / (addresses.length - index);
    try {
      await before(share, opened(socket, "connect"));
      return socket;
    } catch (error) {
      socket.destroy();
      failure = error;
    }
  }
  throw asOutboundError("connect", failure);
}

async function secure(url: URL, tcp: Socket, deadline: number, ca: string | undefined): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const socket = connectTls({
    socket: tcp,
    host,
    // RFC 6066, 3: an IP address is no server name.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ALPNProtocols: ["http/1.1"],
    ...(ca === undefined ? {} : { ca }),
  });
  await before(deadline, opened(socket, "secureConnect"));
  return socket;
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      socket.off("error", failed).off("close", closed);
      end();
    };
    const failed = (error: Error) => settle(() => reject(error));
    const closed = () => settle(() => reject(new Error("the connection was closed")));
    socket.once("error", failed).once("close", closed);
    socket.once(event, () => settle(resolve));
  });
}

/** What `work` gives, or a timeout at `deadline` (by `performance.now()`). */
async function before<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new OutboundError("timeout", "no connection in time"));
    timer = setTimeout(late, Math.max(0, deadline - performance.now()));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

async function inStage<T>(stage: ErrorClass, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asOutboundError(stage, error);
  }
}

function asOutboundError(stage: ErrorClass, error: unknown): OutboundError {
  if (error instanceof OutboundError) return error;
  if (error instanceof EgressBlocked)
    return new OutboundError("egress_blocked", error.message, { cause: error });
  const reset =
    stage === "connect" && error instanceof Error && "code" in error && error.code === "ECONNRESET";
  return new OutboundError(reset ? "reset" : stage, messageOf(error), { cause: error });
}

/** An error in words; Node's own messages may be empty where they gather others. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return error.message || code || error.name;
}
