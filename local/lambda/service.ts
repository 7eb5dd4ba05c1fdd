/** Lambda: functions by ARN, synchronous and asynchronous invocations, resource-based permissions. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { ACCOUNT, AwsError, REGION } from "../types.ts";
import { type Environment, type InvokeResult, startEnvironment } from "./environment.ts";
import type { AsyncConfig, FunctionConfig } from "./function.ts";
import type { Logs } from "./logs.ts";
import { createPool, type Pool } from "./pool.ts";

/** Short-lived keys of a role, made for one environment. */
export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Epoch ms. */
  expiresAt: number;
}

/** Who may invoke a function, from `AWS::Lambda::Permission`. */
export interface Permission {
  principal: string;
  /** ARN, `*` and `?` as wildcards. */
  sourceArn: string | undefined;
}

export interface Invocation {
  functionArn: string;
  requestId: string;
}

export interface LambdaService {
  putFunction(config: FunctionConfig): void;
  putPermission(functionArn: string, permission: Permission): void;
  putAsyncConfig(functionArn: string, config: AsyncConfig): void;
  functions(): FunctionConfig[];
  function(arn: string): FunctionConfig;
  /** Whether a service may invoke the function on behalf of `sourceArn`. */
  allows(functionArn: string, principal: string, sourceArn: string): boolean;
  /** Runs the function and waits for its answer. `payload` is JSON text of at most 6 MB. */
  invoke(functionArn: string, payload: string): Promise<InvokeResult>;
  /** Queues an event (at most 1 MB); failed attempts are retried after 1 and 2 minutes, then go to the failure destination. */
  invokeAsync(functionArn: string, payload: string): void;
  /** Invocations that run now. */
  running(): Invocation[];
  /** Ends the environment of one running invocation, as a crash would; false when it isn't running. */
  kill(requestId: string): Promise<boolean>;
  /** Requests that run or wait, asynchronous ones between attempts aside. */
  load(): number;
  stop(): Promise<void>;
}

// Lambda: a synchronous request holds 6 MB at most, an asynchronous one 1 MB.
const MAX_REQUEST_BYTES = 6_291_456;
const MAX_ASYNC_BYTES = 1_048_576;
const RETRY_DELAYS_MS = [60_000, 120_000];
const DEFAULT_ASYNC: AsyncConfig = { retries: 2, maxAgeSeconds: 21_600, onFailureArn: undefined };

/**
 * @param maxEnvironments environments per function where the template reserves no concurrency.
 * @param credentialsFor makes the keys that one environment signs with.
 * @param onStart hears which environment signs with which access key.
 * @param sendToQueue delivers to a dead-letter queue or failure destination, acting as `roleArn`.
 */
export function createLambda({
  clock,
  logs,
  maxEnvironments,
  extraEnv,
  credentialsFor,
  sendToQueue,
}: {
  clock: Clock;
  logs: Logs;
  maxEnvironments: number;
  extraEnv: () => Record<string, string>;
  credentialsFor: (roleArn: string, currentRequest: () => string | undefined) => RoleCredentials;
  sendToQueue: (queueArn: string, body: string, roleArn: string) => void;
}): LambdaService {
  const functions = new Map<string, FunctionConfig>();
  const pools = new Map<string, Pool>();
  const permissions = new Map<string, Permission[]>();
  const asyncConfigs = new Map<string, AsyncConfig>();
  const running = new Map<string, Invocation>();
  let stopped = false;

  function find(arn: string): FunctionConfig {
    const config = functions.get(arn);
    if (!config) throw new AwsError("ResourceNotFoundException", `Function not found: ${arn}`, 404);
    return config;
  }

  function start(config: FunctionConfig) {
    const holder: { environment?: Environment } = {};
    const credentials = credentialsFor(config.roleArn, () => holder.environment?.current());
    const environment = startEnvironment({
      config,
      clock,
      env: { ...runtimeEnv(config, clock), ...credentialEnv(credentials), ...extraEnv(), ...config.env },
      onLog: (text, requestId) =>
        logs.write({ time: clock.now(), function: config.logicalId, requestId, text }),
    });
    holder.environment = environment;
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

  async function invoke(functionArn: string, payload: string): Promise<InvokeResult> {
    if (stopped) throw new AwsError("ServiceException", "the cloud is stopping", 500);
    const config = find(functionArn);
    const size = Buffer.byteLength(payload);
    if (size > MAX_REQUEST_BYTES) {
      const text = `${size} byte payload is too large for the RequestResponse invocation type (limit ${MAX_REQUEST_BYTES} bytes)`;
      throw new AwsError("RequestEntityTooLargeException", text, 413);
    }
    const requestId = randomUUID();
    const traceId = `Root=1-${Math.floor(clock.now() / 1_000).toString(16)}-${requestId.replaceAll("-", "").slice(0, 24)}`;
    running.set(requestId, { functionArn, requestId });
    try {
      return await pool(config).run({ requestId, event: payload, traceId });
    } finally {
      running.delete(requestId);
    }
  }

  async function attempt(functionArn: string, payload: string, acceptedAt: number, tried: number) {
    const config = find(functionArn);
    const { retries, maxAgeSeconds, onFailureArn } = asyncConfigs.get(functionArn) ?? DEFAULT_ASYNC;
    const result = await invoke(functionArn, payload).catch((error: unknown) => error);
    if (stopped) return;
    if (result instanceof AwsError && result.code === "TooManyRequestsException") {
      // A throttled event goes back to Lambda's own queue and uses up no attempt.
      const again = clock.now() + 1_000;
      if (again - acceptedAt < maxAgeSeconds * 1_000) {
        clock.at(again, () => void attempt(functionArn, payload, acceptedAt, tried));
        return;
      }
    } else if (!(result instanceof Error) && isResult(result) && result.functionError === undefined) return;
    const delay = RETRY_DELAYS_MS[tried] ?? 120_000;
    if (tried < retries && clock.now() + delay - acceptedAt < maxAgeSeconds * 1_000) {
      clock.at(clock.now() + delay, () => void attempt(functionArn, payload, acceptedAt, tried + 1));
      return;
    }
    if (onFailureArn !== undefined) {
      const record = failureRecord(functionArn, payload, tried + 1, result, clock.now());
      sendToQueue(onFailureArn, JSON.stringify(record), config.roleArn);
    }
    if (config.deadLetterArn !== undefined) sendToQueue(config.deadLetterArn, payload, config.roleArn);
  }

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
    allows: (functionArn, principal, sourceArn) =>
      (permissions.get(functionArn) ?? []).some(
        (permission) =>
          permission.principal === principal &&
          (permission.sourceArn === undefined || matchesArn(permission.sourceArn, sourceArn)),
      ),
    invoke,
    invokeAsync(functionArn, payload) {
      find(functionArn);
      const size = Buffer.byteLength(payload);
      if (size > MAX_ASYNC_BYTES) {
        const text = `${size} byte payload is too large for the Event invocation type (limit ${MAX_ASYNC_BYTES} bytes)`;
        throw new AwsError("RequestEntityTooLargeException", text, 413);
      }
      void attempt(functionArn, payload, clock.now(), 0);
    },
    running: () => [...running.values()],
    async kill(requestId) {
      const found = running.get(requestId);
      if (!found) return false;
      return (await pools.get(found.functionArn)?.kill(requestId)) ?? false;
    },
    load: () => [...pools.values()].reduce((sum, each) => sum + each.load(), 0),
    async stop() {
      stopped = true;
      await Promise.all([...pools.values()].map((each) => each.stop()));
    },
  };
}

/** Variables that Lambda itself sets. */
function runtimeEnv(config: FunctionConfig, clock: Clock): Record<string, string> {
  const stream = `${new Date(clock.now()).toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
  return {
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCOUNT_ID: ACCOUNT,
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: stream,
    LAMBDA_TASK_ROOT: config.codeDir,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    _HANDLER: config.handler,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
  };
}

function credentialEnv(credentials: RoleCredentials): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: new Date(credentials.expiresAt).toISOString(),
  };
}

function isResult(value: unknown): value is InvokeResult {
  return typeof value === "object" && value !== null && "payload" in value;
}

/** The record that Lambda sends to an on-failure destination. */
function failureRecord(functionArn: string, payload: string, attempts: number, result: unknown, now: number) {
  const failed = isResult(result) ? result : undefined;
  return {
    version: "1.0",
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: failed?.requestId ?? randomUUID(),
      functionArn: `${functionArn}:$LATEST`,
      condition: "RetriesExhausted",
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(payload),
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    responsePayload: failed ? JSON.parse(failed.payload) : null,
  };
}

/** Matches an ARN against one with `*` and `?`. */
export function matchesArn(pattern: string, arn: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "s").test(arn);
}
