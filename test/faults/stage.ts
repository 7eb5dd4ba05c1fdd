/**
 * The whole of Wharf in this process, for one case: the API and every consumer, over the local DynamoDB and S3 behind
 * the AWS port, with messages that wait in memory until their time. Everybody is an environment of their own.
 */

import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import type { BusEvent } from "#aws/events.ts";
import { DUE_INDEX } from "#aws/keys.ts";
import { createObjects } from "#aws/objects.ts";
import { type DeliveryMessage, deliveryMessage, type Lane, MAX_DELAY_MS, type Wake } from "#aws/queues.ts";
import { createTable, type QueryInput } from "#aws/table.ts";
import { event } from "#contract/events.ts";
import { type Scope, scopes } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { fanOut } from "#core/delivery/fan-out.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { sweepWakeUps } from "#core/delivery/sweep-wake-ups.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { eventRecord } from "#core/events/records.ts";
import { relayEvents } from "#core/events/relay-events.ts";
import { sweepEvents } from "#core/events/sweep-events.ts";
import { objectCreated } from "#core/finalize/object-created.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { sweepMoves } from "#core/folders/sweep-moves.ts";
import { sweepGrants } from "#core/grants/sweep-grants.ts";
import { sweepInvitations } from "#core/invitations/sweep-invitations.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { createOutbound } from "#core/outbound/outbound.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { sweepClients } from "#core/revocation/sweep-clients.ts";
import { sweepKeys } from "#core/revocation/sweep-keys.ts";
import { sweepOrganizations } from "#core/revocation/sweep-organizations.ts";
import { sweepRevocations } from "#core/revocation/sweep-revocations.ts";
import { sweepHandovers } from "#core/transfers/sweep-handovers.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { createHostShares } from "#core/turns/host-shares.ts";
import { countSessions } from "#core/uploads/count-sessions.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { createApp } from "#http/app.ts";
import { roomRoutes } from "#lambdas/api/routes.ts";
import { callBy } from "#test/support/caller.ts";
import { checkProblem } from "#test/support/check-problem.ts";
import { type Behaviour, type Receiver, startReceiver } from "#test/support/receiver.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Given, PUBLIC_URL, startWorld } from "#test/support/world.ts";
import { keepLog } from "./arrivals.ts";
import { type Between, watched } from "./calls.ts";
import { keepRemovals } from "./removals.ts";
import { MINUTE, passTime } from "./time.ts";

export type Stage = Awaited<ReturnType<typeof startStage>>;
export type Actor = Awaited<ReturnType<Stage["actor"]>>;

/** Six times the functions' timeouts, as the queues have it. */
const HIDDEN_MS = { deliver: 3 * MINUTE, fanOut: 6 * MINUTE, ingest: 6 * MINUTE };
/** So that what is deleted is purged before a story ends; `play.ts` looks at the trash before. */
const TRASH_DAYS = 3;
/** Where readers of links are. */
export const SOURCE = "192.0.2.1";
/** More than any story has to do. */
const MAX_ROUNDS = 3_000;

type Waiting<T> = { at: number; it: T };

/** Starts it with one client that may do all but administrate. */
export async function startStage() {
  let made: Waiting<string>[] = [];
  const world = await startWorld({
    retries: true,
    onObject(it, what) {
      if (what === "removed") removals.removed(it);
      else made.push({ at: Date.now(), it });
    },
  });
  const { dynamo } = world;
  const endpoint = await dynamo.config.endpoint?.();
  if (endpoint === undefined) throw new Error("the world's DynamoDB has no endpoint");
  const url = `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port}`;
  const bucket = createObjects(world.s3, "files", { endpoint: url });
  const outbound = createOutbound({ ownHosts: [], allowLoopback: true, timeoutMs: 5_000 });
  const receivers: Receiver[] = [];
  const log = keepLog(world.stream);
  const removals = keepRemovals(world.stream);

  let messages: Waiting<DeliveryMessage>[] = [];
  const worked: DeliveryMessage[] = [];
  const fannedOut: BusEvent[] = [];
  let published: Waiting<BusEvent>[] = [];
  /** How far the relay is in the table's stream. */
  let relayed: string | undefined;

  /** What an environment has of its own: its clock, its clients, and what it keeps in memory. */
  function environment({ skew = 0, between }: { skew?: number; between?: Between | undefined } = {}) {
    const now = () => Date.now() + skew;
    // Who isn't watched needs no port between.
    const table = createTable(between === undefined ? world.direct : dynamo, world.tableName);
    const bare = {
      ...world.deps,
      config: { ...world.deps.config, trashDays: TRASH_DAYS },
      now,
      table,
      objects: bucket,
      outbound,
      operator: {},
      // The stage's client has no scope admin.
      orgCreation: "member" as const,
      queues: {
        async send(lane: Lane, wakes: readonly Wake[], at: number, { notBefore = 0 } = {}) {
          for (const wake of wakes) {
            const wait = Math.min(Math.max(wake.next_ms - at, notBefore - at, 0), MAX_DELAY_MS);
            messages.push({
              at: Date.now() + Math.ceil(wait / 1000) * 1000,
              it: deliveryMessage.parse({ ...wake, lane }),
            });
          }
        },
      },
      bus: {
        async publish(all: readonly BusEvent[]) {
          published.push(...all.map((it) => ({ at: Date.now(), it })));
          return new Set(all.map(({ event_id }) => event_id));
        },
      },
    };
    const deps = between === undefined ? bare : watched(bare, between);
    return { ...deps, hosts: createHostShares(deps) };
  }
  type Environment = ReturnType<typeof environment>;

  const plain = environment();
  const owner = await createClient(plain, { name: "ci", scopes: scopes.filter((one) => one !== "admin") });

  /** What a client of the workspace does, in an environment of the API's. */
  async function actor({
    client = owner,
    name = "ci",
    scopes: granted,
    ...options
  }: {
    client?: typeof owner;
    name?: string;
    scopes?: Scope[];
    skew?: number;
    between?: Between;
  } = {}) {
    const deps = environment(options);
    const app = createApp(deps, roomRoutes);
    async function anonymous(
      path: string,
      { method, json, form, body: given, headers = {}, sourceIp = SOURCE }: Given = {},
    ) {
      const body = json === undefined ? (form ? new URLSearchParams(form) : given) : JSON.stringify(json);
      const init = {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body }),
      };
      const local = path.replace(PUBLIC_URL, "");
      // No two things happen in one moment, but for those of one call.
      if (options.between === undefined) passTime(1);
      const answer = await app.request(local, init, { sourceIp });
      await checkProblem(answer, init.method, local);
      return answer;
    }
    let token: { access_token: string; until: number } | undefined;
    async function request(path: string, { headers, ...rest }: Given = {}) {
      if (token === undefined || token.until <= Date.now()) {
        const asked = { clientId: client.client_id, clientSecret: client.client_secret };
        const all = granted === undefined ? asked : { ...asked, scope: granted.join(" ") };
        const { access_token, expires_in } = await issueToken(plain, all);
        token = { access_token, until: Date.now() + expires_in * 1000 - MINUTE };
      }
      return anonymous(path, {
        ...rest,
        headers: { authorization: `Bearer ${token.access_token}`, ...headers },
      });
    }
    /** The body of an answer that isn't a refusal. */
    async function json(path: string, given: Given = {}): Promise<Record<string, unknown>> {
      const answer = await request(path, given);
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return z.record(z.string(), z.unknown()).parse(await answer.json());
    }
    const call = {
      ...callBy({
        ...{ id: client.client_id, name, workspaceId: owner.workspace_id, workspaceName: "ci" },
        scopes: granted ?? scopes,
      }),
    };
    // Its token is there before anything is counted.
    await request("/v1/workspaces");
    return { deps, client, call, request, anonymous, json, by: uploader({ request }), ...consumers(deps) };
  }

  /** Each function that isn't the API, called once by what it consumes. */
  function consumers(deps: Environment) {
    return {
      /** New events of the outbox, as the stream brings them. What fails comes again. */
      async relay(): Promise<void> {
        const { records } = world.stream.read({ after: relayed, limit: 1_000 });
        const images = records.flatMap(({ eventName, dynamodb: { NewImage: image } }) =>
          eventName === "INSERT" && image?.["pk"]?.S?.startsWith("EVT#") ? [image] : [],
        );
        if (images.length > 0) {
          // The stream's types and the SDK's say the same in different words.
          const fresh = images.map((image) =>
            eventRecord.parse(unmarshall(image as Parameters<typeof unmarshall>[0])),
          );
          const done = await relayEvents(deps, fresh);
          if (fresh.some(({ event_id }) => !done.has(event_id))) throw new Error("not all were relayed");
        }
        relayed = records.at(-1)?.dynamodb.SequenceNumber ?? relayed;
      },
      async fanOut(): Promise<void> {
        const batch = take(published);
        published = published.filter((one) => !batch.includes(one));
        if (batch.length === 0) return;
        fannedOut.push(...batch.map(({ it }) => it));
        try {
          await fanOut(
            deps,
            batch.map(({ it }) => event.parse(JSON.parse(it.body))),
          );
        } catch (error) {
          published.push(...batch.map((one) => ({ ...one, at: Date.now() + HIDDEN_MS.fanOut })));
          throw error;
        }
      },
      /** Works off the message that has waited longest; nothing where none has come yet. */
      async deliver(): Promise<void> {
        const [first] = take(messages).sort((a, b) => a.at - b.at);
        if (first === undefined) return;
        messages = messages.filter((one) => one !== first);
        worked.push(first.it);
        try {
          await deliver(deps, first.it);
        } catch (error) {
          messages.push({ at: Date.now() + HIDDEN_MS.deliver, it: first.it });
          throw error;
        }
      },
      /** What S3 tells of each object that it has made. */
      async ingest(): Promise<void> {
        const batch = take(made);
        made = made.filter((one) => !batch.includes(one));
        for (const { it } of batch) {
          try {
            await objectCreated(deps, it);
          } catch (error) {
            made.push({ at: Date.now() + HIDDEN_MS.ingest, it });
            throw error;
          }
        }
      },
      /** One part of a sweep. */
      async sweep(kind: SweptKind): Promise<void> {
        await sweeps[kind](deps);
      },
    };
  }

  /** Keys and sizes of the bucket's objects. */
  async function objects() {
    const { Contents = [] } = await world.s3.send(new ListObjectsV2Command({ Bucket: "files" }));
    return Contents.map(({ Key = "", Size = 0 }) => ({ key: Key, size: Size }));
  }

  const take = <T>(waiting: readonly Waiting<T>[]) => waiting.filter(({ at }) => at <= Date.now());
  const worker = consumers(plain);

  /** Works off all that has come. What fails comes again by itself. */
  async function work(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await worker.ingest().catch(() => {});
      await worker.relay().catch(() => {});
      if (take(published).length > 0) await worker.fanOut().catch(() => {});
      const due = take(messages).length;
      for (let nth = 0; nth < due; nth++) await worker.deliver().catch(() => {});
      log.look();
      removals.look();
      if (take(published).length + take(messages).length === 0) return;
    }
    throw new Error("there is no end to what there is to do");
  }

  /** Partitions of the index that hold something. */
  const shards = new Set<string>();
  /** For sweeps: what holds nothing isn't asked, which is most of it. */
  const sparing = {
    ...plain,
    table: {
      ...plain.table,
      query: async (input: QueryInput) =>
        input.index === undefined || shards.has(String(input.values["shard"]))
          ? plain.table.query(input)
          : { items: [], next: undefined },
    },
  };

  /** What the sweep has to do, by kind: when the first of it is due (ms). */
  async function dueTimes(): Promise<Map<SweptKind, number>> {
    shards.clear();
    const { Items = [] } = await world.direct.send(
      new ScanCommand({
        TableName: world.tableName,
        IndexName: DUE_INDEX,
        ProjectionExpression: "due_pk, due_sk",
      }),
    );
    const times = new Map<SweptKind, number>();
    for (const { due_pk, due_sk } of Items) {
      shards.add(String(due_pk));
      const kind = sweptKind(String(due_pk).split("#")[0]);
      const at = Date.parse(String(due_sk).slice(0, 24));
      times.set(kind, Math.min(times.get(kind) ?? at, at));
    }
    return times;
  }

  /** What runs each minute; parts with nothing to do are left out. One that fails runs again. */
  async function sweep(): Promise<void> {
    for (const [kind, at] of await dueTimes()) {
      if (at <= Date.now()) await sweeps[kind](sparing).catch(() => {});
    }
    await work();
  }

  /** Moves time on by `ms`; on the way all comes whose time it is, and the sweep runs where it has something to do. */
  async function pass(ms: number): Promise<void> {
    const end = Date.now() + ms;
    for (let round = 0; Date.now() < end; round++) {
      if (round === MAX_ROUNDS) throw new Error("there is no end to what is due");
      const next = Math.min(...[...messages, ...published, ...made].map(({ at }) => at));
      const due = Math.min(...(await dueTimes()).values());
      const nextSweep = Math.max(due, Date.now() + MINUTE);
      passTime(Math.max(0, Math.min(end, nextSweep, Math.max(next, Date.now())) - Date.now()));
      await work();
      if (Date.now() === nextSweep) await sweep();
    }
  }

  return {
    world,
    owner,
    plain,
    actor,
    work,
    sweep,
    pass,
    dueTimes,
    waiting: () => messages,
    /** Has each message that was worked on come once more, as SQS may. */
    async workAgain(): Promise<void> {
      messages.push(...worked.splice(0).map((it) => ({ at: Date.now(), it })));
      await work();
    },
    /** The same for each event. */
    async fanOutAgain(): Promise<void> {
      published.push(...fannedOut.splice(0).map((it) => ({ at: Date.now(), it })));
      await worker.fanOut();
    },
    /** The relay never hears of the events that there are by now. */
    missEvents(): void {
      relayed = world.stream.latest();
    },
    /** Works off each message that has come once; then nobody works for so long (ms). */
    async stall(ms: number): Promise<void> {
      const due = take(messages).length;
      for (let nth = 0; nth < due; nth++) await worker.deliver();
      log.look();
      passTime(ms);
    },
    /** Nobody hears of the objects that S3 has made and that nobody has heard of yet. */
    loseObjects(): void {
      made = [];
    },
    /** Loses every message that waits. */
    loseMessages() {
      messages = [];
    },
    /** Another client that may use the workspace. */
    async rival(name = "rival") {
      const client = await createClient(plain, { name, scopes: scopes.filter((one) => one !== "admin") });
      await shareWorkspace(plain, { clientId: client.client_id, workspaceId: owner.workspace_id });
      return actor({ client, name });
    },
    log,
    removals,
    async receiver(behaviour?: Behaviour, onPing?: Behaviour) {
      const receiver: Receiver = await startReceiver(behaviour, onPing, (one) =>
        log.arrive(new URL(one.path, receiver.url).href, one),
      );
      receivers.push(receiver);
      return receiver;
    },
    objects,
    /** Keys of the bucket's open multipart uploads. */
    async multiparts() {
      const { Uploads = [] } = await world.s3.send(new ListMultipartUploadsCommand({ Bucket: "files" }));
      return Uploads.map(({ Key = "", UploadId = "" }) => ({ key: Key, id: UploadId }));
    },
    async close() {
      for (const receiver of receivers) await receiver.close();
      outbound.close();
      await world.close();
    },
  };
}

const sweeps = {
  upload: sweepUploads,
  version: sweepVersions,
  trash: sweepTrash,
  handover: sweepHandovers,
  organization: sweepOrganizations,
  move: sweepMoves,
  delivery: sweepDeliveries,
  endpoint: sweepEndpoints,
  recovery: sweepRecoveries,
  wake_up: sweepWakeUps,
  event: sweepEvents,
  link: sweepLinks,
  lock: sweepLocks,
  grant: sweepGrants,
  revocation: sweepRevocations,
  key: sweepKeys,
  client: sweepClients,
  invitation: sweepInvitations,
  /** No index: the count of open uploads. */
  sessions: countSessions,
} satisfies Record<string, (deps: never) => Promise<unknown>>;
export type SweptKind = keyof typeof sweeps;

function sweptKind(text: string | undefined): SweptKind {
  if (text === undefined || !Object.hasOwn(sweeps, text))
    throw new Error(`nothing sweeps what is due as ${text}`);
  return text as SweptKind;
}
