/** `npm run --silent env`: what examples and guides want in a shell, for `eval "$(npm run --silent env)"`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findRunning } from "./endpoint-file.ts";
import { readStoredClient } from "./stored-client.ts";

// Files that somebody edited must not run as commands.
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

try {
  const { data } = parseArgs({ options: { data: { type: "string", default: ".wharf" } } }).values;
  const { apiUrl } = findRunning(data);
  const client = readStoredClient(join(data, "client.json"));
  if (apiUrl === undefined || client === undefined)
    throw new Error(`${data} lacks what a start writes there; stop the local cloud and start it again.`);
  const values = {
    WHARF_URL: apiUrl,
    WHARF_CLIENT_ID: client.client_id,
    WHARF_CLIENT_SECRET: client.client_secret,
  };
  for (const [name, value] of Object.entries(values)) console.log(`export ${name}=${quoted(value)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
