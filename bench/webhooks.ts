/**
 * What bad endpoints cost good ones: events at the same pace to three healthy endpoints alone, beside 1, 10 and 100 of
 * another client that don't answer, and, as a control, beside as many that answer at once; the whole pipeline.
 *
 * Bad ones never answer (from the first or since their ping), drip an answer's headers, answer after 10 s or are dead.
 * One machine does the work of all functions here, which a deployment doesn't: what the bad ones cost beyond the control
 * is places that they hold, what the control costs is the machine. The three take turns in short windows, and what is
 * compared are medians of the windows' p99 of the time from an event's write to its first attempt. Printed too: the
 * share of the slow ones' places that were held at most, and what keeping the rates of hosts costs.
 */
import type { Socket } from "node:net";
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { REGION } from "@wharf/local-cloud";
import { createTable } from "#aws/table.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { registeredWebhook, webhook } from "#core/endpoints/contract.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { createHostShares } from "#core/turns/host-shares.ts";
import { startWharf } from "#start/start-wharf.ts";
import { type ApiClient, createApiClient } from "#test/support/api-client.ts";
import { startRawServer } from "#test/support/raw-server.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

const HEALTHY = 3;
/** Share of what the machine can do, so that what is measured is waiting and not the machine's limit. */
const LOAD = 0.3;
const SLOW_MS = 10_000;
/** AWS gives each delivery queue its own workers; so many that both fit, as `deliverConcurrency` has it. */
const ENVIRONMENTS = 20;
/** What healthy endpoints, and beside them bad or fast ones, subscribe to. */
const windows = { alone: "upload_completed", bad: "file_moved", fast: "file_deleted" } as const;
type Kind = keyof typeof windows;
const kinds = ["alone", "bad", "fast"] as const;

/** Runs and prints the comparisons. */
export async function run({ short }: { short: boolean }): Promise<void> {
  await hostCosts();
  const deliveries = await capacity(short ? 50 : 150);
  for (const extra of short ? [10] : [1, 10, 100]) {
    const pace = Math.max(0.5, Math.min(10, (LOAD * deliveries) / (HEALTHY + extra)));
    await compare(extra, { pace, rounds: short ? 3 : 5, events: Math.max(8, Math.min(20, pace * 5)) });
  }
}

async function compare(
  extra: number,
  { pace, rounds, events }: { pace: number; rounds: number; events: number },
): Promise<void> {
  await using stage = await startStage({ extra });
  await stage.warmUp();
  const p99s: Record<Kind, number[]> = { alone: [], bad: [], fast: [] };
  const p50s: Record<Kind, number[]> = { alone: [], bad: [], fast: [] };
  for (let round = 0; round < rounds; round++) {
    // Each comes first, second and last in turn.
    for (const index of kinds.keys()) {
      const kind = kinds[(index + round) % kinds.length] ?? "alone";
      const waits = await stage.measure(kind, Math.round(events), pace);
      p99s[kind].push(at(waits, 0.99));
      p50s[kind].push(at(waits, 0.5));
    }
  }
  const row = (kind: Kind) => ({
    "p50 ms": Math.round(at(p50s[kind], 0.5)),
    "p99 ms": Math.round(at(p99s[kind], 0.5)),
    "p99 by window": p99s[kind].map(Math.round).join(" "),
    "/ alone": Number((at(p99s[kind], 0.5) / at(p99s.alone, 0.5)).toFixed(2)),
  });
  console.log(
    `${extra} more endpoints, ${rounds} windows of ${Math.round(events)} events each, ${pace.toFixed(2)} a second; medians; load of the machine ${loadavg()[0]?.toFixed(1)}`,
  );
  console.table({ alone: row("alone"), "beside bad": row("bad"), "beside fast (control)": row("fast") });
  console.log(
    `p99 beside bad ones / beside as many fast ones ${(at(p99s.bad, 0.5) / at(p99s.fast, 0.5)).toFixed(2)} (at most 1.5 is wanted); they held at most ${stage.held()} requests; a queue has ${5 * ENVIRONMENTS} places`,
  );
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Write units that the rate of a host with several endpoints costs for each request. */
async function hostCosts(): Promise<void> {
  await using stage = await startStage({ extra: 0 });
  const costs: Record<string, Record<string, number>> = {};
  for (const [workers, perSecond] of [
    [1, 1],
    [1, 10],
    [1, 40],
    [4, 10],
    [20, 2],
    [20, 10],
  ] as const) {
    let [now, writes, sent] = [Date.now(), 0, 0];
    const { table } = stage;
    const update: typeof table.update = (write) => {
      writes += 1;
      return table.update(write);
    };
    const all = Array.from({ length: workers }, () =>
      createHostShares({ table: { ...table, update }, now: () => now }),
    );
    const sender = { host: `${workers}.${perSecond}`, client_id: "bench", clients: 1 };
    for (const end = now + 5_000; now < end; now += 1_000 / perSecond)
      for (const shares of all) if ((await shares.take(sender)).go) sent += 1;
    costs[`${workers} × ${perSecond} a second`] = {
      "sent a second": sent / 5,
      "write units each": Number((writes / sent).toFixed(2)),
    };
  }
  costs["a verified one alone at its host"] = { "write units each": 0 };
  console.table(costs);
}

/** Deliveries per second where `burst` events come at once. */
async function capacity(burst: number): Promise<number> {
  await using stage = await startStage({ extra: 0 });
  await stage.warmUp();
  const start = performance.now();
  await Promise.all(Array.from({ length: burst }, () => stage.emit("alone")));
  await until(() => stage.waits.length >= burst * HEALTHY);
  return (burst * HEALTHY * 1_000) / (performance.now() - start);
}

/** A cloud with its endpoints, and how long each first attempt at a healthy one took. */
async function startStage({ extra }: { extra: number }) {
  const cloud = await startWharf({ maxEnvironments: ENVIRONMENTS });
  const sent = new Map<string, number>();
  const waits: number[] = [];
  let [open, most] = [0, 0];
  const hold: Behaviour = (res) => {
    open += 1;
    most = Math.max(most, open);
    res.on("close", () => {
      open -= 1;
    });
  };
  const slow: Behaviour = (res, ...rest) => {
    void hold(res, ...rest);
    setTimeout(() => res.writeHead(204).end(), SLOW_MS);
  };
  const healthy = await startReceivers(HEALTHY, (res, { headers }) => {
    const from = sent.get(headers["webhook-id"] ?? "");
    if (from !== undefined && headers["x-delivery-attempt"] === "1") waits.push(performance.now() - from);
    res.writeHead(204).end();
  });
  const fast = await startReceivers(5);
  const bad = await Promise.all([
    startReceiver(hold, hold),
    startReceiver(hold),
    startReceiver(slow, slow),
    startRawServer(drip),
    startReceiver(),
  ]);
  await bad[4].close();
  const dynamo = new DynamoDBClient({
    endpoint: cloud.awsUrl,
    region: REGION,
    credentials: cloud.rootCredentials,
  });
  const table = createTable(dynamo, cloud.outputs["TableName"] ?? "");
  const deps = { table, now: cloud.clock.now };
  const client = async (name: string) => {
    const { client_id, client_secret, workspace_id } = await createClient(deps, {
      name,
      scopes: ["webhooks:write", "admin"],
    });
    const { json } = createApiClient({
      origin: cloud.apiUrl,
      clientId: client_id,
      clientSecret: client_secret,
    });
    return { client_id, workspace_id, json };
  };
  const [owner, badOwner, fastOwner] = [await client("bench"), await client("bad"), await client("fast")];
  const all = Object.values(windows);
  await register(owner, healthy, all, HEALTHY);
  const badOnes = await register(badOwner, bad, [windows.bad], extra);
  await register(fastOwner, fast, [windows.fast], extra);

  const emit = async (kind: Kind) => {
    const { put } = eventWrite(cloud.clock.now(), {
      type: windows[kind],
      request_id: "bench",
      workspace_id: owner.workspace_id,
      actor: { type: "client", id: owner.client_id },
      data: {},
    });
    sent.set(String(put["event_id"]), performance.now());
    await table.put({ blind: "seeded", put });
  };
  const setBad = async (enabled: boolean) => {
    const [path, json] = enabled ? ["enable", { force: true }] : ["disable", {}];
    for (const id of badOnes) await badOwner.json(webhook, `/v1/webhooks/${id}/${path}`, { json });
  };
  const forget = () => {
    waits.length = 0;
    sent.clear();
  };

  return {
    table,
    waits,
    emit,
    held: () => most,
    /** Functions start and endpoints become known before anything is measured. */
    async warmUp() {
      for (const [index, kind] of (["alone", "fast", "alone", "fast", "alone"] as const).entries()) {
        await emit(kind);
        await until(() => waits.length >= (index + 1) * HEALTHY);
      }
      forget();
    },
    /** Milliseconds until each first attempt at a healthy endpoint; bad ones take part in their own windows only. */
    async measure(kind: Kind, count: number, pace: number): Promise<number[]> {
      await setBad(kind === "bad");
      if (kind !== "bad") await until(() => open === 0);
      forget();
      const start = performance.now();
      const writes: Promise<void>[] = [];
      for (let event = 0; event < count; event++) {
        await sleep(Math.max(0, start + (event * 1_000) / pace - performance.now()));
        writes.push(emit(kind));
      }
      await Promise.all(writes);
      await until(() => waits.length >= count * HEALTHY);
      return [...waits];
    },
    async [Symbol.asyncDispose]() {
      dynamo.destroy();
      await cloud.stop();
      await Promise.all([...healthy, ...fast, ...bad.slice(0, 4)].map((receiver) => receiver.close()));
    },
  };
}

function startReceivers(count: number, behaviour?: Behaviour) {
  return Promise.all(Array.from({ length: count }, () => startReceiver(behaviour)));
}

/** Registers so many endpoints over the API, at these receivers in turn. */
async function register(
  { json }: Pick<ApiClient, "json">,
  receivers: readonly { url: string }[],
  events: readonly string[],
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { url } = receivers[index % receivers.length] ?? {};
    const made = await json(registeredWebhook, "/v1/webhooks", { json: { url, events } });
    ids.push(made.webhook_id);
  }
  return ids;
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
