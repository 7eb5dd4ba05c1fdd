import { once } from "node:events";
import { createServer } from "node:net";

/** A loopback port that is free now, for a server that can't be told to take any. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the port has no number");
  return address.port;
}
