/** An AWS account in this process, made from the synthesized template. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Answered } from "./answered.ts";
import { createRestApi } from "./apigateway/model.ts";
import { createApiServer } from "./apigateway/server.ts";
import { type Clock, createClock } from "./clock.ts";
import { nameDamage } from "./data/check-folder.ts";
import { isCorrupt } from "./data/sqlite-error.ts";
import { type FolderWatch, watchFolder } from "./data/watch-folder.ts";
import { startEmbedded } from "./embedded.ts";
import type { FaultHook } from "./faults.ts";
import type { Hints } from "./hints.ts";
import type { Grant, Iam } from "./iam/iam.ts";
import { waitUntilIdle } from "./idle.ts";
import type { ClockOffset } from "./lambda/clock-offsets.ts";
import { createEventSources } from "./lambda/event-sources.ts";
import type { FunctionConfig } from "./lambda/function.ts";
import { createLogs, type Logs } from "./lambda/logs.ts";
import { createLambda } from "./lambda/service.ts";
import { localUrls } from "./local-urls.ts";
import { lockDirectory, signDirectory } from "./lock-file.ts";
import { machineNotes } from "./machine-notes.ts";
import { connectionLimit, openFileLimit } from "./open-files.ts";
import type { ServiceHooks, Services } from "./services.ts";
import { provision } from "./template/provision.ts";
import { type Account, provisioners } from "./template/provisioners/all.ts";
import { readStacks } from "./template/stacks.ts";
import { ACCOUNT, AwsError, type CallTrace, type Principal } from "./types.ts";

/** Long enough for a burst, short enough to tell a client early. */
const MAX_WAIT_MS = 3_000;

export interface CloudOptions {
  /** Directory of a cloud assembly, as `cdk synth` writes it. */
  assembly: string;
  /** Where state is kept. @default memory */
  dataDir?: string | undefined;
  /** Port of the API; 0: a free one. @default 0 */
  apiPort?: number;
  /** Port of the AWS services; 0: a free one. @default 0 */
  awsPort?: number;
  /** Origin of an AWS emulator whose services are used instead of the ones in this process. */
  endpoint?: string | undefined;
  /** @default a new clock, stopped with the cloud */
  clock?: Clock;
  /** Environments per function where the template reserves no concurrency. @default two per core, at least 4 */
  maxEnvironments?: number;
  /** Real milliseconds for which a call of the API waits while all environments of its function are busy. @default 3000 */
  maxWaitMs?: number;
  /** Connections at once on each of the two ports. @default by the limit of open files */
  maxConnections?: number;
  /** Hears of every request to the API once it is over. */
  onAnswer?: ((answered: Answered) => void) | undefined;
  /** Hears of every AWS call once it has ended. */
  onTrace?: (trace: CallTrace) => void;
  /** What only the app knows of damage that a start finds. */
  hints?: Hints | undefined;
  /** Variables for every function, on top of the template's; `undefined` takes one away. */
  extraEnv?: Record<string, string | undefined>;
}

export interface Cloud {
  /** Origin of the API, without the stage. */
  apiUrl: string;
  /** The loopback addresses at which the API listens. */
  apiAddresses: string[];
  /** Endpoint of the AWS services. */
  awsUrl: string;
  rootCredentials: { accessKeyId: string; secretAccessKey: string };
  /** What the start found that its user should know: damage that didn't stop it (also in the log), and what the machine lacks. */
  notes: readonly string[];
  /** Outputs of the stacks by name. */
  outputs: Record<string, string>;
  clock: Clock;
  /** Moves every part's time forward by `ms`. */
  advance(ms: number): void;
  /** AWS calls since the start or `clearTraces`, oldest first; the last 100,000. */
  traces(): CallTrace[];
  clearTraces(): void;
  /** What each statement of each role let through. */
  iamUsage(): Grant[];
  /** Asks the account's policies, as a call would. @throws AwsError AccessDenied */
  authorize: Iam["authorize"];
  /** Lets AWS calls fail by a plan; `undefined` ends that. */
  setFaults(hook: FaultHook | undefined): void;
  /** Copies of calls that faults let arrive late. */
  late: Services["late"];
  /** From now on DynamoDB knows what was, for so many milliseconds of the cloud's time: the fault `staleMs` needs it. */
  keepHistory(ms: number): void;
  logs: Logs;
  /** Runs the one function whose logical id begins with `prefix`. */
  invoke(prefix: string, payload: unknown): Promise<{ payload: unknown; functionError?: "Unhandled" }>;
  /** Ends a Lambda environment (as named in traces and fault calls) at once, as a crash would. */
  killEnvironment(id: string): Promise<boolean>;
  /**
   * Sets by how many milliseconds the clock of a function's environments is ahead, from now on: of each alike, or of
   * its nth one by a function. `prefix` is as in `invoke`. Clocks of AWS's machines differ by seconds at most.
   * @default 0
   */
  setClockOffset(prefix: string, offset: ClockOffset): void;
  /**
   * Resolves when nothing more happens unless time passes or somebody calls: no invocation runs, no queue with a
   * consumer has visible messages, no stream record is unread.
   * @throws Error naming what is still at work after `timeoutMs` (real milliseconds; default 20,000).
   */
  waitForIdle(options?: { timeoutMs?: number }): Promise<void>;
  /**
   * Lets what runs end: nothing new is taken, API calls that run on after `ms` (real milliseconds) are answered 503,
   * and messages of batches that do are visible at the next start. `stop` comes next.
   */
  drain(ms: number): Promise<void>;
  /** Ends everything; state stays where `dataDir` says. */
  stop(): Promise<void>;
}

/**
 * Starts the account: services, then what the template describes, then the API and what polls.
 * @throws Error when the template holds something unknown, a port is taken, or the data directory is in use or damaged.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  try {
    return await startAccount(options);
  } catch (error) {
    // What was read first may not say which file it was read from.
    if (options.dataDir !== undefined && isCorrupt(error)) nameDamage(options.dataDir, options.hints);
    throw error;
  }
}

async function startAccount(options: CloudOptions): Promise<Cloud> {
  const { dataDir: dir, maxEnvironments = Math.max(4, 2 * availableParallelism()), extraEnv = {} } = options;
  const { maxWaitMs = MAX_WAIT_MS, maxConnections = connectionLimit(openFileLimit()) } = options;
  // Ends what has started where the start fails.
  await using started = new AsyncDisposableStack();
  if (dir !== undefined) started.defer(lockDirectory(dir));
  const stacks = readStacks(options.assembly);
  const clock = options.clock ?? createClock({ onError: (error) => log("clock", said(error)) });
  if (!options.clock) started.defer(clock.stop);
  let hasRoom = () => true;
  const logs = createLogs({ file: dir && join(dir, "log.jsonl"), hasRoom: () => hasRoom() });
  started.defer(logs.flush);
  const log = (origin: string, text: string, requestId?: string) =>
    logs.write({ time: clock.now(), function: origin, requestId, text });

  const roles: Account["roles"] = new Map();
  const streams: Account["streams"] = new Map();
  const apis: Account["apis"] = [];
  let apiUrl = "";

  const hooks: ServiceHooks = {
    invokeLambda(functionArn, payload, ruleArn) {
      if (!lambda.allows(functionArn, "events.amazonaws.com", ruleArn)) {
        throw new AwsError(
          "AccessDeniedException",
          `No permission lets ${ruleArn} invoke ${functionArn}`,
          403,
        );
      }
      lambda.invokeAsync(functionArn, payload);
    },
    invocationOf(environment) {
      const invocation = lambda.invocationOf(environment);
      return invocation && (invocation.cause ?? invocation.requestId);
    },
    log,
  };
  let watch: FolderWatch | undefined;
  const loss = () => watch?.loss();
  const services = await startServices(options, { clock, maxConnections, hooks, loss });
  started.defer(services.close);
  if (dir !== undefined) {
    signDirectory(dir);
    watch = watchFolder(dir, (text) => console.error(`\n${text}`));
    started.defer(watch.stop);
  }
  hasRoom = services.hasRoom;
  for (const note of services.notes) log("data", note);
  const { awsUrl, iam } = services;

  function roleOf(roleArn: string, session: string): Principal {
    const role = roles.get(roleArn);
    if (!role) throw new Error(`${roleArn} is no role that Lambda may assume`);
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${session}`;
    return { kind: "role", arn, role: role.logicalId };
  }
  const authorizeRole = (roleArn: string, session: string, action: string, resource: string) =>
    iam.authorize(roleOf(roleArn, session), action, resource, { "aws:securetransport": "true" });

  const lambda = createLambda({
    clock,
    logs,
    maxEnvironments,
    maxWaitMs,
    envFor: (config) =>
      defined({
        ...localUrls(config.env, apis, apiUrl),
        AWS_ENDPOINT_URL: awsUrl,
        ...extraEnv,
      }),
    credentialsFor: ({ roleArn, name }, environment) =>
      services.issue({ ...roleOf(roleArn, name), environment }),
    async sendToQueue(queueArn, body, roleArn) {
      try {
        authorizeRole(roleArn, "lambda", "sqs:SendMessage", queueArn);
        await services.sqs.send(queueArn, body);
      } catch (error) {
        log("lambda", `${queueArn} got no failed event: ${said(error)}`);
      }
    },
  });
  const eventSources = createEventSources({
    clock,
    sqs: services.sqs,
    dynamodb: services.dynamodb,
    lambda,
    tableOfStream(arn) {
      const table = streams.get(arn);
      if (table === undefined) throw new Error(`${arn} is no stream of a table in the template`);
      return table;
    },
    authorize(functionArn, action, resource) {
      const { roleArn, name } = lambda.function(functionArn);
      authorizeRole(roleArn, name, action, resource);
    },
    onError: (reason) => log("event-sources", reason),
  });
  const account = { ...services, lambda, eventSources, roles, streams, apis };
  const { outputs } = await provision(stacks, provisioners(account));

  // Without an API every path is as one that none has.
  const [api = createRestApi("none", "none"), ...others] = apis;
  if (others.length > 0)
    throw new Error(`the template has ${apis.length} REST APIs; the local cloud serves one`);
  const apiServer = await createApiServer({
    api,
    functions: lambda,
    clock,
    port: options.apiPort ?? 0,
    maxConnections,
    outage: loss,
    onError: (requestId, reason) => log("api-gateway", reason, requestId),
    onAnswer: options.onAnswer,
  });
  started.defer(apiServer.close);
  apiUrl = apiServer.url;
  started.defer(() => lambda.stop());
  eventSources.start();
  started.defer(eventSources.stop);
  services.begin();
  const running = started.move();

  return {
    apiUrl,
    apiAddresses: apiServer.addresses,
    awsUrl,
    rootCredentials: services.root,
    notes: [...services.notes, ...machineNotes(apiServer.addresses, openFileLimit())],
    outputs: localUrls(outputs, apis, apiUrl),
    clock,
    advance: clock.advance,
    traces: services.traces,
    clearTraces: services.clearTraces,
    iamUsage: iam.usage,
    authorize: iam.authorize,
    setFaults: services.setFaults,
    late: services.late,
    keepHistory: services.keepHistory,
    logs,
    async invoke(prefix, payload) {
      const { arn } = functionByPrefix(lambda.functions(), prefix);
      const result = await lambda.invoke(arn, JSON.stringify(payload));
      const parsed: unknown = JSON.parse(result.payload);
      return { payload: parsed, ...(result.functionError && { functionError: result.functionError }) };
    },
    killEnvironment: lambda.kill,
    setClockOffset(prefix, offset) {
      lambda.setClockOffset(functionByPrefix(lambda.functions(), prefix).arn, offset);
    },
    waitForIdle: ({ timeoutMs = 20_000 } = {}) =>
      waitUntilIdle(
        () => [...eventSources.busy(), ...lambda.running().map(({ functionArn }) => functionArn)],
        timeoutMs,
      ),
    async drain(ms) {
      const end = performance.now() + ms;
      const left = () => Math.max(0, end - performance.now());
      eventSources.pause();
      await Promise.all([apiServer.drain(ms), settled(eventSources.busy, ms)]);
      await services.drain(left());
    },
    stop: () => running.disposeAsync(),
  };
}

interface Common {
  clock: Clock;
  hooks: ServiceHooks;
}

/** The services in this process, or those of the emulator at `endpoint`. */
async function startServices(
  { endpoint, dataDir: dir, awsPort: port = 0, onTrace, hints }: CloudOptions,
  { maxConnections, loss, ...common }: Common & { maxConnections: number; loss: () => string | undefined },
): Promise<Services> {
  if (endpoint === undefined)
    return startEmbedded({ dir, port, maxConnections, loss, onTrace, hints, ...common });
  // Loaded where it is asked for: the AWS SDK takes longer than all the rest of a start.
  const { connectExternal } = await import("./external/services.ts");
  return connectExternal({ endpoint, ...common });
}

/** Resolves when nothing is busy, or after `ms` real milliseconds. */
async function settled(busy: () => string[], ms: number): Promise<void> {
  for (const end = performance.now() + ms; busy().length > 0 && performance.now() < end; ) await delay(10);
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The variables that have a value. */
function defined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function functionByPrefix(functions: FunctionConfig[], prefix: string): FunctionConfig {
  const [found, ...others] = functions.filter(({ logicalId }) => logicalId.startsWith(prefix));
  if (found && others.length === 0) return found;
  const names = functions.map(({ logicalId }) => logicalId).join(", ");
  throw new Error(
    `${found ? "several functions begin" : "no function begins"} with ${prefix}; there are ${names}`,
  );
}
