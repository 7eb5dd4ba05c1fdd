/** Lambda: functions by ARN, synchronous and asynchronous invocations, resource-based permissions. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { globMatches } from "../glob.ts";
import { AwsError } from "../types.ts";
import { createAsyncInvoker } from "./async.ts";
import { type ClockOffset, createClockOffsets } from "./clock-offsets.ts";
import { type Environment, type InvokeResult, startEnvironment } from "./environment.ts";
import type { AsyncConfig, FunctionConfig } from "./function.ts";
import type { Logs } from "./logs.ts";
import { createPool, type Pool } from "./pool.ts";
import { type RoleCredentials, runtimeEnv } from "./runtime-env.ts";

/** Who may invoke a function, from `AWS::Lambda::Permission`. */
interface Permission {
  principal: string;
  /** ARN, `*` and `?` as wildcards. */
  sourceArn: string | undefined;
}

interface Invocation {
  functionArn: string;
  requestId: string;
  /** `X-Request-ID` of the API call behind it, where there is one. */
  cause: string | undefined;
}

interface InvokeOptions {
  cause?: string | undefined;
  signal?: AbortSignal;
}

export interface LambdaService {
  putFunction(config: FunctionConfig): void;
  putPermission(functionArn: string, permission: Permission): void;
  putAsyncConfig(functionArn: string, config: AsyncConfig): void;
  functions(): FunctionConfig[];
  /** @throws AwsError `ResourceNotFoundException` */
  function(arn: string): FunctionConfig;
  /** Environments that the function has at most. */
  limit(arn: string): number;
  /** Whether a service may invoke the function on behalf of `sourceArn`. */
  allows(functionArn: string, principal: string, sourceArn: string): boolean;
  /**
   * Runs the function and waits for its answer. `payload` is JSON text of at most 6 MB.
   *
   * With a `signal` it is for a client that waits: refused as throttled after `maxWaitMs` without an environment, and
   * not begun once the client has gone.
   */
  invoke(functionArn: string, payload: string, options?: InvokeOptions): Promise<InvokeResult>;
  /** Queues an event (at most 1 MB); failed attempts are retried after 1 and 2 minutes, then go to the failure destination. */
  invokeAsync(functionArn: string, payload: string): void;
  /** Invocations that run now, or wait for an environment. */
  running(): Invocation[];
  /** What the environment runs now. */
  invocationOf(environmentId: string): Invocation | undefined;
  /** Ends an environment at once, as a crash of its machine would; false when it has ended. */
  kill(environmentId: string): Promise<boolean>;
  /** Sets how far the clocks of a function's environments are ahead of the cloud's. */
  setClockOffset(functionArn: string, offset: ClockOffset): void;
  stop(): Promise<void>;
}

// Lambda: a synchronous request holds 6 MB at most.
const MAX_REQUEST_BYTES = 6_291_456;

/**
 * @param maxEnvironments environments per function where the template reserves no concurrency.
 * @param maxWaitMs real milliseconds for which a client waits for one of them.
 * @param envFor variables on top of the ones that Lambda sets.
 * @param credentialsFor makes the keys that one environment signs with.
 * @param sendToQueue delivers to a dead-letter queue or failure destination, acting as `roleArn`; never rejects.
 */
export function createLambda({
  clock,
  logs,
  maxEnvironments,
  maxWaitMs,
  envFor,
  credentialsFor,
  sendToQueue,
}: {
  clock: Clock;
  logs: Logs;
  maxEnvironments: number;
  maxWaitMs: number;
  envFor: (config: FunctionConfig) => Record<string, string>;
  credentialsFor: (config: FunctionConfig, environmentId: string) => RoleCredentials;
  sendToQueue: (queueArn: string, body: string, roleArn: string) => Promise<void>;
}): LambdaService {
  const functions = new Map<string, FunctionConfig>();
  const pools = new Map<string, Pool>();
  const permissions = new Map<string, Permission[]>();
  const asyncConfigs = new Map<string, AsyncConfig>();
  const environments = new Map<string, Environment>();
  const running = new Map<string, Invocation>();
  const clockOffsets = createClockOffsets();
  let stopped = false;

  function find(arn: string): FunctionConfig {
    const config = functions.get(arn);
    if (!config) throw new AwsError("ResourceNotFoundException", `Function not found: ${arn}`, 404);
    return config;
  }

  function start(config: FunctionConfig) {
    const id = randomUUID();
    const credentials = credentialsFor(config, id);
    const environment = startEnvironment({
      config,
      clock,
      ahead: clockOffsets.next(config.arn),
      env: { ...runtimeEnv(config, credentials, clock.now()), ...envFor(config) },
      onEnd: () => environments.delete(id),
      onLog: (text, requestId) =>
        logs.write({ time: clock.now(), function: config.logicalId, requestId, text }),
    });
    environments.set(id, environment);
    return { environment, expiresAt: credentials.expiresAt };
  }

  function pool(config: FunctionConfig): Pool {
    const existing = pools.get(config.arn);
    if (existing) return existing;
    const made = createPool({
      start: () => start(config),
      now: clock.now,
      limit: config.reservedConcurrency ?? maxEnvironments,
      reserved: config.reservedConcurrency !== undefined,
    });
    pools.set(config.arn, made);
    return made;
  }

  async function invoke(
    functionArn: string,
    payload: string,
    { cause, signal }: InvokeOptions = {},
  ): Promise<InvokeResult> {
    if (stopped) throw new AwsError("ServiceException", "the cloud is stopping", 500);
    const config = find(functionArn);
    const size = Buffer.byteLength(payload);
    if (size > MAX_REQUEST_BYTES) {
      const text = `${size} byte payload is too large for the RequestResponse invocation type (limit ${MAX_REQUEST_BYTES} bytes)`;
      throw new AwsError("RequestEntityTooLargeException", text, 413);
    }
    const requestId = randomUUID();
    const traceId = `Root=1-${Math.floor(clock.now() / 1_000).toString(16)}-${requestId.replaceAll("-", "").slice(0, 24)}`;
    running.set(requestId, { functionArn, requestId, cause });
    try {
      return await pool(config).run(
        { requestId, event: payload, traceId },
        signal && { signal, waitMs: maxWaitMs },
      );
    } finally {
      running.delete(requestId);
    }
  }

  const sendAsync = createAsyncInvoker({ clock, invoke, sendToQueue });

  return {
    putFunction(config) {
      functions.set(config.arn, config);
    },
    putPermission(functionArn, permission) {
      find(functionArn);
      permissions.set(functionArn, [...(permissions.get(functionArn) ?? []), permission]);
    },
    putAsyncConfig(functionArn, config) {
      find(functionArn);
      asyncConfigs.set(functionArn, config);
    },
    functions: () => [...functions.values()],
    function: find,
    limit: (arn) => find(arn).reservedConcurrency ?? maxEnvironments,
    allows: (functionArn, principal, sourceArn) =>
      (permissions.get(functionArn) ?? []).some(
        (permission) =>
          permission.principal === principal &&
          (permission.sourceArn === undefined || globMatches(permission.sourceArn, sourceArn)),
      ),
    invoke,
    invokeAsync(functionArn, payload) {
      sendAsync(find(functionArn), asyncConfigs.get(functionArn), payload);
    },
    running: () => [...running.values()],
    invocationOf: (environmentId) => running.get(environments.get(environmentId)?.current() ?? ""),
    async kill(environmentId) {
      const environment = environments.get(environmentId);
      await environment?.kill();
      return environment !== undefined;
    },
    setClockOffset(functionArn, offset) {
      clockOffsets.set(find(functionArn).arn, offset);
    },
    async stop() {
      stopped = true;
      await Promise.all([...pools.values()].map((each) => each.stop()));
    },
  };
}
