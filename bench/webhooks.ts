/**
 * What bad endpoints cost good ones: events at the same pace to three healthy endpoints alone, and to five of which
 * one is dead and one answers after 10 s, the whole pipeline each time, in one run.
 *
 * The healthy ones alone are measured before and after, so that a machine that grows slower or faster counts for
 * both. Printed: time from the event's write to its first attempt at the healthy endpoints, the ratio of the two
 * p99, and that every delivery ended.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { createTable, type Item, type Table } from "#aws/table.ts";
import { registeredWebhook } from "#contract/webhooks.ts";
import { createClient } from "#core/create-client.ts";
import { eventWrite } from "#core/event.ts";
import { type Cloud, startCloud } from "#local/cloud.ts";
import { REGION } from "#local/types.ts";
import { createApiClient } from "#test/support/api-client.ts";
import { startReceiver } from "#test/support/receiver.ts";

const HEALTHY = 3;
/** Share of what the machine can do, so that what is measured is waiting and not the machine's limit. */
const LOAD = 0.4;
const SLOW_MS = 10_000;
/** AWS gives each delivery queue its own workers; so many that both fit, as `deliverConcurrency` has it. */
const ENVIRONMENTS = 20;
const HOUR_MS = 3_600_000;

interface Measured {
  /** Milliseconds until each first attempt at a healthy endpoint. */
  waits: number[];
  /** How many deliveries ended how. */
  statuses: Record<string, number>;
}

/** Runs and prints the comparison. */
export async function run({ short }: { short: boolean }): Promise<void> {
  const events = short ? 60 : 10_000;
  const alone = short ? 30 : 1_000;
  const pace = LOAD * (await capacity());
  console.log(`${events} events, ${pace.toFixed(1)} a second`);
  const before = await measure(alone, { pace, bad: false });
  const beside = await measure(events, { pace, bad: true });
  const after = await measure(alone, { pace, bad: false });
  const waits = [...before.waits, ...after.waits];
  console.table({
    "healthy alone, before and after": shown(waits),
    "beside a dead and a slow one": shown(beside.waits),
  });
  console.log(
    `p99 beside / alone ${(at(beside.waits, 0.99) / at(waits, 0.99)).toFixed(2)} (at most 2 is wanted)`,
  );
  console.log("deliveries that ended beside the bad ones:", beside.statuses);
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

/** Events per second that reach every healthy endpoint where all come at once. */
async function capacity(): Promise<number> {
  const burst = 300;
  await using stage = await startStage({ bad: false });
  await stage.warmUp();
  const start = performance.now();
  await Promise.all(Array.from({ length: burst }, stage.emit));
  await until(() => stage.waits.length >= burst * HEALTHY);
  return (burst * 1_000) / (performance.now() - start);
}

async function measure(count: number, { pace, bad }: { pace: number; bad: boolean }): Promise<Measured> {
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
  // What is tried again later is nobody's first attempt, and no part of what is measured.
  const measured = [...waits];
  return { waits: measured, statuses: await stage.end() };
}

/** A cloud with its endpoints, and how long each first attempt at a healthy one took. */
async function startStage({ bad }: { bad: boolean }) {
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
  const urls = receivers.map(({ url }) => url);
  const slow = await startReceiver((res) => void setTimeout(() => res.writeHead(204).end(), SLOW_MS));
  receivers.push(slow);
  if (bad) {
    const dead = await startReceiver();
    await dead.close();
    urls.push(dead.url, slow.url);
  }
  const dynamo = new DynamoDBClient({
    endpoint: cloud.awsUrl,
    region: REGION,
    credentials: cloud.rootCredentials,
  });
  const table = createTable(dynamo, cloud.outputs["TableName"] ?? "");
  const deps = { table, now: cloud.clock.now };
  const client = await createClient(deps, { name: "bench", scopes: ["webhooks:write"] });
  const hooks = await register(cloud, client, urls);

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
      const count = 30;
      for (let event = 0; event < count; event++) {
        await emit();
        await until(() => waits.length >= event * HEALTHY);
      }
      await until(() => waits.length >= count * HEALTHY);
      waits.length = 0;
      sent.clear();
    },
    /** Lets time pass until no delivery is pending, and counts them by status. */
    end() {
      slow.behave((res) => void res.writeHead(204).end());
      return untilEnded(cloud, table, hooks);
    },
    async [Symbol.asyncDispose]() {
      dynamo.destroy();
      await cloud.stop();
      await Promise.all(receivers.map((receiver) => receiver.close()));
    },
  };
}

/** Registers endpoints of a client over the API, and returns their ids. */
async function register(
  cloud: Cloud,
  { client_id, client_secret }: { client_id: string; client_secret: string },
  urls: readonly string[],
): Promise<string[]> {
  const { json } = createApiClient({
    origin: cloud.apiUrl,
    clientId: client_id,
    clientSecret: client_secret,
  });
  const made = urls.map((url) => json(registeredWebhook, "/v1/webhooks", { json: { url, events: ["*"] } }));
  return (await Promise.all(made)).map(({ webhook_id }) => webhook_id);
}

/** Lets time pass until no delivery is pending, and counts them by status. */
async function untilEnded(
  cloud: Cloud,
  table: Table,
  hooks: readonly string[],
): Promise<Record<string, number>> {
  for (let step = 0; step < 200; step++) {
    const statuses = await countStatuses(table, hooks);
    if (statuses["pending"] === undefined) return statuses;
    cloud.advance(step < 20 ? 60_000 : HOUR_MS);
    await cloud.waitForIdle({ timeoutMs: 600_000 });
  }
  throw new Error("deliveries never ended");
}

const row = z.object({ status: z.string() });

async function countStatuses(table: Table, hooks: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const hook of hooks) {
    let after: Item | undefined;
    do {
      const page = await table.query({
        where: "#pk = :pk",
        values: { pk: keys.delivery(hook, "").pk },
        after,
      });
      for (const { status } of page.items.map((item) => row.parse(item)))
        counts[status] = (counts[status] ?? 0) + 1;
      after = page.next;
    } while (after !== undefined);
  }
  return counts;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 600_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error("attempts that should come did not come in 10 minutes");
    await sleep(50);
  }
}
