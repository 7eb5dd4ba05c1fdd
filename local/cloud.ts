/** An AWS account in this process, made from the synthesized template. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createApiServer } from "./apigateway/server.ts";
import { ensureAssembly } from "./assembly.ts";
import { type Clock, createClock } from "./clock.ts";
import { createCredentials } from "./credentials.ts";
import { createDynamoDb } from "./dynamodb/service.ts";
import { createEventBridge } from "./eventbridge/service.ts";
import type { FaultHook } from "./faults.ts";
import { createIam, type Grant } from "./iam/iam.ts";
import { waitUntilIdle } from "./idle.ts";
import { createEventSources } from "./lambda/event-sources.ts";
import type { FunctionConfig } from "./lambda/function.ts";
import { createLogs, type Logs } from "./lambda/logs.ts";
import { createLambda } from "./lambda/service.ts";
import { localUrls } from "./local-urls.ts";
import { lockDirectory } from "./lock-file.ts";
import { createS3 } from "./s3/service.ts";
import { createAwsServer } from "./server.ts";
import { createSqs } from "./sqs/service.ts";
import { provision } from "./template/provision.ts";
import { type Account, provisioners } from "./template/provisioners/all.ts";
import { readStacks } from "./template/stacks.ts";
import { createTraces } from "./traces.ts";
import { ACCOUNT, AwsError, type CallTrace, type Principal } from "./types.ts";

export interface CloudOptions {
  /** Directory of a cloud assembly. @default the repo's own app, synthesized where it changed */
  assembly?: string;
  /** Where state is kept. @default memory */
  dataDir?: string | undefined;
  /** Port of the API; 0: a free one. @default 0 */
  apiPort?: number;
  /** Port of the AWS services; 0: a free one. @default 0 */
  awsPort?: number;
  /** @default a new clock, stopped with the cloud */
  clock?: Clock;
  /** Environments per function where the template reserves no concurrency. @default two per core, at least 4 */
  maxEnvironments?: number;
  /** Hears of every AWS call once it has ended. */
  onTrace?: (trace: CallTrace) => void;
  /** Variables for every function, on top of the template's; `undefined` takes one away. */
  extraEnv?: Record<string, string | undefined>;
}

export interface Cloud {
  /** Origin of the API, without the stage. */
  apiUrl: string;
  /** Endpoint of the AWS services. */
  awsUrl: string;
  rootCredentials: { accessKeyId: string; secretAccessKey: string };
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
  /** Lets AWS calls fail by a plan; `undefined` ends that. */
  setFaults(hook: FaultHook | undefined): void;
  logs: Logs;
  /** Runs the one function whose logical id begins with `prefix`. */
  invoke(prefix: string, payload: unknown): Promise<{ payload: unknown; functionError?: "Unhandled" }>;
  /** Ends a Lambda environment (as named in traces and fault calls) at once, as a crash would. */
  killEnvironment(id: string): Promise<boolean>;
  /**
   * Resolves when nothing more happens unless time passes or somebody calls: no invocation runs, no queue with a
   * consumer has visible messages, no stream record is unread.
   * @throws Error naming what is still at work after `timeoutMs` (real milliseconds; default 20,000).
   */
  waitForIdle(options?: { timeoutMs?: number }): Promise<void>;
  /** Ends everything; state stays where `dataDir` says. */
  stop(): Promise<void>;
}

/**
 * Starts the account: services, then what the template describes, then the API and what polls.
 * @throws Error when the template holds something unknown, a port is taken or the data directory is in use.
 */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { dataDir: dir, maxEnvironments = Math.max(4, 2 * availableParallelism()), extraEnv = {} } = options;
  const closers: (() => unknown)[] = [];
  /** Ends what has started, last first. */
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<Cloud> {
    if (dir !== undefined) closers.push(lockDirectory(dir));
    const stacks = readStacks(options.assembly ?? (await ensureAssembly()));
    const clock = options.clock ?? createClock();
    if (!options.clock) closers.push(clock.stop);
    const logs = createLogs({ file: dir && join(dir, "log.jsonl") });
    closers.push(logs.flush);
    const log = (origin: string, text: string, requestId?: string) =>
      logs.write({ time: clock.now(), function: origin, requestId, text });

    const traces = createTraces();
    let faults: FaultHook | undefined;
    const origins = { aws: "", api: "" };
    const roles: Account["roles"] = new Map();
    const streams: Account["streams"] = new Map();
    const apis: Account["apis"] = [];
    const iam = createIam();
    const credentials = createCredentials({ clock, dir });

    function roleOf(roleArn: string, session: string): Principal {
      const role = roles.get(roleArn);
      if (!role) throw new Error(`${roleArn} is no role that Lambda may assume`);
      const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${session}`;
      return { kind: "role", arn, role: role.logicalId };
    }
    const authorizeRole = (roleArn: string, session: string, action: string, resource: string) =>
      iam.authorize(roleOf(roleArn, session), action, resource, { "aws:securetransport": "true" });

    const dynamodb = createDynamoDb({ clock, dir });
    closers.push(() => dynamodb.close());
    const sqs = createSqs({ clock, dir, origin: () => origins.aws });
    closers.push(() => sqs.close());
    const eventbridge = createEventBridge({
      clock,
      sqs,
      iam,
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
    });
    closers.push(() => eventbridge.close());
    const s3 = createS3({
      clock,
      dir,
      onEvent: eventbridge.emit,
      secretFor(accessKeyId, sessionToken) {
        const found = credentials.lookup(accessKeyId, sessionToken);
        return typeof found === "string"
          ? undefined
          : { secret: found.secretAccessKey, principal: found.principal };
      },
    });
    closers.push(() => s3.close());
    const lambda = createLambda({
      clock,
      logs,
      maxEnvironments,
      envFor: (config) =>
        defined({
          ...localUrls(config.env, apis, origins.api),
          AWS_ENDPOINT_URL: origins.aws,
          // No deployed stack has it: webhooks may go to receivers on this machine.
          WHARF_ALLOW_LOOPBACK_HTTP: "1",
          ...extraEnv,
        }),
      credentialsFor: ({ roleArn, name }, environment) =>
        credentials.issue({ ...roleOf(roleArn, name), environment }),
      sendToQueue(queueArn, body, roleArn) {
        authorizeRole(roleArn, "lambda", "sqs:SendMessage", queueArn);
        sqs.send(queueArn, body);
      },
    });
    const eventSources = createEventSources({
      clock,
      sqs,
      dynamodb,
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

    const awsServer = await createAwsServer({
      clock,
      credentials,
      iam,
      services: [s3, dynamodb, sqs, eventbridge],
      port: options.awsPort ?? 0,
      faults: (call) => faults?.(call),
      onTrace(trace) {
        const invocation = trace.environment && lambda.invocationOf(trace.environment);
        if (invocation) trace.invocation = invocation.cause ?? invocation.requestId;
        traces.add(trace);
        options.onTrace?.(trace);
      },
      onError: (error, { service, action }) =>
        log(`aws/${service}`, `${action}: ${error instanceof Error ? error.stack : error}`),
    });
    closers.push(awsServer.close);
    origins.aws = awsServer.url;
    const account = { s3, dynamodb, sqs, eventbridge, iam, lambda, eventSources, roles, streams, apis };
    const { outputs } = provision(stacks, provisioners(account));

    const [api, ...others] = apis;
    if (!api || others.length > 0)
      throw new Error(`the template has ${apis.length} REST APIs; the local cloud serves one`);
    const apiServer = await createApiServer({
      api,
      functions: lambda,
      clock,
      port: options.apiPort ?? 0,
      onError: (requestId, reason) => log("api-gateway", reason, requestId),
    });
    closers.push(apiServer.close);
    origins.api = apiServer.url;
    closers.push(() => lambda.stop());
    eventSources.start();
    closers.push(eventSources.stop);
    eventbridge.startSchedules();
    s3.replayEvents();

    return {
      apiUrl: origins.api,
      awsUrl: origins.aws,
      rootCredentials: credentials.root,
      outputs: localUrls(outputs, apis, origins.api),
      clock,
      advance: clock.advance,
      traces: traces.all,
      clearTraces: traces.clear,
      iamUsage: iam.usage,
      setFaults(hook) {
        faults = hook;
      },
      logs,
      async invoke(prefix, payload) {
        const { arn } = functionByPrefix(lambda.functions(), prefix);
        const result = await lambda.invoke(arn, JSON.stringify(payload));
        const parsed: unknown = JSON.parse(result.payload);
        return { payload: parsed, ...(result.functionError && { functionError: result.functionError }) };
      },
      killEnvironment: lambda.kill,
      waitForIdle: ({ timeoutMs = 20_000 } = {}) =>
        waitUntilIdle(
          () => [...eventSources.busy(), ...lambda.running().map(({ functionArn }) => functionArn)],
          timeoutMs,
        ),
      stop,
    };
  }
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
