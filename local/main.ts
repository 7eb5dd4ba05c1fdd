/** `npm start`: Wharf on this machine, with no AWS account. */
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureAssembly } from "./assembly.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import type { makeFirstClient as MakeFirstClient } from "./first-client.ts";
import { greeting } from "./greeting.ts";
import { readStoredClient, type StoredClient } from "./stored-client.ts";
import { REGION } from "./types.ts";

const USAGE = `npm start -- [options]

  --port N     port of the API; the AWS services take the next one (default 4400)
  --data DIR   where files, table and queues are kept (default .wharf)
  --memory     keep nothing
  --help`;

/** A fault of the command line. */
class UsageError extends Error {}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: "string", default: "4400" },
        data: { type: "string", default: ".wharf" },
        memory: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_534) {
      throw new UsageError(
        `--port ${values.port} is no port; take one from 1 to 65534, or 0 for any two that are free`,
      );
    }
    return { port, dataDir: values.memory ? undefined : resolve(values.data), help: values.help };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Starts the cloud and prints how to use it. */
async function start({ port, dataDir }: { port: number; dataDir: string | undefined }): Promise<void> {
  const assembly = await ensureAssembly({
    onSynth: () => console.log("Building the app from its CDK stacks …"),
  });
  const cloud = await startCloud({ assembly, dataDir, apiPort: port, awsPort: port && port + 1 });
  stop = cloud.stop;
  const table = cloud.outputs["TableName"];
  if (table === undefined) throw new Error("the stacks have no output TableName");
  const file = dataDir && join(dataDir, "client.json");
  const client = readStoredClient(file) ?? (await makeClient(cloud, table, file));
  if (dataDir !== undefined) tellAdmin(cloud, table, dataDir);
  console.log(greeting({ apiUrl: cloud.apiUrl, awsUrl: cloud.awsUrl, dataDir, client }));
}

async function makeClient(...args: Parameters<typeof MakeFirstClient>): Promise<StoredClient> {
  // Loaded at the first start only: the AWS SDK takes longer than all the rest.
  const { makeFirstClient } = await import("./first-client.ts");
  return makeFirstClient(...args);
}

/** Leaves word for `npm run admin -- --local`, as long as the cloud runs. */
function tellAdmin({ awsUrl, rootCredentials }: Cloud, table: string, dataDir: string): void {
  const told = { awsUrl, region: REGION, table, credentials: rootCredentials };
  const file = join(dataDir, "endpoint.json");
  writeFileSync(file, JSON.stringify(told), { mode: 0o600 });
  process.once("exit", () => rmSync(file, { force: true }));
}

let stop = async () => {};

function onSignal(): void {
  const stopNow = stop;
  // A second Ctrl-C ends what hangs.
  stop = async () => process.exit(130);
  void stopNow().then(() => process.exit(0));
}

function explain(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error) {
    return `port ${error.port} is taken; stop what listens there, or choose another with npm start -- --port N`;
  }
  return error instanceof Error ? error.message : String(error);
}

process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else await start(options);
} catch (error) {
  console.error(
    error instanceof UsageError ? `${error.message}\n\n${USAGE}` : `Wharf can't start: ${explain(error)}`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}
