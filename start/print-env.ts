/** `npm run --silent env`: what examples and guides want in a shell, for `eval "$(npm run --silent env)"`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findRunning } from "./endpoint-file.ts";
import { readStoredClient } from "./stored-client.ts";

const USAGE = `eval "$(npm run --silent env -- [options])"

  --data DIR   where the local cloud keeps its files (default .wharf)
  --help

Sets WHARF_URL, WHARF_CLIENT_ID and WHARF_CLIENT_SECRET in a shell: the address and the client that npm start printed.`;

/** A fault of the command line. */
class UsageError extends Error {}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: "string", default: ".wharf" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

// Files that somebody edited must not run as commands.
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function print(data: string): void {
  const running = findRunning(data);
  const client = readStoredClient(join(data, running.client));
  if (running.apiUrl === undefined || client === undefined)
    throw new Error(`${data} lacks what a start writes there; stop the local cloud and start it again.`);
  const values = {
    WHARF_URL: running.apiUrl,
    WHARF_CLIENT_ID: client.client_id,
    WHARF_CLIENT_SECRET: client.client_secret,
  };
  for (const [name, value] of Object.entries(values)) console.log(`export ${name}=${quoted(value)}`);
}

try {
  const { data, help } = readOptions(process.argv.slice(2));
  if (help) console.log(USAGE);
  else print(data);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${text}\n\n${USAGE}` : text);
  process.exitCode = isUsage ? 2 : 1;
}
