/**
 * Locks: Wharf's verbs, beside the same two conditional writes by the bare SDK (the limit), beside the algorithm of
 * awslabs' dynamodb-lock-client, all over the local DynamoDB's wire in one run.
 */
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type CallTrace, createClock, REGION } from "@wharf/local-cloud";
import { createCredentials } from "@wharf/local-cloud/credentials.ts";
import { createDynamoDb } from "@wharf/local-cloud/dynamodb/service.ts";
import { createAwsServer } from "@wharf/local-cloud/server.ts";
import { createTable } from "#aws/table.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import type { Call } from "#core/kernel/call.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { acquireLock } from "#core/locks/acquire-lock.ts";
import { releaseLock } from "#core/locks/release-lock.ts";
import { workspaceWrites } from "#core/workspaces/make-workspace.ts";
import { newFile } from "#test/support/file-writes.ts";
import { spec } from "#test/support/table-spec.ts";

const TTL_SECONDS = 30;

interface Contender {
  name: string;
  acquire(id: string): Promise<string>;
  release(id: string, token: string): Promise<void>;
  /**
   * Milliseconds from a holder's death, just after it took the lock, until another has it who comes `after` ms later and
   * looks once a second, by a clock that moves as it waits.
   */
  takeOver?(id: string, after: number): Promise<number>;
}

/** Runs and prints the comparison. */
export async function run({ short }: { short: boolean }): Promise<void> {
  const rounds = short ? 20 : 1_000;
  const clock = createClock();
  const credentials = createCredentials({ clock, dir: undefined });
  const traces: CallTrace[] = [];
  const service = createDynamoDb({ clock, dir: undefined });
  service.createTable(spec);
  const server = await createAwsServer({
    ...{ clock, credentials, services: [service], iam: { authorize() {} } },
    onTrace: (trace) => traces.push(trace),
  });
  const common = { endpoint: server.url, region: REGION, credentials: credentials.root };
  // One each: a document client's settings are those of all that share its client.
  const clients = [
    new DynamoDBClient(common),
    new DynamoDBClient(common),
    new DynamoDBClient(common),
  ] as const;
  try {
    const contenders = [bare(clients[0]), await ours(clients[1]), lockClient(clients[2])];
    console.table(await measure(contenders, rounds, traces));
    console.log(
      "One acquisition and one release over the local DynamoDB's wire, the contenders by turns. Wharf's are a read and a\n" +
        "transaction each, which writes the lock and its event; in the API its reads ride with the caller's token.\n" +
        `Taking over: a holder of ${TTL_SECONDS} s dies at once; another looks each second from then on, or comes after ${TTL_SECONDS / 2} s.`,
    );
  } finally {
    for (const client of clients) client.destroy();
    await server.close();
    await service.close();
    clock.stop();
  }
}

/**
 * Acquires and releases one file's lock again and again, each contender in turn, so that what else the machine does
 * hits all alike.
 */
async function measure(contenders: readonly Contender[], rounds: number, traces: CallTrace[]) {
  const id = newId("file", Date.now());
  const turn = async ({ acquire, release }: Contender) => release(id, await acquire(id));
  for (let warm = 0; warm < Math.min(rounds, 50); warm++) for (const one of contenders) await turn(one);
  const runs = contenders.map((contender) => ({ contender, ms: [] as number[], traces: [] as CallTrace[] }));
  for (let count = 0; count < rounds; count++) {
    for (const run of runs) {
      traces.length = 0;
      const start = performance.now();
      await turn(run.contender);
      run.ms.push(performance.now() - start);
      run.traces.push(...traces);
    }
  }
  const rows: Record<string, Record<string, number | string>> = {};
  let limit: number | undefined;
  for (const { contender, ms, traces: calls } of runs) {
    ms.sort((a, b) => a - b);
    const at = (share: number) => ms[Math.floor(ms.length * share)] ?? 0;
    const per = (of: (trace: CallTrace) => number | undefined) =>
      round(calls.reduce((sum, trace) => sum + (of(trace) ?? 0), 0) / rounds);
    const takeOver = async (after: number) =>
      contender.takeOver === undefined
        ? "-"
        : round((await contender.takeOver(`${id}-${after}`, after)) / 1_000);
    limit ??= at(0.5);
    rows[contender.name] = {
      "p50 ms": round(at(0.5)),
      "× limit": round(at(0.5) / limit),
      "p99 ms": round(at(0.99)),
      calls: per(() => 1),
      "read units": per(({ readUnits }) => readUnits),
      "write units": per(({ writeUnits }) => writeUnits),
      "s to take over": await takeOver(0),
      "s, coming late": await takeOver((TTL_SECONDS * 1_000) / 2),
    };
  }
  return rows;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** The limit: a conditional write to take the lock and one to give it back, with nothing around them. */
function bare(client: DynamoDBClient): Contender {
  const documents = DynamoDBDocumentClient.from(client);
  const of = (id: string) => ({ TableName: spec.name, Key: { pk: `BARE#${id}`, sk: "LOCK" } });
  return {
    name: "two bare writes (limit)",
    async acquire(id) {
      const token = randomUUID();
      await documents.send(
        new UpdateCommand({
          ...of(id),
          UpdateExpression: "SET holder = :token, expires = :expires ADD fencing :one",
          ConditionExpression: "attribute_not_exists(holder) OR expires <= :now",
          ExpressionAttributeValues: {
            ...{ ":token": token, ":expires": Date.now() + TTL_SECONDS * 1_000 },
            ...{ ":now": Date.now(), ":one": 1 },
          },
        }),
      );
      return token;
    },
    async release(id, token) {
      await documents.send(
        new UpdateCommand({
          ...of(id),
          UpdateExpression: "REMOVE holder, expires",
          ConditionExpression: "holder = :token",
          ExpressionAttributeValues: { ":token": token },
        }),
      );
    },
  };
}

async function ours(client: DynamoDBClient): Promise<Contender> {
  const table = createTable(client, spec.name);
  let now = Date.now();
  const deps = { table, now: () => now };
  const { workspaceId, writes } = workspaceWrites(now, {
    name: "bench",
    owner: "cli_bench",
    organization: FIRST_ORGANIZATION,
  });
  await table.transact(writes);
  const place = {
    ...{ workspace_id: workspaceId, trail: [], client_id: "cli_bench" },
  };
  const call: Call = {
    ...{ requestId: "bench", record: () => [] },
    caller: {
      ...{ id: "cli_bench", name: "bench", scopes: new Set(["files:read", "locks:write"]) },
      ...{ default_workspace: workspaceId, workspaces: { [workspaceId]: "bench" }, rights: NO_RIGHTS },
    },
  };
  const known = new Set<string>();
  async function addFile(file_id: string) {
    if (known.has(file_id)) return;
    known.add(file_id);
    const { writes } = await newFile(place, { now, file_id, name: file_id, text: "1" });
    await table.transact(writes);
  }
  async function acquire(id: string): Promise<string> {
    await addFile(id);
    return (await acquireLock(deps, call, id, { ttl_seconds: TTL_SECONDS })).lock_token;
  }
  return {
    name: "Wharf, with events",
    acquire,
    release: (id, token) => releaseLock(deps, call, id, token),
    async takeOver(id, after) {
      await acquire(id);
      const died = now;
      now += after;
      for (let tries = 0; tries < 120; tries++) {
        now += 1_000;
        try {
          await acquire(id);
          return now - died;
        } catch (error) {
          if (!isWharfError(error, "file_locked")) throw error;
        }
      }
      throw new Error("never taken over");
    },
  };
}

/**
 * The documented algorithm of awslabs' dynamodb-lock-client: a lock is an item with a record version number; who finds
 * one remembers its number and reads it again until it has stood unchanged for a whole lease by the reader's own
 * clock; only then it is replaced, on condition that the number is still the same. Release deletes it.
 */
function lockClient(client: DynamoDBClient): Contender {
  const documents = DynamoDBDocumentClient.from(client);
  const of = (id: string) => ({ pk: `LOCKCLIENT#${id}`, sk: "LOCK" });
  let now = Date.now();

  async function acquire(id: string): Promise<string> {
    let seen: { number: string; since: number } | undefined;
    for (let tries = 0; tries < 240; tries++) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: spec.name, Key: of(id), ConsistentRead: true }),
      );
      const number = randomUUID();
      const put = {
        TableName: spec.name,
        Item: { ...of(id), number, owner: "bench", lease: TTL_SECONDS * 1_000 },
      };
      try {
        if (Item === undefined) {
          await documents.send(new PutCommand({ ...put, ConditionExpression: "attribute_not_exists(pk)" }));
          return number;
        }
        const standing = String(Item["number"]);
        if (seen?.number !== standing) seen = { number: standing, since: now };
        if (now - seen.since > TTL_SECONDS * 1_000) {
          await documents.send(
            new PutCommand({
              ...put,
              ConditionExpression: "#number = :seen",
              ExpressionAttributeNames: { "#number": "number" },
              ExpressionAttributeValues: { ":seen": standing },
            }),
          );
          return number;
        }
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      now += 1_000;
    }
    throw new Error("never acquired");
  }

  return {
    name: "dynamodb-lock-client's algorithm",
    acquire,
    async release(id, token) {
      await documents.send(
        new DeleteCommand({
          ...{ TableName: spec.name, Key: of(id), ConditionExpression: "#number = :number" },
          ...{
            ExpressionAttributeNames: { "#number": "number" },
            ExpressionAttributeValues: { ":number": token },
          },
        }),
      );
    },
    async takeOver(id, after) {
      await acquire(id);
      const died = now;
      now += after;
      await acquire(id);
      return now - died;
    },
  };
}
