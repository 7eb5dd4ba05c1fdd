/** A bare server around the local S3, for its own tests: it believes every signature and allows everything. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { S3Client } from "@aws-sdk/client-s3";
import { type Clock, createClock } from "#local/clock.ts";
import type { BucketOptions } from "#local/s3/buckets.ts";
import type { S3Event } from "#local/s3/events.ts";
import type { SecretLookup } from "#local/s3/post-policy.ts";
import { createS3, type S3Service } from "#local/s3/service.ts";
import { type AwsCall, AwsError, type Principal } from "#local/types.ts";

export const BUCKET = "files";
export const root: Principal = { kind: "root", arn: "arn:aws:iam::000000000000:root" };

export interface Harness {
  s3: S3Service;
  client: S3Client;
  clock: Clock;
  /** e.g. `http://127.0.0.1:49152` */
  endpoint: string;
  events: S3Event[];
  /** `action resource` of every authorization. */
  authorized: string[];
  /** Actions that are refused from now on. */
  denied: Set<string>;
  /** Operations that were traced, with their statuses. */
  traces: { action: string; status: number }[];
  close(): Promise<void>;
}

function payloadOf(req: IncomingMessage): AwsCall["payload"] {
  const value = req.headers["x-amz-content-sha256"];
  if (typeof value !== "string" || value === "UNSIGNED-PAYLOAD") return { kind: "unsigned" };
  if (value.startsWith("STREAMING-")) {
    return { kind: "chunked", signed: value.includes("HMAC"), trailer: value.endsWith("TRAILER") };
  }
  return { kind: "hash", sha256: value };
}

const isSigned = (req: IncomingMessage) =>
  req.headers.authorization !== undefined || /[?&]X-Amz-Signature=/.test(req.url ?? "");

export interface HarnessOptions {
  dir?: string;
  bucket?: Partial<BucketOptions>;
  secretFor?: SecretLookup;
}

/** Starts S3 with one bucket on a free port. */
export async function startS3({ dir, bucket = {}, secretFor }: HarnessOptions = {}): Promise<Harness> {
  const clock = createClock();
  const events: S3Event[] = [];
  const authorized: string[] = [];
  const denied = new Set<string>();
  const traces: Harness["traces"] = [];
  const onEvent = (event: S3Event) => events.push(event);
  const s3 = createS3({ clock, dir, onEvent, ...(secretFor ? { secretFor } : {}) });
  s3.createBucket({ name: BUCKET, eventBridgeEnabled: true, ...bucket });

  const server = createServer(async (req, res) => {
    const requestId = randomUUID();
    const trace = { service: "s3", action: "", caller: "root", startedAt: 0, endedAt: 0, status: 0 };
    const call: AwsCall = {
      ...{ req, res, requestId, region: "us-east-1", service: "s3", body: undefined, trace },
      url: new URL(req.url ?? "/", "http://localhost"),
      principal: isSigned(req) ? root : null,
      payload: payloadOf(req),
      authorize(action, resource) {
        authorized.push(`${action} ${resource}`);
        if (denied.has(action)) throw new AwsError("AccessDenied", `not authorized: ${action}`, 403);
      },
    };
    await s3.handle(call);
    traces.push({ action: trace.action, status: trace.status });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const endpoint = `http://127.0.0.1:${address.port}`;
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });

  return {
    ...{ s3, client, clock, endpoint, events, authorized, denied, traces },
    async close() {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await s3.close();
      clock.stop();
    },
  };
}

/** The `<Code>` of an error answer. */
export async function errorCode(response: Response): Promise<string | undefined> {
  return /<Code>([^<]*)<\/Code>/.exec(await response.text())?.[1];
}
