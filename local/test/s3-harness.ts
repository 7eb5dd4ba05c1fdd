/** The local S3 behind the real AWS port, with one bucket and an administrator who may do everything. */
import { S3Client } from "@aws-sdk/client-s3";
import { type Clock, createClock } from "../clock.ts";
import type { TemporaryCredentials } from "../credentials.ts";
import { createCredentials } from "../credentials.ts";
import type { FaultHook } from "../faults.ts";
import type { BucketOptions } from "../s3/buckets.ts";
import type { S3Event } from "../s3/events.ts";
import { createS3, type S3Service } from "../s3/service.ts";
import { createAwsServer } from "../server.ts";
import { AwsError, type CallTrace, type Principal } from "../types.ts";

export const BUCKET = "files";
export const MIB = 1024 * 1024;

export interface Harness extends AsyncDisposable {
  s3: S3Service;
  client: S3Client;
  clock: Clock;
  /** e.g. `http://127.0.0.1:49152` */
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  events: S3Event[];
  /** What the taker of events threw, and damage that a call found and lived with. */
  errors: unknown[];
  /** What services threw and callers were told `InternalError` of. */
  defects: unknown[];
  /** ARN of whoever was authorized; `null` without a signature. */
  callers: (string | null)[];
  /** `action resource` of every authorization. */
  authorized: string[];
  /** Actions that are refused from now on. */
  denied: Set<string>;
  traces: CallTrace[];
  /** Keys of a role that may sign forms. @default none */
  temporary: (TemporaryCredentials & { principal: Principal }) | undefined;
  /** What goes wrong from now on. @default nothing */
  setFault(hook?: FaultHook): void;
  /** Sends a request without a signature, which this account lets through. */
  anonymous(path: string, init?: RequestInit): Promise<Response>;
}

export interface HarnessOptions {
  dir?: string;
  bucket?: Partial<BucketOptions>;
  /** Whether whoever takes events over is broken. @default false */
  failEvents?: boolean;
}

/** Starts S3 on a free port. */
export async function startS3({
  dir,
  bucket = {},
  failEvents = false,
}: HarnessOptions = {}): Promise<Harness> {
  const clock = createClock();
  const credentials = createCredentials({ clock, dir });
  const events: S3Event[] = [];
  const authorized: string[] = [];
  const errors: unknown[] = [];
  const defects: unknown[] = [];
  const callers: (string | null)[] = [];
  const denied = new Set<string>();
  const traces: CallTrace[] = [];
  let faults: FaultHook = () => undefined;
  const root: Principal = { kind: "root", arn: "arn:aws:iam::000000000000:root" };
  const s3 = createS3({
    clock,
    dir,
    onEvent(event) {
      if (failEvents) throw new Error("Nobody takes events over.");
      events.push(event);
    },
    onError: (error) => errors.push(error),
    secretFor(accessKeyId, sessionToken) {
      if (accessKeyId === credentials.root.accessKeyId)
        return { secret: credentials.root.secretAccessKey, principal: root };
      const { temporary } = harness;
      if (temporary?.accessKeyId !== accessKeyId || temporary.sessionToken !== sessionToken) return undefined;
      return { ...temporary, secret: temporary.secretAccessKey };
    },
  });
  s3.createBucket({ name: BUCKET, eventBridgeEnabled: true, ...bucket });
  const server = await createAwsServer({
    clock,
    credentials,
    services: [s3],
    iam: {
      authorize(principal, action, resource) {
        callers.push(principal?.arn ?? null);
        authorized.push(`${action} ${resource}`);
        if (denied.has(action)) throw new AwsError("AccessDenied", `not allowed: ${action}`, 403);
      },
    },
    onTrace: (trace) => traces.push(trace),
    onError: (error) => defects.push(error),
    faults: (call) => faults(call),
  });
  const client = new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: credentials.root,
    maxAttempts: 1,
  });
  const harness: Harness = {
    temporary: undefined,
    ...{ s3, client, clock, endpoint: server.url, ...credentials.root },
    ...{ events, errors, defects, callers, authorized, denied, traces },
    setFault(hook = () => undefined) {
      faults = hook;
    },
    anonymous: (path, init) => fetch(`${server.url}${path}`, init),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.close();
      await s3.close();
      clock.stop();
    },
  };
  return harness;
}

/** The `<Code>` of an error answer. */
export function errorCode(body: string): string | undefined {
  return /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
}

/** Status and S3's code of an answer without a body that matters. */
export async function outcome(response: Response): Promise<string> {
  const code = errorCode(await response.text());
  return code === undefined ? String(response.status) : `${response.status} ${code}`;
}

/** Name and message of what an SDK call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; message: string }> {
  return call.then(
    () => {
      throw new Error("The call was not refused.");
    },
    (error: Error) => ({ name: error.name, message: error.message }),
  );
}
