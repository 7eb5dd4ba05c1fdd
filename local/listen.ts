import type { Server } from "node:http";

export interface Listening {
  /** `http://<host>:<port>` */
  url: string;
  port: number;
  /** Ends connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Lets a server listen.
 *
 * @param port 0: a free one. @default 0
 * @param host @default "127.0.0.1"
 * @throws Error `EADDRINUSE` with the port.
 */
export async function listen(
  server: Server,
  { port = 0, host = "127.0.0.1" }: { port?: number | undefined; host?: string | undefined },
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the port has no number");
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
