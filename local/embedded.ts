/** S3, DynamoDB, SQS, EventBridge and IAM in this process, on one loopback port. */
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { createCredentials } from "./credentials.ts";
import { damageAtWork } from "./data/damage.ts";
import { openFolder } from "./data/open-folder.ts";
import { ENDLESS, keepRoom } from "./data/room.ts";
import { isCorrupt } from "./data/sqlite-error.ts";
import { createDynamoDb } from "./dynamodb/service.ts";
import { createEventBridge } from "./eventbridge/service.ts";
import type { FaultHook } from "./faults.ts";
import type { Hints } from "./hints.ts";
import { createIam } from "./iam/iam.ts";
import { createS3 } from "./s3/service.ts";
import { createAwsServer } from "./server.ts";
import type { ServiceHooks, Services } from "./services.ts";
import { createSqs } from "./sqs/service.ts";
import { createTraces } from "./traces.ts";
import type { CallTrace } from "./types.ts";

/** Starts the services over `dir` (`undefined`: memory). @throws Error when the port is taken. */
export async function startEmbedded({
  clock,
  dir,
  port,
  maxConnections,
  loss,
  onTrace = () => {},
  hints = {},
  hooks,
}: {
  clock: Clock;
  dir: string | undefined;
  /** 0: a free one. */
  port: number;
  /** At once on that port. */
  maxConnections: number;
  /** What of `dir` was taken away, for whoever calls. */
  loss: () => string | undefined;
  onTrace?: ((trace: CallTrace) => void) | undefined;
  hints?: Hints | undefined;
  hooks: ServiceHooks;
}): Promise<Services> {
  // Ends what has started where the start fails.
  await using started = new AsyncDisposableStack();
  const traces = createTraces();
  const notes: string[] = [];
  let note = (text: string): void => {
    notes.push(text);
  };
  // First of all, since not even looking at a database does without room.
  const room = dir === undefined ? ENDLESS : keepRoom(dir, (text) => note(text));
  const folder = dir === undefined ? undefined : openFolder(dir, hints);
  notes.push(...(folder?.notes ?? []));
  // Another folder may be in its place by then.
  started.defer(() => void (loss() ?? folder?.closed()));
  let faults: FaultHook | undefined;
  let awsUrl = "";
  const iam = createIam();
  const credentials = createCredentials({ clock, dir });
  const dynamodb = createDynamoDb({ clock, dir, room });
  started.defer(() => dynamodb.close());
  const sqs = createSqs({ clock, dir, room, origin: () => awsUrl });
  started.defer(() => sqs.close());
  const eventbridge = createEventBridge({ clock, sqs, iam, invokeLambda: hooks.invokeLambda });
  started.defer(() => eventbridge.close());
  const s3 = createS3({
    clock,
    dir,
    room,
    onNote: (text) => note(text),
    hintOn: hints.missingBytes,
    onEvent: eventbridge.emit,
    onError: (error) =>
      hooks.log("aws/s3", error instanceof Error ? (error.stack ?? error.message) : `${error}`),
    secretFor(accessKeyId, sessionToken) {
      const found = credentials.lookup(accessKeyId, sessionToken);
      return typeof found === "string"
        ? undefined
        : { secret: found.secretAccessKey, principal: found.principal, expiresAt: found.expiresAt };
    },
  });
  started.defer(() => s3.close());
  started.defer(() => void (loss() ?? folder?.closing()));
  const server = await createAwsServer({
    clock,
    credentials,
    iam,
    services: [s3, dynamodb, sqs, eventbridge],
    port,
    maxConnections,
    outage: loss,
    faults: (call) => faults?.(call),
    onTrace(trace) {
      // What the environment does by the time that a late copy arrives has nothing to do with it.
      const invocation = trace.environment && !trace.late && hooks.invocationOf(trace.environment);
      if (invocation) trace.invocation = invocation;
      traces.add(trace);
      onTrace(trace);
    },
    onError(error, { service, action }) {
      if (dir !== undefined && isCorrupt(error)) {
        folder?.damaged();
        hooks.log("data", damageAtWork(join(dir, `${service}.sqlite`)));
      }
      hooks.log(`aws/${service}`, `${action}: ${error instanceof Error ? error.stack : error}`);
    },
  });
  started.defer(server.close);
  awsUrl = server.url;
  folder?.running();
  note = (text) => hooks.log("data", text);
  const running = started.move();
  return {
    awsUrl,
    notes,
    hasRoom: room.isThere,
    root: credentials.root,
    s3,
    dynamodb,
    sqs: {
      ...sqs,
      createQueue(queue) {
        sqs.createQueue(queue);
        return { arn: queue.arn, url: sqs.url(queue.arn) };
      },
    },
    eventbridge,
    iam,
    issue: credentials.issue,
    begin() {
      eventbridge.startSchedules();
      s3.replayEvents();
    },
    traces: traces.all,
    clearTraces: traces.clear,
    setFaults(hook) {
      faults = hook;
    },
    late: server.late,
    keepHistory: dynamodb.keepHistory,
    drain: server.drain,
    close: () => running.disposeAsync(),
  };
}
