/**
 * Runs the lock verbs by several callers at once over the real engine, with every AWS call delayed, lost, repeated or
 * refused at random, the callers' clocks apart, and time moved to the edges of leases; then checks what happened.
 */

import fc from "fast-check";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { createObjects } from "#aws/objects.ts";
import { createTable, type Table } from "#aws/table.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { fileUpdate, type Preconditions } from "#core/files/fenced-write.ts";
import { findFile } from "#core/files/find-file.ts";
import { type FileRecord, fileRecord } from "#core/files/records.ts";
import { chooseTarget } from "#core/finalize/choose-target.ts";
import { commitUpload } from "#core/finalize/commit-upload.ts";
import { intentOf } from "#core/finalize/finalize-upload.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { acquireLock } from "#core/locks/acquire-lock.ts";
import { breakLock } from "#core/locks/break-lock.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { releaseLock } from "#core/locks/release-lock.ts";
import { renewLock } from "#core/locks/renew-lock.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { uploadItem } from "#core/uploads/find-upload.ts";
import type { UploadRecord } from "#core/uploads/records.ts";
import { restoreVersion } from "#core/versions/restore-version.ts";
import { workspaceWrites } from "#core/workspaces/make-workspace.ts";
import { callBy } from "#test/support/caller.ts";
import { newFile } from "./file-writes.ts";
import { inProcessDynamoDb, type Network } from "./in-process-dynamodb.ts";
import { isLinearizable, type Operation } from "./lock-history.ts";
import { historyHasNoGap, Violation, watcher } from "./lock-judge.ts";
import { callers, type Fault, MAX_CALLERS, type Step } from "./lock-programs.ts";
import { spec } from "./table-spec.ts";

const T0 = Date.UTC(2026, 0, 1);
const { workspaceId: WORKSPACE, writes: WORKSPACE_WRITES } = workspaceWrites(T0, {
  ...{ name: "model", owner: "cli_1", organization: FIRST_ORGANIZATION },
});
/** Longer than a lease, shorter than the 10 minutes for which a transaction's token is good. */
const FROZEN_MS = 33_000;
const THROTTLED = {
  statusCode: 400,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: Buffer.from(
    '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}',
  ),
};

interface Report {
  runs: number;
  seed: number;
  operations: Record<string, number>;
  outcomes: Record<string, number>;
  faults: Record<string, number>;
}

/** Checks `runs` random histories. @throws with the seed, the path and the shrunk history where one is wrong. */
export async function checkLocks({
  runs,
  seed,
  shrink = true,
}: {
  runs: number;
  seed: number;
  shrink?: boolean;
}) {
  const report: Report = { runs, seed, operations: {}, outcomes: {}, faults: {} };
  const count = (of: Record<string, number>, name: string) => {
    of[name] = (of[name] ?? 0) + 1;
  };
  const world = { now: T0, busy: 0 };
  const engine = inProcessDynamoDb(spec, () => world.now);
  const bare = createTable(engine.client(), spec.name);
  await bare.transact(WORKSPACE_WRITES);
  const seats = Array.from({ length: MAX_CALLERS }, () => seat(engine));
  /** Lets everyone go on to where the next turn is asked for, so that a seed tells the whole history. */
  async function settled() {
    for (let tick = 0; tick < 2 || world.busy > 0; tick++)
      await new Promise((resolve) => setImmediate(resolve));
  }
  const scheduler = fc.scheduler({
    act: async (run) => {
      await run();
      await settled();
    },
  });
  try {
    await fc.assert(
      fc.asyncProperty(scheduler, callers, async (turns, programs) => {
        Object.assign(world, { now: T0, busy: 0 });
        await runHistory({ seats, bare, world, turns, programs, count, report });
      }),
      { numRuns: runs, seed, endOnFailure: !shrink },
    );
  } finally {
    await engine.close();
  }
  return report;
}

interface Run {
  seats: ReturnType<typeof seat>[];
  bare: Table;
  world: { now: number; busy: number };
  turns: fc.Scheduler;
  programs: { skew: number; steps: Step[]; faults: Fault[] }[];
  count(of: Record<string, number>, name: string): void;
  report: Report;
}

async function runHistory({ seats, bare, world, turns, programs, count, report }: Run): Promise<void> {
  const first = await addFile(bare, world.now);
  const fileId = first.node_id;
  const watch = watcher(bare, first);
  const history: Operation[] = [];
  const stragglers: Promise<void>[] = [];
  let moment = 0;

  async function play(
    name: string,
    place: ReturnType<typeof seat>,
    { skew, steps, faults }: Run["programs"][number],
  ): Promise<void> {
    const clock = () => world.now + skew;
    let operation: Operation | undefined;
    let renewFor = 0;
    let sends = 0;
    /** What happened by a call of the operation whose answer was lost. */
    const unheard: Operation[] = [];

    place.path.network = async ({ action, run }) => {
      // The sweep's 32 queries at once would drown all else; what matters is its write, long after it has read.
      if (action === "Query") return run();
      const about = operation;
      const kind = faults[sends++ % faults.length] ?? "none";
      if (kind !== "none") count(report.faults, kind);
      const writes = action !== "BatchGetItem" && action !== "GetItem";
      const execute = async () => {
        world.busy += 1;
        const answer = await run();
        const changed = writes && about !== undefined && (await watch.look(about, clock()));
        world.busy -= 1;
        return { answer, changed };
      };
      await turns.schedule(Promise.resolve(), `${name} ${action} ${kind}`);
      if (kind === "before") throw new Error(kind);
      if (kind === "throttled") return THROTTLED;
      if (kind === "late") await freeze(`${name} ${action} on its way`);
      if (kind === "twice") await execute();
      if (kind === "lost") {
        const sent = about && { ...about };
        const { changed } = await execute();
        if (changed && sent !== undefined) unheard.push({ ...sent, end: Number.POSITIVE_INFINITY });
        await othersAct(`${name} ${action} tried again`);
      }
      if (kind === "again" || kind === "long after")
        stragglers.push(repeatLater(kind, execute, about && { ...about }));
      const { answer } = await execute();
      if (kind === "frozen") await freeze(`${name} ${action} unheard`);
      await turns.schedule(Promise.resolve(), `${name} ${action} answered`);
      if (kind === "after") throw new Error(kind);
      return answer;
    };
    async function othersAct(what: string): Promise<void> {
      for (let turn = 0; turn < 9; turn++) await turns.schedule(Promise.resolve(), what);
    }
    async function freeze(what: string): Promise<void> {
      await othersAct(what);
      world.now += FROZEN_MS;
    }
    /** A send that was repeated, and arrives after all when its caller has its answer. */
    async function repeatLater(
      kind: "again" | "long after",
      execute: () => Promise<{ changed: boolean }>,
      sent: Operation | undefined,
    ) {
      const what = `${name} straggler`;
      await (kind === "again" ? othersAct(what) : freeze(what));
      await othersAct(what);
      const { changed } = await execute();
      // Cancelled when it was answered, it holds now: nothing that its caller relies on, but something happened.
      if (changed && sent !== undefined) history.push({ ...sent, end: Number.POSITIVE_INFINITY });
    }

    const deps: TableDeps = {
      table: place.table,
      now() {
        if (operation !== undefined) operation.clock = clock();
        // What a renewal sets follows from the time at which it is sent.
        if (operation?.kind === "renew") operation.sets = { expires: clock() + renewFor };
        return clock();
      },
    };
    const call: Call = { ...anyCall, caller: { ...anyCall.caller, id: name, name } };
    const ofFirst = { fileId, versionId: first.version_id };

    /** The fence itself, with nothing read before it. */
    async function touch(demanded: Preconditions): Promise<void> {
      const now = deps.now();
      const change = { update: { set: { updated_at: newId("job", T0) } } };
      await deps.table.transact([fileUpdate(now, fileId, demanded, change)]);
    }

    /** Moves time to so many ms after the end of the lease that stands, by this caller's clock. */
    async function passTo(offset: number): Promise<void> {
      const { lock } = await watch.read();
      if (lock !== undefined) world.now = Math.max(world.now, lock.expires_ms + offset - skew);
    }

    /** What finalize does around S3, which takes its time: what was read before is old when it is relied on. */
    async function finalize(record: Call["record"], demanded: Preconditions, until: number | undefined) {
      const upload = newUpload(first, name);
      world.busy += 1;
      await bare.put({ blind: "seeded", put: uploadItem(upload) });
      world.busy -= 1;
      const all: Deps = { ...deps, objects: NO_OBJECTS, config: NO_CONFIG };
      const intent = await intentOf(all, call, {}, demanded);
      const content = { size: 1 };
      const target = await chooseTarget(all, upload, intent);
      for (let turn = 0; turn < 4; turn++) await turns.schedule(Promise.resolve(), `${name} S3`);
      if (until !== undefined) await passTo(until);
      return commitUpload(all, {
        ...{ upload, intent, content, from: "open", target, policy: undefined, record },
        sniffed: { kept: SNIFFED, type: undefined },
        refuse: () => Promise.reject(new Error("text may have any name here")),
      });
    }

    let token: string | undefined;
    let seen = first.version_id;

    for (const todo of steps) {
      if (todo.do === "pause") {
        world.now += todo.ms;
        continue;
      }
      if (todo.do === "edge") {
        await passTo(todo.offset);
        continue;
      }
      count(report.operations, todo.do);
      const kind = todo.do === "restore" ? "commit" : todo.do;
      const mine: Operation = {
        ...{ kind, start: ++moment, end: Number.POSITIVE_INFINITY, clock: clock() },
        ...{ sets: {}, outcome: { as: "unknown" } },
      };
      operation = mine;
      unheard.length = 0;
      history.push(mine);
      try {
        mine.outcome = { as: "done", ...(await act(todo, mine)) };
        mine.end = ++moment;
      } catch (error) {
        if (error instanceof WharfError) {
          const { code } = error;
          // Refused after losing every round, not for what the last one read.
          const vague =
            code === "conflict" || (code === "file_locked" && error.facts["holder"] === undefined);
          mine.outcome = { as: "refused", code, vague };
          mine.end = ++moment;
          // A renewal, say, that took effect before its lease was lost.
          history.push(...unheard);
        }
      }
      count(report.outcomes, mine.outcome.as);
      operation = undefined;
    }

    /** The call with what the API reads ahead of the verb. */
    async function withFile(): Promise<Call> {
      return { ...call, ahead: await place.table.batchGet([keys.node(fileId)]) };
    }

    async function act(
      todo: Step,
      mine: Operation,
    ): Promise<{ fencing?: number; version?: string; held?: string | undefined }> {
      switch (todo.do) {
        case "acquire": {
          const terms = { ttl_seconds: todo.ttl, provisional: todo.waited };
          mine.waited = todo.waited;
          const record: Call["record"] = (body) => {
            const { lock_token, acquired_at, expires_at } = lockGrant.parse(body);
            const whole = todo.waited ? Date.parse(acquired_at) + todo.ttl * 1000 : undefined;
            mine.sets = { token: lock_token, expires: Date.parse(expires_at), whole };
            return [];
          };
          const grant = await acquireLock(deps, { ...(await withFile()), record }, fileId, terms);
          token = grant.lock_token;
          seen = grant.version_id;
          return { fencing: grant.fencing_token, version: grant.version_id };
        }
        case "renew": {
          mine.token = token ?? "none";
          renewFor = todo.ttl * 1000;
          const terms = { lock_token: mine.token, ttl_seconds: todo.ttl };
          return { fencing: (await renewLock(deps, await withFile(), fileId, terms)).fencing_token };
        }
        case "release":
          mine.token = token ?? "none";
          await releaseLock(deps, await withFile(), fileId, mine.token);
          return {};
        case "break":
          return { fencing: (await breakLock(deps, await withFile(), fileId, "model")).fencing_token };
        case "sweep":
          await sweepLocks(deps);
          return {};
        case "look": {
          const { fencing, version_id, lock } = await findFile(deps, fileId);
          seen = version_id;
          return { fencing, version: version_id, held: lock?.token_hash };
        }
        case "commit":
        case "restore":
        case "touch": {
          mine.token = todo.bare ? undefined : token;
          mine.ifMatch =
            todo.match === "none" ? undefined : todo.match === "current" ? seen : first.version_id;
          /** The answer is made just before the write that it tells of. */
          const record: Call["record"] = (body) => {
            mine.sets = { version: versioned.parse(body).version_id };
            return [];
          };
          const demanded = { lockToken: mine.token, ifMatch: mine.ifMatch };
          if (todo.do === "touch") {
            await touch(demanded);
            return {};
          }
          const { version_id } =
            todo.do === "restore"
              ? await restoreVersion(
                  { ...deps, objects: NO_OBJECTS, config: NO_CONFIG },
                  { ...call, record },
                  { ...ofFirst, preconditions: demanded },
                )
              : await finalize(record, demanded, todo.until);
          seen = version_id;
          return { version: version_id };
        }
        default:
          throw new Error(todo.do);
      }
    }
  }

  const players = programs.flatMap((program, index) => {
    const place = seats[index];
    return place === undefined ? [] : [play(`caller-${index}`, place, program)];
  });
  await turns.waitFor(Promise.all(players));
  await turns.waitFor(Promise.all(stragglers));
  watch.check();
  await historyHasNoGap(bare, await watch.read());
  if (!isLinearizable(history, first.version_id))
    throw new Violation(`no order explains this history: ${JSON.stringify(history, undefined, 1)}`);
}

/** A caller's SDK client and table; what its calls go through changes from history to history. */
function seat(engine: ReturnType<typeof inProcessDynamoDb>) {
  const path: { network: Network } = { network: (sent) => sent.run() };
  return {
    path,
    table: createTable(
      engine.client((sent) => path.network(sent)),
      spec.name,
    ),
  };
}

const anyCall: Call = callBy(
  {
    id: "cli_1",
    workspaceId: WORKSPACE,
    scopes: ["files:read", "files:write", "locks:write", "locks:break"],
  },
  "model",
);

async function addFile(table: Table, now: number): Promise<FileRecord> {
  const place = { workspace_id: WORKSPACE, trail: [], client_id: "cli_1" };
  const { file_id, writes } = await newFile(place, { now, name: newId("job", now), text: "1" });
  await table.transact(writes);
  const file = await table.get(fileRecord, keys.node(file_id));
  if (file === undefined) throw new Error("the file is gone");
  return file;
}

/** A session whose bytes have come, for the name at which the file stands. */
function newUpload(file: FileRecord, client_id: string): UploadRecord {
  const upload_id = newId("upl", T0);
  return {
    ...{ upload_id, client_id, request_id: "model", state: "open", if_exists: "version", part_size: 1 },
    ...{ workspace_id: WORKSPACE, folder_id: file.folder_id, name: file.name, file_id: file.node_id },
    ...{ object_key: `o/${upload_id}`, created_at: iso(T0), expires_ms: T0 + 365 * 86_400_000 },
  };
}

const versioned = z.object({ version_id: z.string() });

/** What is kept of text's first bytes, so that nobody reads them. */
const SNIFFED: FileRecord["sniffed"] & {} = { rules: 3, formats: ["text"] };

/** Finalize without a link needs neither. */
const NO_CONFIG: Deps["config"] = {
  publicUrl: "",
  versionsKeep: 0,
  versionsKeepDays: 1,
  trashDays: 1,
  hashPlaces: 1_000,
  sessionsPerClient: 10_000,
  allowLoopbackHttp: false,
  contentMismatch: "refuse",
};
const NO_OBJECTS: Deps["objects"] = createObjects(
  {
    config: {
      region: () => Promise.reject(new Error("no S3 here")),
      credentials: () => Promise.reject(new Error("no S3 here")),
    },
  },
  "none",
);
