/**
 * Every consumer of a queue or stream, and what a test needs to poison one: records that throw, hang, block their
 * function or mean nothing, beside good ones.
 */
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type FaultHook, REGION } from "@wharf/local-cloud";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { registeredWebhook } from "#core/endpoints/contract.ts";
import { newId } from "#core/kernel/ids.ts";
import { ensureAssembly } from "#start/assembly.ts";
import type { Receiver } from "./receiver.ts";
import { startStory } from "./story.ts";

export interface Consumer {
  /** Logical id of the function, without its hash. */
  readonly function: string;
  /** … of the queue that it reads; none for the table's stream. */
  readonly queue?: string;
  readonly deadLetters: string;
  /** Most records of one invocation. */
  readonly batch: number;
  /** Its records say nothing but that it is time: any that is handled stands for all, and one lost is no loss. */
  readonly alike?: true;
  /** Has records with these ids come to it, all at once; the ids are what `done` goes by. */
  plant(world: PoisonWorld, ids: readonly string[]): Promise<void>;
  /** Whether it has done its work on the record with this id. */
  done(world: PoisonWorld, id: string): boolean;
  /** An id for `plant`. */
  newId(): string;
}

let made = 0;
let renamed = 0;
const requestId = () => `poison-${String(++made).padStart(6, "0")}`;
const emitted = {
  plant: (world: PoisonWorld, ids: readonly string[]) => world.emit(ids),
  done: ({ receiver }: PoisonWorld, id: string) =>
    receiver.received.some(({ body }) => body.includes(`"${id}"`)),
  newId: requestId,
};

/** By logical id of the event-source mapping, without its hash. */
export const consumers: Readonly<Record<string, Consumer>> = {
  IngestEventsMapping: {
    ...{ function: "IngestFunction", queue: "IngestEventsQueue", deadLetters: "IngestEventsDeadLetters" },
    batch: 1,
    newId: () => newId("upl", Date.now()),
    async plant({ story }, ids) {
      for (const id of ids) {
        const Key = `o/${story.workspaceId}/${id}`;
        await story.s3.send(new PutObjectCommand({ Bucket: story.bucket, Key, Body: "x" }));
      }
    },
    done: (world, id) =>
      world.logged("IngestFunction").some(({ key, result }) => key?.endsWith(id) && result !== undefined),
  },
  RelayMapping: {
    ...{ function: "RelayFunction", deadLetters: "RelayDeadLetters", batch: 10 },
    ...emitted,
  },
  WebhooksEventsMapping: {
    ...{ function: "WebhooksFanOut", queue: "WebhooksEventsQueue", deadLetters: "WebhooksEventsDeadLetters" },
    batch: 10,
    ...emitted,
  },
  WebhooksDeliverFirstMapping: {
    ...{ function: "WebhooksDeliver", queue: "WebhooksDeliverFirstQueue" },
    ...{ deadLetters: "WebhooksDeliverFirstDeadLetters", batch: 5 },
    ...emitted,
    async plant(world, ids) {
      // Whoever has answered is prompt.
      const warm = requestId();
      await world.emit([warm]);
      await world.until(() => emitted.done(world, warm));
      await world.emit(ids);
    },
  },
  WebhooksDeliverRetryMapping: {
    ...{ function: "WebhooksDeliverSlow", queue: "WebhooksDeliverRetryQueue" },
    ...{ deadLetters: "WebhooksDeliverRetryDeadLetters", batch: 5 },
    ...emitted,
    async plant(world, ids) {
      await world.slowDown();
      await world.emit(ids);
    },
  },
  SweepTicksMapping: {
    ...{ function: "SweepFunction", queue: "SweepTicksQueue", deadLetters: "SweepTicksDeadLetters" },
    batch: 10,
    alike: true,
    newId: requestId,
    plant: (world, ids) => world.send("SweepTicksQueue", ids),
    // Ticks are all alike: any that comes to its end has done all that there was to do.
    done: (world) =>
      world.logged("SweepFunction").some(({ ticks, error }) => ticks !== undefined && error === undefined),
  },
};

export type PoisonWorld = Awaited<ReturnType<typeof startPoisonWorld>>;

const MINUTE = 60_000;
const line = z.looseObject({
  key: z.string().optional(),
  result: z.unknown().optional(),
  ticks: z.number().optional(),
  error: z.unknown().optional(),
});

/**
 * A cloud with an endpoint that hears of all that goes well.
 *
 * @param blocks `<function>:<id>` of records that block the function's thread for good, whatever else is in their batch.
 * @param assembly in which functions can be blocked and have little time (`poisonedAssembly`). @default as it deploys
 */
export async function startPoisonWorld({
  blocks = "",
  assembly,
}: {
  blocks?: string;
  assembly?: string;
} = {}) {
  const story = await startStory({
    // One environment a function: what comes while it is busy makes one batch.
    cloud: { maxEnvironments: 1, extraEnv: { POISON: blocks }, ...(assembly && { assembly }) },
  });
  const sqs = new SQSClient({
    ...{ endpoint: story.cloud.awsUrl, region: REGION, credentials: story.cloud.rootCredentials },
  });
  const receiver: Receiver = await story.receiver();
  const { webhook_id } = await story.json(registeredWebhook, "/v1/webhooks", {
    json: { url: receiver.url, events: ["file_moved"], rate_per_second: 50 },
  });
  const { file_id } = await story.upload(Buffer.from("x"), { filename: "a.txt", finalize: { share: false } });
  await story.cloud.waitForIdle();
  const end = Promise.withResolvers<undefined>();
  const world = {
    story,
    receiver,
    /** Renames a file once for each, by requests of these ids. */
    async emit(ids: readonly string[]): Promise<void> {
      for (const id of ids) {
        const change = {
          method: "PATCH",
          headers: { "X-Request-ID": id },
          json: { name: `${++renamed}.txt` },
        };
        const answer = await story.api(`/v1/files/${file_id}`, change);
        if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      }
    },
    /** From here on its endpoint counts as one whose answers take long. */
    async slowDown(): Promise<void> {
      await story.table.update({
        blind: "seeded",
        key: keys.hookState(webhook_id),
        update: { set: { latency_ms: 5_000 } },
      });
    },
    async send(queue: string, bodies: readonly string[]): Promise<void> {
      const QueueUrl = await urlOf(queue);
      const entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      // SQS: 10 messages per SendMessageBatch at most.
      for (let at = 0; at < entries.length; at += 10)
        await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries.slice(at, at + 10) }));
    },
    /** Lines of a function that are JSON. */
    logged: (name: string): z.infer<typeof line>[] =>
      story.cloud.logs.lines().flatMap(({ function: logicalId, text }) => {
        if (!isNamed(logicalId, name) || !text.startsWith("{")) return [];
        const { data } = line.safeParse(JSON.parse(text));
        return data === undefined ? [] : [data];
      }),
    async deadLetters(queue: string): Promise<string[]> {
      const QueueUrl = await urlOf(queue);
      const wish = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(wish));
      return Messages.map(({ Body = "" }) => Body);
    },
    /** Lets time pass, by what a failed batch waits, until something is so. */
    async until(so: () => boolean | Promise<boolean>): Promise<void> {
      for (let round = 0; round < 60; round++) {
        await story.cloud.waitForIdle({ timeoutMs: 60_000 });
        if (await so()) return;
        story.advance(3 * MINUTE);
      }
      throw new Error("it didn't come to pass within three hours");
    },
    /** What becomes of each call to AWS that a function makes on behalf of a record, by the id that was planted. */
    onBehalf(id: string, name: string, fault: () => ReturnType<FaultHook>): FaultHook {
      const names = new Set([id]);
      return ({ body, caller, action }) => {
        if (body === undefined) return undefined;
        // What the API writes of the request tells the event's id.
        if (action === "TransactWriteItems" && body.includes(`"${id}"`) && isNamed(caller, "ApiFunctionRole"))
          for (const [event] of body.matchAll(/evt_\w{26}/g)) names.add(event);
        const concerns = isNamed(caller, `${name}Role`) && [...names].some((each) => body.includes(each));
        return concerns ? fault() : undefined;
      };
    },
    /** Never answers, until the test ends. */
    hang: () => end.promise,
    async [Symbol.asyncDispose]() {
      end.resolve(undefined);
      story.cloud.setFaults(undefined);
      sqs.destroy();
      await story.stop();
    },
  };
  return world;

  async function urlOf(queue: string): Promise<string> {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const [url, ...others] = QueueUrls.filter((each) => isNamed(each, queue));
    if (url === undefined || others.length > 0)
      throw new Error(`${queue} is none of ${QueueUrls.join(", ")}`);
    return url;
  }
}

/** Whether a name has this logical id in it, followed by its hash. */
function isNamed(text: string, logicalId: string): boolean {
  return new RegExp(`(^|-)${logicalId}[0-9A-F]{8}`).test(text);
}

const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).default({}) }),
  ),
});

/**
 * A copy of the app's assembly whose functions have `seconds`, and block their thread at a record that `POISON` names:
 * as a loop without an end would, but for the heat.
 */
export async function poisonedAssembly(dir: string, seconds: number): Promise<string> {
  cpSync(await ensureAssembly(), dir, { recursive: true });
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (name.startsWith("asset.") && readdirSync(path).includes("index.mjs")) {
      renameSync(join(path, "index.mjs"), join(path, "healthy.mjs"));
      writeFileSync(join(path, "index.mjs"), WRAPPER);
    }
    if (name.endsWith(".template.json")) {
      const stack = template.parse(JSON.parse(readFileSync(path, "utf8")));
      for (const [id, { Type, Properties }] of Object.entries(stack.Resources)) {
        const reads = Object.values(consumers).some((consumer) => isNamed(id, consumer.function));
        if (Type === "AWS::Lambda::Function" && reads) Object.assign(Properties, { Timeout: seconds });
      }
      writeFileSync(path, JSON.stringify(stack));
    }
  }
  return dir;
}

const WRAPPER = `
import { handler as healthy } from "./healthy.mjs";
const [name, id] = (process.env.POISON ?? "").split(":");
const mine = name !== "" && new RegExp("-" + name + "[0-9A-F]{8}").test(process.env.AWS_LAMBDA_FUNCTION_NAME);
export const handler = (event, context) => {
  if (mine && JSON.stringify(event).includes(id)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return healthy(event, context);
};
`;
