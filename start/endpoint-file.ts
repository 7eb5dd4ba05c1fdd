/** `endpoint.json`: how the commands beside a local cloud find the one that uses a folder. */
import { join } from "node:path";
import { readJsonFile } from "@wharf/local-cloud/data/read-json-file.ts";
import { folderId } from "@wharf/local-cloud/folder-id.ts";
import { isAlive } from "@wharf/local-cloud/is-alive.ts";
import * as z from "zod";

const endpoint = z.object({
  /** Origin of the API. */
  apiUrl: z.url().optional(),
  awsUrl: z.url(),
  region: z.string(),
  table: z.string(),
  /** File beside this one that holds the client that was printed. */
  client: z.string().default("client.json"),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  /** Of the process that wrote it, and of the folder that it uses. */
  pid: z.number().optional(),
  folder: z.string().optional(),
});
export type Endpoint = z.infer<typeof endpoint>;

export const endpointFile = (dataDir: string) => join(dataDir, "endpoint.json");

/** The cloud that uses a folder. @throws Error saying how to start one, where there is none or the file is damaged */
export function findRunning(dataDir: string): Endpoint {
  const told = readJsonFile(endpointFile(dataDir), endpoint, "Remove it, and start the local cloud again");
  if (told === undefined) throw new Error(`No local cloud runs on ${dataDir}. Start one with npm start.`);
  // A copy of a folder in use leads to the cloud of the original; one that was killed to whoever has its port now.
  if (told.folder !== folderId(dataDir) || !isAlive(told.pid ?? 0)) {
    throw new Error(
      `No local cloud runs on ${dataDir}: its endpoint.json was copied from another folder, or left by a cloud that was killed. Start one with npm start -- --data ${dataDir}.`,
    );
  }
  return told;
}
