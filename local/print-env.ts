/** `npm run --silent env`: what examples and guides want in a shell, for `eval "$(npm run --silent env)"`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { readJsonFile } from "./data/read-json-file.ts";
import { folderId } from "./folder-id.ts";
import { isAlive } from "./is-alive.ts";
import { readStoredClient } from "./stored-client.ts";

const running = z.object({ apiUrl: z.url(), pid: z.number(), folder: z.string() });

const { data } = parseArgs({ options: { data: { type: "string", default: ".wharf" } } }).values;
const told = readJsonFile(join(data, "endpoint.json"), running, "Start the local cloud again");
const client = readStoredClient(join(data, "client.json"));
if (told === undefined || client === undefined || told.folder !== folderId(data) || !isAlive(told.pid)) {
  console.error(`No local cloud runs on ${data}: start one with npm start, and say its --data here too.`);
  process.exit(1);
}
const values = {
  WHARF_URL: told.apiUrl,
  WHARF_CLIENT_ID: client.client_id,
  WHARF_CLIENT_SECRET: client.client_secret,
};
// Files that somebody edited must not run as commands.
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
for (const [name, value] of Object.entries(values)) console.log(`export ${name}=${quoted(value)}`);
