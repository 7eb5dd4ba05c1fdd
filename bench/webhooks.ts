/**
 * What bad endpoints cost good ones: events at the same pace to three healthy endpoints alone, and beside 1, 10 and 100
 * of another client that accept and never answer, drip an answer's headers, answer after 10 s or are dead; the whole
 * pipeline each time, in one run.
 *
 * The healthy ones alone are measured before and after each, so that a machine that grows slower or faster counts for
 * both. The pace is what the machine does with ease for all endpoints together. Printed: time from the event's write to
 * its first attempt at the healthy endpoints, and the ratio of the two p99.
 */
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createTable } from "#aws/table.ts";
import { registeredWebhook } from "#contract/webhooks.ts";
import { createClient } from "#core/create-client.ts";
import { eventWrite } from "#core/event.ts";
import { type Cloud, startCloud } from "#local/cloud.ts";
import { REGION } from "#local/types.ts";
import { createApiClient } from "#test/support/api-client.ts";
import { startRawServer } from "#test/support/raw-server.ts";
import { startReceiver } from "#test/support/receiver.ts";

const HEALTHY = 3;
/** Share of what the machine can do, so that what is measured is waiting and not the machine's limit. */
const LOAD = 0.3;
const SLOW_MS = 10_000;
/** AWS gives each delivery queue its own workers; so many that both fit, as `deliverConcurrency` has it. */
const ENVIRONMENTS = 20;

/** Runs and prints the comparisons. */
export async function run({ short }: { short: boolean }): Promise<void> {
  const deliveries = await capacity(short ? 50 : 300);
  for (const bad of short ? [10] : [1, 10, 100]) {
    const pace = Math.max(short ? 2 : 0.5, (LOAD * deliveries) / (HEALTHY + bad));
    const events = short ? 20 : Math.min(2_000, Math.max(100, Math.round(pace * 60)));
    console.log(`${events} events, ${pace.toFixed(2)} a second`);
    const before = await measure(events, { pace, bad: 0 });
    const beside = await measure(events, { pace, bad });
    const after = await measure(events, { pace, bad: 0 });
    const alone = [...before, ...after];
    console.table({ "alone, before and after": shown(alone), [`beside ${bad} bad ones`]: shown(beside) });
    const ratio = at(beside, 0.99) / at(alone, 0.99);
    console.log(`p99 beside ${bad} / alone ${ratio.toFixed(2)} (at most 1.5 is wanted)`);
  }
}

const shown = (waits: readonly number[]) => ({
  attempts: waits.length,
  "p50 ms": Math.round(at(waits, 0.5)),
  "p99 ms": Math.round(at(waits, 0.99)),
  "max ms": Math.round(at(waits, 1)),
});

function at(waits: readonly number[], share: number): number {
  const sorted = [...waits].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Deliveries per second where `burst` events come at once. */
async function capacity(burst: number): Promise<number> {
  await using stage = await startStage({ bad: 0 });
  await stage.warmUp();
  const start = performance.now();
  await Promise.all(Array.from({ length: burst }, stage.emit));
  await until(() => stage.waits.length >= burst * HEALTHY);
  return (burst * HEALTHY * 1_000) / (performance.now() - start);
}

/** Milliseconds until each first attempt at a healthy endpoint. */
async function measure(count: number, { pace, bad }: { pace: number; bad: number }): Promise<number[]> {
  await using stage = await startStage({ bad });
  const { waits } = stage;
  await stage.warmUp();
  const start = performance.now();
  const writes: Promise<void>[] = [];
  for (let event = 0; event < count; event++) {
    await sleep(Math.max(0, start + (event * 1_000) / pace - performance.now()));
    writes.push(stage.emit());
  }
  await Promise.all(writes);
  await until(() => waits.length >= count * HEALTHY);
  return [...waits];
}

/** A cloud with its endpoints, and how long each first attempt at a healthy one took. */
async function startStage({ bad }: { bad: number }) {
  const cloud = await startCloud({ maxEnvironments: ENVIRONMENTS });
  const sent = new Map<string, number>();
  const waits: number[] = [];
  const receivers = await Promise.all(
    Array.from({ length: HEALTHY }, () =>
      startReceiver((res, { headers }) => {
        const from = sent.get(headers["webhook-id"] ?? "");
        if (from !== undefined && headers["x-delivery-attempt"] === "1") waits.push(performance.now() - from);
        res.writeHead(204).end();
      }),
    ),
  );
  const kinds = await Promise.all([
    startReceiver(() => {}),
    startReceiver((res) => void setTimeout(() => res.writeHead(204).end(), SLOW_MS)),
    startRawServer(drip),
    startReceiver(),
  ]);
  await kinds[3].close();
  const dynamo = new DynamoDBClient({
    endpoint: cloud.awsUrl,
    region: REGION,
    credentials: cloud.rootCredentials,
  });
  const table = createTable(dynamo, cloud.outputs["TableName"] ?? "");
  const deps = { table, now: cloud.clock.now };
  const scopes = ["webhooks:write", "admin"] as const;
  const client = await createClient(deps, { name: "bench", scopes: [...scopes] });
  const other = await createClient(deps, { name: "other", scopes: [...scopes] });
  await register(
    cloud,
    client,
    receivers.map(({ url }) => url),
  );
  await register(
    cloud,
    other,
    Array.from({ length: bad }, (_, index) => kinds[index % kinds.length]?.url ?? ""),
  );

  const emit = async () => {
    const { put } = eventWrite(cloud.clock.now(), {
      type: "upload_completed",
      request_id: "bench",
      workspace_id: client.workspace_id,
      actor: { type: "client", id: client.client_id },
      data: {},
    });
    sent.set(String(put["event_id"]), performance.now());
    await table.put({ put });
  };

  return {
    waits,
    emit,
    /** Functions start and endpoints become known before anything is measured. */
    async warmUp() {
      const count = 10;
      for (let event = 1; event <= count; event++) {
        await emit();
        await until(() => waits.length >= event * HEALTHY);
      }
      waits.length = 0;
      sent.clear();
    },
    async [Symbol.asyncDispose]() {
      dynamo.destroy();
      await cloud.stop();
      await Promise.all([...receivers, ...kinds.slice(0, 3)].map((receiver) => receiver.close()));
    },
  };
}

/** Registers endpoints of a client over the API. */
async function register(
  cloud: Cloud,
  { client_id, client_secret }: { client_id: string; client_secret: string },
  urls: readonly string[],
): Promise<void> {
  const { json } = createApiClient({
    origin: cloud.apiUrl,
    clientId: client_id,
    clientSecret: client_secret,
  });
  for (const url of urls) await json(registeredWebhook, "/v1/webhooks", { json: { url, events: ["*"] } });
}

/** Headers, a byte at a time and without end. */
function drip(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\nX-Drip: ");
  const timer = setInterval(() => socket.write("x"), 1_000);
  socket.on("close", () => clearInterval(timer)).on("error", () => {});
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 600_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error("attempts that should come did not come in 10 minutes");
    await sleep(50);
  }
}
