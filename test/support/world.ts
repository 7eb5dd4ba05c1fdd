/** The API's routes in this process, over the local DynamoDB and S3 behind the real AWS port. */
import { S3Client } from "@aws-sdk/client-s3";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { type CallTrace, createClock, type FaultHook, REGION } from "@wharf/local-cloud";
import { createCredentials } from "@wharf/local-cloud/credentials.ts";
import { createDynamoDb } from "@wharf/local-cloud/dynamodb/service.ts";
import type { S3Event } from "@wharf/local-cloud/s3/events.ts";
import { createS3 } from "@wharf/local-cloud/s3/service.ts";
import { createAwsServer } from "@wharf/local-cloud/server.ts";
import type { z } from "zod";
import { keys, sha256 } from "#aws/keys.ts";
import { createObjects } from "#aws/objects.ts";
import { createTable } from "#aws/table.ts";
import { problem } from "#contract/common.ts";
import { type Event, event } from "#contract/events.ts";
import type { FileAccess } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { issueToken, type TokenRequest } from "#core/accounts/issue-token.ts";
import { fileRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import type { OrganizationDeps } from "#core/organizations/deps.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { createApp } from "#http/app.ts";
import { fileRoutes } from "#lambdas/api/routes.ts";
import { checkProblem } from "#test/support/check-problem.ts";
import { newFile, newVersion } from "#test/support/file-writes.ts";
import { directClient, shortCutClient } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";

export const PUBLIC_URL = "https://files.example.com/prod";

export type World = Awaited<ReturnType<typeof startWorld>>;
export type Client = Awaited<ReturnType<World["client"]>>;

export interface Given {
  method?: string;
  json?: unknown;
  form?: Record<string, string>;
  /** Neither of these. */
  body?: FormData | Uint8Array;
  headers?: Record<string, string>;
  /** The caller's address as the gateway sees it. @default one of documentation's */
  sourceIp?: string;
}

const SOURCE = "192.0.2.1";
const ROOT = { kind: "root", arn: "arn:aws:iam::000000000000:root" } as const;

/** An answer's body, checked against what the contract says of it. */
export async function read<T>(schema: z.ZodType<T>, answer: Response | Promise<Response>): Promise<T> {
  return schema.parse(await (await answer).json());
}

/** Status and code of a refusal. */
export async function refusal(answer: Response | Promise<Response>): Promise<[number, string]> {
  const { status, code } = await read(problem, answer);
  return [status, code];
}

export interface WorldOptions {
  /**
   * Whether the verbs' SDK clients try a call three times, as in production, but without a pause in between. Without,
   * each fault reaches the verb itself.
   * @default false
   */
  retries?: boolean;
  /** Told of each object that S3 has made or removed, by its key. @default nobody is */
  onObject?(key: string, what: "made" | "removed"): void;
}

/** Starts it on a free port, with nothing in it. */
export async function startWorld({ retries = false, onObject }: WorldOptions = {}) {
  const clock = createClock();
  const credentials = createCredentials({ clock, dir: undefined });
  const traces: CallTrace[] = [];
  let fault: FaultHook | undefined;
  const dynamodb = createDynamoDb({ clock, dir: undefined });
  dynamodb.createTable(spec);
  const onEvent = ({ "detail-type": type, detail }: S3Event) => {
    onObject?.(detail.object.key, type === "Object Created" ? "made" : "removed");
  };
  const { accessKeyId, secretAccessKey } = credentials.root;
  const s3 = createS3({
    ...{ clock, dir: undefined, onEvent },
    secretFor: (id) => (id === accessKeyId ? { secret: secretAccessKey, principal: ROOT } : undefined),
  });
  s3.createBucket({ name: "files", eventBridgeEnabled: onObject !== undefined });
  const onTrace = (trace: CallTrace) => void traces.push(trace);
  const server = await createAwsServer({
    clock,
    credentials,
    services: [dynamodb, s3],
    iam: { authorize() {} },
    onTrace,
    faults: (call) => fault?.(call),
  });
  const common = {
    ...{ endpoint: server.url, region: REGION, credentials: credentials.root },
    // Three tries: the SDK's own default, `DEFAULT_MAX_ATTEMPTS`.
    ...(retries ? { retryStrategy: new ConfiguredRetryStrategy(3, 0) } : { maxAttempts: 1 }),
  };
  const dynamo = shortCutClient(common, {
    ...{ service: dynamodb, now: clock.now, onTrace, arrived: server.late.arrived },
    isPlain: () => fault === undefined && server.late.waiting() === 0,
  });
  const bucket = new S3Client({
    ...common,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const direct = directClient(dynamodb);
  let offset = 0;
  /** What the machine's clock showed when it was stopped. */
  let stoppedAt: number | undefined;
  let clients = 0;
  const deps: Deps & OrganizationDeps & { corsOrigins: string[]; waitPlaces: number } = {
    orgCreation: "admin",
    waitPlaces: 40,
    table: createTable(dynamo, spec.name),
    objects: createObjects(bucket, "files", { endpoint: server.url }),
    config: {
      publicUrl: PUBLIC_URL,
      versionsKeep: 20,
      versionsKeepDays: 90,
      trashDays: 30,
      hashPlaces: 1_000,
      sessionsPerClient: 10_000,
      allowLoopbackHttp: false,
      contentMismatch: "refuse" as const,
    },
    corsOrigins: ["*"],
    now: () => (stoppedAt ?? Date.now()) + offset,
  };
  const appOf = (of: typeof deps) => createApp(of, fileRoutes);
  const app = appOf(deps);

  /**
   * Dependencies as another execution environment would have them, with nothing cached.
   *
   * @param clockOffsetMs how far its clock is ahead of the others'. @default 0
   */
  const anotherEnvironment = ({ clockOffsetMs = 0 } = {}) => ({
    ...deps,
    table: createTable(dynamo, spec.name),
    now: () => deps.now() + clockOffsetMs,
  });

  async function request(
    path: string,
    { method, json, form, body: given, headers = {}, sourceIp = SOURCE }: Given = {},
    by = app,
  ): Promise<Response> {
    const body = json === undefined ? (form ? new URLSearchParams(form) : given) : JSON.stringify(json);
    const init = {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const local = path.replace(PUBLIC_URL, "");
    const answer = await by.request(local, init, { sourceIp });
    await checkProblem(answer, init.method, local);
    return answer;
  }

  /** Requests that carry a client's token, which is asked for anew when it has run out. */
  async function requestsOf(credentials: TokenRequest, by = app) {
    let token = await issueToken(deps, credentials);
    let until = deps.now() + token.expires_in * 1000;
    return async (path: string, { headers, ...rest }: Given = {}) => {
      if (until <= deps.now()) {
        token = await issueToken(deps, credentials);
        until = deps.now() + token.expires_in * 1000;
      }
      const authorization = `Bearer ${token.access_token}`;
      return request(path, { ...rest, headers: { authorization, ...headers } }, by);
    };
  }

  /** A client with these scopes, and requests that carry its token. */
  async function client(...scopes: Scope[]) {
    const name = `ci-${++clients}`;
    const made = await createClient(deps, { name, scopes });
    const given = { clientId: made.client_id, clientSecret: made.client_secret };
    return {
      ...made,
      name,
      request: await requestsOf(given),
      /** Requests with a token of the same client that has fewer scopes. */
      withScopes: (...fewer: Scope[]) => requestsOf({ ...given, scope: fewer.join(" ") }),
      /** Requests with a token of the same client that is good for these resources alone. */
      restricted: (...details: FileAccess[]) => requestsOf({ ...given, details }),
      /** Requests that another environment answers. */
      elsewhere: (options: { clockOffsetMs?: number }) =>
        requestsOf(given, appOf(anotherEnvironment(options))),
    };
  }

  /** Puts a file of a client's there, as finalize leaves it; `path` may hold folders. */
  async function addFile(
    by: { client_id: string; workspace_id: string },
    path: string,
    text = "hello",
  ): Promise<string> {
    const folders = path.split("/");
    const name = folders.pop() ?? "";
    const attempt = async () => {
      const place = {
        ...{ client_id: by.client_id, workspace_id: by.workspace_id },
        trail: await makeFolders(deps, by.workspace_id, folders),
      };
      const { file_id, object_key, writes } = await newFile(place, { now: deps.now(), name, text });
      await deps.objects.put(object_key, Buffer.from(text), { sha256: sha256(text) });
      await deps.table.transact(writes);
      return file_id;
    };
    return inRounds(attempt, "others keep adding files");
  }

  /** Gives a file another current version, as finalize does. */
  async function addVersion(by: { client_id: string }, fileId: string, text: string): Promise<string> {
    const file = await deps.table.get(fileRecord, keys.node(fileId));
    if (file === undefined) throw new Error(`${fileId} is gone`);
    const given = { now: deps.now(), client_id: by.client_id, text };
    const { version_id, object_key, writes } = await newVersion(file, given);
    await deps.objects.put(object_key, Buffer.from(text), { sha256: sha256(text) });
    await deps.table.transact(writes);
    return version_id;
  }

  /** Everything in the table. */
  async function dump(): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let after: Record<string, unknown> | undefined;
    do {
      const page = await direct.send(
        new ScanCommand({ TableName: spec.name, ...(after && { ExclusiveStartKey: after }) }),
      );
      items.push(...(page.Items ?? []));
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
    return items;
  }

  /** Events in the outbox, the oldest first. */
  async function events(type?: string): Promise<Event[]> {
    return (await dump())
      .filter((item) => String(item["pk"]).startsWith("EVT#"))
      .map((item) => event.parse(JSON.parse(String(item["body"]))))
      .filter((one) => type === undefined || one.type === type)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  return {
    deps,
    traces,
    client,
    request,
    addFile,
    addVersion,
    events,
    dump,
    /** With root's credentials. */
    dynamo,
    tableName: spec.name,
    /** An administrator's S3 client; the bucket is `files`. */
    s3: bucket,
    anotherEnvironment,
    /** What goes wrong from now on. @default nothing */
    setFault(hook?: FaultHook) {
      fault = hook;
    },
    /** Runs `act`, with `others` done just before its transaction. @throws where it makes none. */
    async meanwhile<T>(act: () => Promise<T>, others: () => Promise<unknown>): Promise<T> {
      let done = false;
      fault = async ({ action }) => {
        if (action === "TransactWriteItems" && !done) {
          done = true;
          await others();
        }
        return undefined;
      };
      const answer = await act();
      fault = undefined;
      if (!done) throw new Error("there was no transaction, so that nothing was done before it");
      return answer;
    },
    /** Copies of calls that faults let arrive late. */
    late: server.late,
    /** From now on DynamoDB knows what was, for so many milliseconds: the fault `staleMs` needs it. */
    keepHistory: dynamodb.keepHistory,
    /** Calls the engine itself, past the port, its traces and its faults. */
    direct,
    /** What changed in the table, in order. */
    stream: dynamodb.stream(spec.name),
    /** From now on the verbs' time moves by `advance` alone; returns what starts it again. */
    stopClock() {
      stoppedAt = Date.now();
      return () => {
        stoppedAt = undefined;
      };
    },
    /** Moves the verbs' time, not that of the AWS services. */
    advance(ms: number) {
      offset += ms;
    },
    /** Moves the time of the AWS services, by which faults last and copies arrive, and not the verbs'. */
    advanceServices(ms: number) {
      clock.advance(ms);
      // By which the SDK signs; it would find out itself, at the price of a try.
      for (const { config } of [dynamo, bucket]) config.systemClockOffset += ms;
    },
    async close() {
      dynamo.destroy();
      bucket.destroy();
      await server.close();
      await dynamodb.close();
      await s3.close();
      clock.stop();
    },
  };
}
