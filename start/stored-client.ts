import { readJsonFile } from "@wharf/local-cloud/data/read-json-file.ts";
import { z } from "zod";

const storedClient = z.object({ client_id: z.string().min(1), client_secret: z.string().min(1) });
export type StoredClient = z.infer<typeof storedClient>;

/** Name of the file that holds the printed client: one for each emulator, which may have been emptied since. */
export function clientFile(endpoint: string | undefined): string {
  return endpoint === undefined ? "client.json" : `client-${endpoint.replaceAll(/\W+/g, "-")}.json`;
}

/** The client that an earlier start wrote to `file`; `undefined` before the first. @throws Error where it is damaged */
export function readStoredClient(file: string | undefined): StoredClient | undefined {
  if (file === undefined) return undefined;
  return readJsonFile(
    file,
    storedClient,
    "Put it back from a backup, or delete it: the next start makes a new client, and the old one stays valid",
  );
}
