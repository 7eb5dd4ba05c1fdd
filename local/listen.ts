import type { Server } from "node:http";
import { createServer, type Server as NetServer } from "node:net";

export interface Listening {
  /** `http://<name>:<port>` */
  url: string;
  port: number;
  /** The loopback addresses that it listens on: `127.0.0.1`, and `::1` where the machine has IPv6. */
  addresses: string[];
  /** Takes no more connections, and closes those that are idle. */
  refuse(): void;
  /** Ends connections and stops listening. */
  close(): Promise<void>;
}

/** What a machine without IPv6 says of `::1`. */
const NO_IPV6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];
/** Free ports of 127.0.0.1 that are tried until `::1` has the same one free. */
const TRIES = 20;

/**
 * Lets a server listen on both loopback addresses, at one port: `localhost` leads to either.
 *
 * @param port 0: one that is free on both. @default 0
 * @param name host in `url`. @default "127.0.0.1"
 * @throws Error `EADDRINUSE` with the port.
 */
export async function listen(
  server: Server,
  { port = 0, name = "127.0.0.1" }: { port?: number | undefined; name?: "127.0.0.1" | "localhost" },
): Promise<Listening> {
  // A Server of Node listens once; Node's documentation has others hand it connections by this event.
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    server.emit("connection", socket),
  );
  const { number, hasBoth } = await bindBoth(server, second, port);
  let closed: Promise<unknown> | undefined;
  const refuse = () => {
    closed ??= Promise.all([server, second].map((each) => new Promise((resolve) => each.close(resolve))));
  };
  return {
    url: `http://${name}:${number}`,
    port: number,
    addresses: hasBoth ? ["127.0.0.1", "::1"] : ["127.0.0.1"],
    refuse,
    async close() {
      refuse();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bindBoth(first: NetServer, second: NetServer, port: number) {
  for (let tries = 1; ; tries++) {
    const number = await bind(first, port, "127.0.0.1");
    try {
      await bind(second, number, "::1");
      return { number, hasBoth: true };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (NO_IPV6.includes(code)) return { number, hasBoth: false };
      await new Promise((resolve) => first.close(resolve));
      if (port !== 0 || code !== "EADDRINUSE" || tries === TRIES) throw error;
    }
  }
}

/** Listens and returns the port. */
async function bind(server: NetServer, port: number, address: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the port has no number");
  return bound.port;
}
