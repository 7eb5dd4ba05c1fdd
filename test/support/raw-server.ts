/** Servers below HTTP, for receivers that break its rules. */
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";

export interface RawServer {
  url: string;
  close(): Promise<void>;
}

/** Does what it wants with each connection. */
export async function startRawServer(onConnection: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  return {
    url,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Answers every request over TLS with 200 `secure`. */
export async function startTlsServer({ key, cert }: { key: string; cert: string }): Promise<RawServer> {
  const server = createHttpsServer({ key, cert }, (req, res) => {
    req.resume();
    res.end("secure");
  });
  const url = `https://127.0.0.1:${await listen(server)}/`;
  return {
    url,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function listen(server: Pick<Server, "listen" | "address">): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
