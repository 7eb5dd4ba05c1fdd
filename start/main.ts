/** `npm start`: Wharf on this machine, with no AWS account. */
import { renameSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Answered, type Cloud, REGION } from "@wharf/local-cloud";
import { ownFolder } from "@wharf/local-cloud/data/own-folder.ts";
import { readRunState } from "@wharf/local-cloud/data/run-state.ts";
import { isDiskFull } from "@wharf/local-cloud/data/sqlite-error.ts";
import { folderId } from "@wharf/local-cloud/folder-id.ts";
import { listen } from "@wharf/local-cloud/listen.ts";
import { replaceFile } from "@wharf/local-cloud/replace-file.ts";
import { ensureAssembly } from "./assembly.ts";
import { type Endpoint, endpointFile } from "./endpoint-file.ts";
import type { makeFirstClient as MakeFirstClient } from "./first-client.ts";
import { greeting } from "./greeting.ts";
import { newClientNote } from "./new-client-note.ts";
import { requestLine } from "./request-line.ts";
import { startWharf } from "./start-wharf.ts";
import { clientFile, readStoredClient, type StoredClient } from "./stored-client.ts";

const USAGE = `npm start -- [options]

  --port N     port of the API; the AWS services take the next one (default 4400)
  --data DIR   where files, table and queues are kept (default .wharf)
  --memory     keep nothing
  --quiet      no line for each request
  --endpoint URL  S3, DynamoDB, SQS and EventBridge of an AWS emulator (LocalStack, moto …) there instead of the
               ones in this process (default: AWS_ENDPOINT_URL, where it is set)
  --help`;

/** How long calls that run have to end after Ctrl-C or SIGTERM. */
const GRACE_MS = 5_000;
/** npm passes on the Ctrl-C that the terminal has sent to all: within this time the two are one. */
const ECHO_MS = 500;
const STOPPING = `Stopping: calls that run have ${GRACE_MS / 1_000} s to end. Ctrl-C again ends them at once.`;

/** A fault of the command line. */
class UsageError extends Error {}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: "string", default: "4400" },
        data: { type: "string" },
        memory: { type: "boolean", default: false },
        quiet: { type: "boolean", default: false },
        endpoint: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_534) {
      throw new UsageError(
        `--port ${values.port} is no port; take one from 1 to 65534, or 0 for any two that are free`,
      );
    }
    if (values.memory && values.data !== undefined) {
      throw new UsageError(
        `--memory keeps nothing and --data ${values.data} keeps it there: take one of the two`,
      );
    }
    const dataDir = values.memory ? undefined : resolve(values.data ?? ".wharf");
    const endpoint = originOf(values.endpoint ?? process.env["AWS_ENDPOINT_URL"]);
    return { port, dataDir, endpoint, isQuiet: values.quiet, help: values.help };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Checks the address of an emulator; "" is none, as AWS's own tools have it. */
function originOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || endpoint === "") return undefined;
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/") return url.origin;
  throw new UsageError(`${endpoint} is no endpoint; take an origin such as http://127.0.0.1:4566`);
}

interface StartOptions {
  port: number;
  dataDir: string | undefined;
  endpoint: string | undefined;
  /** No line for each request. */
  isQuiet: boolean;
}

/** Starts the cloud and prints how to use it. */
async function start({ port, dataDir, endpoint, isQuiet }: StartOptions): Promise<void> {
  // What SQLite and others make is the user's alone too, whatever the shell's umask.
  process.umask(0o077);
  const tightened = dataDir === undefined ? [] : ownFolder(dataDir);
  const file = dataDir && join(dataDir, clientFile(endpoint));
  // Before anything else: where the file is damaged, nothing has begun that would have to end.
  const stored = readStoredClient(file);
  const isLost = stored === undefined && dataDir !== undefined && readRunState(dataDir) !== undefined;
  const assembly = await ensureAssembly({
    onSynth: () => console.log("Building the app from its CDK stacks …"),
  });
  const ports = { apiPort: port, awsPort: port && port + 1 };
  // What the start asks of its own API is no request of the user's.
  let isReady = false;
  const onAnswer = (answered: Answered) => isReady && console.log(requestLine(answered));
  const cloud = await startWharf({
    assembly,
    dataDir,
    endpoint,
    ...ports,
    onAnswer: isQuiet ? undefined : onAnswer,
  }).catch(async (error) => {
    throw await namePorts(error, ports);
  });
  running = cloud;
  const table = cloud.outputs["TableName"];
  if (table === undefined) throw new Error("the stacks have no output TableName");
  const isUsable = stored !== undefined && (await isKnown(cloud.apiUrl, stored));
  const why = isUsable ? undefined : whyNew(file, { isRefused: stored !== undefined, isLost });
  const client = isUsable ? stored : await makeClient(cloud, table, file);
  if (dataDir !== undefined) tellCommands(cloud, { table, dataDir, client: clientFile(endpoint) });
  console.log(
    greeting({
      apiUrl: cloud.apiUrl,
      awsUrl: cloud.awsUrl,
      dataDir,
      isExternal: endpoint !== undefined,
      notes: [
        ...tightened,
        ...cloud.notes,
        ...(why === undefined ? [] : [newClientNote(why, { dataDir, endpoint })]),
      ],
      client,
    }),
  );
  isReady = true;
}

/** Why the client isn't that of the last start; one that the API refuses is put aside. */
function whyNew(
  file: string | undefined,
  { isRefused, isLost }: { isRefused: boolean; isLost: boolean },
): string | undefined {
  if (file === undefined) return undefined;
  if (!isRefused) return isLost ? `${file} was missing` : undefined;
  renameSync(file, `${file}.refused`);
  return `${file} held a client that isn't known here, or another secret than its own, and is ${file}.refused now`;
}

/** Whether the API gives it a token; an answer that says nothing of it doesn't count against it. */
async function isKnown(apiUrl: string, client: StoredClient): Promise<boolean> {
  const answer = await fetch(`${apiUrl}/v1/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(client),
  });
  return answer.status !== 401;
}

async function makeClient(...args: Parameters<typeof MakeFirstClient>): Promise<StoredClient> {
  // Loaded at the first start only: the AWS SDK takes longer than all the rest.
  const { makeFirstClient } = await import("./first-client.ts");
  return makeFirstClient(...args);
}

/** Leaves word for `npm run admin -- --local` and `npm run env`, as long as the cloud runs. */
function tellCommands(
  { apiUrl, awsUrl, rootCredentials }: Cloud,
  { table, dataDir, client }: { table: string; dataDir: string; client: string },
): void {
  const folder = folderId(dataDir);
  const told: Endpoint = {
    apiUrl,
    awsUrl,
    region: REGION,
    table,
    client,
    credentials: rootCredentials,
    pid: process.pid,
    folder,
  };
  const file = endpointFile(dataDir);
  replaceFile(file, JSON.stringify(told));
  process.once("exit", () => {
    // Another folder may have taken the place of one that was moved.
    if (folderId(dataDir) === folder) rmSync(file, { force: true });
  });
}

let running: Cloud | undefined;
/** `performance.now()` of the signal that ends it. */
let endsSince: number | undefined;

function onSignal(): void {
  const now = performance.now();
  if (endsSince === undefined) {
    endsSince = now;
    void end().then(
      () => process.exit(0),
      (error) => fail(`Wharf didn't end in good order: ${explain(error)}`),
    );
  } else if (now - endsSince > ECHO_MS) process.exit(130);
}

async function end(): Promise<void> {
  const told = setTimeout(() => console.log(STOPPING), ECHO_MS);
  await running?.drain(GRACE_MS);
  clearTimeout(told);
  await running?.stop();
}

/** Says of the ports that are taken what they are for: of the two, the user chose one. Any other error is as it was. */
async function namePorts(
  error: unknown,
  { apiPort, awsPort }: { apiPort: number; awsPort: number },
): Promise<unknown> {
  if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error))
    return error;
  const uses = [
    [apiPort, "for the API"],
    [awsPort, `for S3 and the other AWS services (the one after --port ${apiPort})`],
  ] as const;
  // The start met one of them; where another Wharf runs, the other is taken too.
  const taken: string[] = [];
  for (const [port, use] of uses) {
    if (port === error.port || (await isTaken(port))) taken.push(`port ${port}, ${use}, is taken`);
  }
  return new Error(
    `${taken.join(", and ")}; stop what listens there, or choose another pair with npm start -- --port N`,
    { cause: error },
  );
}

async function isTaken(port: number): Promise<boolean> {
  try {
    await (await listen(createServer(), { port })).close();
    return false;
  } catch {
    return true;
  }
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}

function explain(error: unknown): string {
  if (error instanceof Error && isDiskFull(error)) {
    return `the disk is full (${error.message}); free some space, or choose another directory with npm start -- --data DIR`;
  }
  return error instanceof Error ? error.message : String(error);
}

process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
process.on("SIGHUP", onSignal);
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
