import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const storedClient = z.object({ client_id: z.string(), client_secret: z.string() });
export type StoredClient = z.infer<typeof storedClient>;

/** The client that an earlier start wrote to `file`; `undefined` before the first. */
export function readStoredClient(file: string | undefined): StoredClient | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  return storedClient.parse(JSON.parse(readFileSync(file, "utf8")));
}
