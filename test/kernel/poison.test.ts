/**
 * One poisoned record in every sweep: it keeps no other, is put aside after some failures, and an alarm tells of it.
 *
 * The table of cases is compared with the kinds that the code knows, so that a new one can't be forgotten.
 */

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { BusEvent } from "#aws/events.ts";
import { asideShard, type DueKind, due, dueKinds, type Key, keyOf, keys } from "#aws/keys.ts";
import type { Wake } from "#aws/queues.ts";
import type { Item } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";
import { FIRST_ORGANIZATION, type GrantRecord } from "#core/access/records.ts";
import type { ClientRecord, KeyRecord } from "#core/accounts/records.ts";
import { type DeliveryRecord, hookRecord } from "#core/attempts/records.ts";
import type { RecoveryRecord } from "#core/delivery/records.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { sweepWakeUps } from "#core/delivery/sweep-wake-ups.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { sweepEvents } from "#core/events/sweep-events.ts";
import { fileRecord } from "#core/files/records.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { sweepMoves } from "#core/folders/sweep-moves.ts";
import { sweepGrants } from "#core/grants/sweep-grants.ts";
import type { InvitationRecord } from "#core/invitations/records.ts";
import { sweepInvitations } from "#core/invitations/sweep-invitations.ts";
import type { Call } from "#core/kernel/call.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newShare } from "#core/links/share.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { acquireLock } from "#core/locks/acquire-lock.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { newRevocation } from "#core/revocation/records.ts";
import { sweepClients } from "#core/revocation/sweep-clients.ts";
import { sweepKeys } from "#core/revocation/sweep-keys.ts";
import { sweepOrganizations } from "#core/revocation/sweep-organizations.ts";
import { sweepRevocations } from "#core/revocation/sweep-revocations.ts";
import { sweepHandovers } from "#core/transfers/sweep-handovers.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import type { WakeUp } from "#core/turns/plan-wake-up.ts";
import { uploadItem } from "#core/uploads/find-upload.ts";
import { objectKey } from "#core/uploads/object-key.ts";
import { removal } from "#core/versions/delete-version.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { callBy } from "#test/support/caller.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let world: World;
let owner: Client;
let call: Call;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("files:write", "files:delete", "locks:write", "workspaces:write");
  const { client_id: id, name, workspace_id: workspaceId } = owner;
  call = callBy({ id, name, workspaceId, scopes: ["files:write", "locks:write"] });
});
afterAll(() => world.close());
afterEach(() => vi.restoreAllMocks());

type SweepDeps = World["deps"] &
  DueDeps & {
    bus: { publish(events: readonly BusEvent[]): Promise<Set<string>> };
    queues: { send(lane: string, messages: readonly Wake[]): Promise<void> };
  };

interface Case {
  sweep(deps: SweepDeps): Promise<unknown>;
  /** An item of the kind that is due. */
  item(now: number): (Item & Key) | Promise<Item & Key>;
  /** What must stand beside it. */
  beside?(item: Item, now: number): (Item & Key)[];
  /** Whether the sweep has done its work on it. */
  done(item: Item | undefined): boolean;
}

const ws = newId("ws", Date.now());
const gone = (item: Item | undefined) => item?.["due_pk"] === undefined;
const hookOf = (webhook_id: string, now: number): Item & Key => ({
  ...keys.hook(webhook_id),
  ...hookRecord.parse({
    ...{ webhook_id, client_id: "cli_test", workspace_id: ws, url: "https://example.com/", events: ["*"] },
    ...{ rate_per_second: 50, created_at: iso(now), updated_at: iso(now) },
  }),
});

/** A file of the client's own, which is no other's. */
const newFile = (now: number) => world.addFile(owner, newId("job", now));
async function stored(key: Key): Promise<Item & Key> {
  const [item] = await world.deps.table.batchGet([key]);
  if (item === undefined) throw new Error(`${key.pk} is gone`);
  return { ...item, ...key };
}

const cases: Record<DueKind, Case> = {
  upload: {
    sweep: sweepUploads,
    item: (now) => {
      const upload_id = newId("upl", now);
      return uploadItem({
        ...{ upload_id, state: "open", client_id: "cli_test", request_id: "test", workspace_id: ws },
        ...{ folder_id: newId("fld", now), name: "a.txt", if_exists: "version", file_id: newId("file", now) },
        ...{ object_key: objectKey(ws, upload_id), part_size: 5, created_at: iso(now), expires_ms: now },
      });
    },
    done: (item) => item?.["state"] === "expired" && gone(item),
  },
  version: {
    sweep: sweepVersions,
    item: async (now) => {
      const file_id = await newFile(now);
      const { version_id } = fileRecord.parse(await stored(keys.node(file_id)));
      await world.addVersion(owner, file_id, "another");
      await world.deps.table.transact([removal(now, file_id, version_id)]);
      return stored(keys.version(file_id, version_id));
    },
    done: (item) => item === undefined,
  },
  trash: {
    sweep: sweepTrash,
    item: async (now) => {
      const id = await newFile(now);
      const trashed = { deleted_at: iso(now), deleted_by: "cli_test", ...due("trash", now, id) };
      await world.deps.table.update({
        key: keys.node(id),
        update: { set: trashed },
        condition: "attribute_exists(#pk)",
      });
      return stored(keys.node(id));
    },
    done: (item) => item?.["purged_ms"] !== undefined,
  },
  link: {
    sweep: sweepLinks,
    item: async (now) => {
      const { share_id, link } = await newShare(world.deps, {
        ...{
          file: { file_id: newId("file", now), workspace_id: ws },
          createdBy: "cli_test",
          life: { ttl_seconds: 0 },
        },
        ...{ requestId: "test", actor: { type: "client", id: "cli_test" } },
      });
      // By its id instead of its token's hash, so that calls on its behalf name it.
      return { ...link, ...keys.link(share_id), ...due("link", now, share_id) };
    },
    done: (item) => item?.["ended_at"] !== undefined,
  },
  lock: {
    sweep: sweepLocks,
    item: async (now) => {
      const id = await newFile(now);
      await acquireLock({ ...world.deps, now: () => now - 2 * MINUTE }, call, id, { ttl_seconds: 60 });
      return stored(keys.node(id));
    },
    done: (item) => item !== undefined && item["lock"] === undefined,
  },
  event: {
    sweep: sweepEvents,
    item: (now) =>
      eventWrite(now - HOUR, {
        ...{ type: "file_moved", request_id: "test", workspace_id: ws },
        ...{ actor: { type: "system", id: "test" }, data: {} },
      }).put,
    done: (item) => item?.["seq"] !== undefined,
  },
  delivery: {
    sweep: sweepDeliveries,
    item: (now) => deliveryOf(newId("hook", now), now),
    done: (item) => Number(item?.["rearms"]) > 0,
  },
  endpoint: {
    sweep: sweepEndpoints,
    item: (now) => {
      const webhook_id = newId("hook", now);
      const state = { webhook_id, failing_since_ms: now - 25 * HOUR, last_failure_ms: now, failing_count: 9 };
      return { ...keys.hookState(webhook_id), ...due("endpoint", now, webhook_id), ...state };
    },
    beside: ({ webhook_id }, now) => [hookOf(String(webhook_id), now)],
    done: (item) => item?.["warned_hours"] === 24,
  },
  recovery: {
    sweep: sweepRecoveries,
    item: (now) => {
      const [job_id, webhook_id] = [newId("job", now), newId("hook", now)];
      const job: RecoveryRecord = {
        ...{ job_id, webhook_id, statuses: ["failed"], since_ms: now - DAY, until_ms: now, state: "running" },
        ...{ scanned: 0, recovered: 0, created_at: iso(now), request_id: "test" },
      };
      return { ...keys.recovery(webhook_id, job_id), ...due("recovery", now, job_id), ...job };
    },
    beside: ({ webhook_id }, now) => [hookOf(String(webhook_id), now)],
    done: (item) => item?.["state"] === "done" && gone(item),
  },
  revocation: {
    sweep: sweepRevocations,
    item: (now) => {
      const client_id = newId("cli", now);
      const { job } = newRevocation(now - HOUR, client_id, { links: "revoke", earlier: undefined });
      return { ...keys.revocation(client_id), ...due("revocation", now, client_id), ...job, began_ms: 0 };
    },
    // How far it gets in one run depends on the machine; a run that went well says when it began.
    done: (item) => Number(item?.["began_ms"]) > 0,
  },
  grant: {
    sweep: sweepGrants,
    item: (now) => {
      const grant_id = newId("grt", now);
      const grant: GrantRecord = {
        ...{ grant_id, principal_id: newId("cli", now), on: ws, workspace_id: ws, role: "viewer" },
        ...{ organization_id: FIRST_ORGANIZATION, created_at: iso(now), created_by: "cli_test" },
        expires_ms: now,
      };
      return { ...keys.grant(grant_id), ...due("grant", now, grant_id), ...grant };
    },
    done: (item) => item?.["end_reason"] === "expired" && gone(item),
  },
  key: {
    sweep: sweepKeys,
    item: (now) => {
      const [key_id, principal_id] = [newId("key", now), newId("cli", now)];
      const key: KeyRecord = {
        ...{ key_id, principal_id, name: "test", hash: "", scopes: ["files:read"], created_at: iso(now) },
        expires_ms: now + DAY,
      };
      return { ...keys.apiKey(principal_id, key_id), ...due("key", now, key_id), ...key };
    },
    done: (item) => item?.["warned_days"] === 2,
  },
  client: {
    sweep: sweepClients,
    item: (now) => {
      const client_id = newId("cli", now);
      const client: ClientRecord = {
        ...{ client_id, name: "test", scopes: ["files:read"], created_at: iso(now), expires_ms: now },
        ...{ secrets: [], workspaces: {}, organizations: {}, grants: {}, more_grants: 0, groups: [] },
      };
      return { ...keys.client(client_id), ...due("client", now, client_id), ...client };
    },
    done: (item) => item?.["revoked_at"] !== undefined && gone(item),
  },
  invitation: {
    sweep: sweepInvitations,
    item: (now) => {
      const invitation_id = newId("inv", now);
      const invitation: InvitationRecord = {
        ...{ invitation_id, organization_id: FIRST_ORGANIZATION, email: "a@example.com" },
        ...{ address: "a@example.com", role: "guest", grants: [], hash: "", created_at: iso(now) },
        ...{ made_by: { principal_id: newId("cli", now) }, scopes: [], expires_ms: now },
      };
      return { ...keys.invitation(invitation_id), ...due("invitation", now, invitation_id), ...invitation };
    },
    done: (item) => item?.["end_reason"] === "expired" && gone(item),
  },
  handover: {
    sweep: sweepHandovers,
    item: (now) => {
      const workspace_id = newId("ws", now);
      const place = { workspace_id, name: "handed-over", root_folder: rootFolder(workspace_id) };
      const made = { epoch: 1, tidying: {}, created_at: iso(now) };
      return { ...keys.workspace(workspace_id), ...place, ...made, ...due("handover", now, workspace_id) };
    },
    done: (item) => item?.["tidying"] === undefined && gone(item),
  },
  move: {
    sweep: sweepMoves,
    item: (now) => {
      const [node_id, workspace_id] = [newId("fld", now), newId("ws", now)];
      const to = { workspace_id, parent_id: rootFolder(workspace_id), name: "moved", request_id: "test" };
      const moving = { ...to, by: { type: "client", id: newId("cli", now) } };
      return {
        ...keys.node(node_id),
        ...{ kind: "folder", node_id, workspace_id, parent_id: rootFolder(workspace_id), name: "moving" },
        ...{ path: "moving", created_at: iso(now), deleted_at: iso(now), moving },
        ...due("move", now, node_id),
      };
    },
    beside: ({ workspace_id }, now) => {
      const id = String(workspace_id);
      const node_id = rootFolder(id);
      const root = { kind: "folder", node_id, workspace_id: id, parent_id: null, name: "" };
      return [
        {
          ...keys.workspace(id),
          workspace_id: id,
          name: "there",
          root_folder: node_id,
          created_at: iso(now),
        },
        { ...keys.node(node_id), ...root, created_at: iso(now) },
      ];
    },
    done: (item) => item !== undefined && item["moving"] === undefined && gone(item),
  },
  organization: {
    sweep: sweepOrganizations,
    item: (now) => {
      const organization_id = newId("org", now);
      const closed = { closed_at: iso(now), purge_ms: now, purged_ms: now };
      const made = { organization_id, name: "closed", owners: 0, created_at: iso(now), ...closed };
      return { ...keys.organization(organization_id), ...made, ...due("organization", now, organization_id) };
    },
    done: (item) => item?.["name"] === "" && gone(item),
  },
  wake_up: {
    sweep: sweepWakeUps,
    item: (now) => {
      const webhook_id = newId("hook", now);
      const plan: WakeUp = { webhook_id, at_ms: now, all: true, woken: 0 };
      return { ...keys.wakeUp(webhook_id), ...due("wake_up", now, webhook_id), ...plan };
    },
    beside: ({ webhook_id }, now) => [hookOf(String(webhook_id), now)],
    done: gone,
  },
};

function deliveryOf(webhook_id: string, now: number): Item & Key {
  const delivery_id = newId("dlv", now);
  const row: DeliveryRecord = {
    ...{ delivery_id, webhook_id, event_id: newId("evt", now), event_type: "file_moved", workspace_id: ws },
    ...{ request_id: "test", status: "pending", trigger: "event", attempts: 0, step: 0, started_ms: now },
    rearms: 0,
    ...{ next_ms: now, created_ms: now },
  };
  return { ...keys.delivery(webhook_id, delivery_id), ...due("delivery", now, delivery_id), ...row };
}

type Poison = (pk: string) => Promise<never>;
const throwing: Poison = (pk) => Promise.reject(new Error(`${pk} always fails`));
const hanging: Poison = () => new Promise<never>(() => {});

/**
 * The world's own dependencies, but for calls that concern a poisoned item: these go as its poison has it. Making it
 * due later is no call on its behalf.
 *
 * @param ended whether the function has been ended: none of its calls comes to anything then.
 */
function depsWith(poisons: ReadonlyMap<string, Poison>, ended: () => boolean = () => false): SweepDeps {
  const { table, objects } = world.deps;
  const of = (input: unknown) => {
    const text = JSON.stringify(input);
    return text.includes("#due_sk = :seen") && /"set":\{"due_pk":"[^"]*","due_sk":"[^"]*"\}/.test(text)
      ? undefined
      : [...poisons].find(([id]) => text.includes(id));
  };
  const guard = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      if (ended()) return hanging("");
      const [id = "", poison] = of(args) ?? [];
      return poison === undefined ? call(...args) : poison(id);
    };
  };
  return {
    ...world.deps,
    table: {
      ...table,
      get: (schema, key, options) => guard((...[given]: [Key]) => table.get(schema, given, options))(key),
      ...{ put: guard(table.put), update: guard(table.update), remove: guard(table.remove) },
      ...{ query: guard(table.query), transact: guard(table.transact) },
    },
    objects: { ...objects, remove: guard(objects.remove) },
    itemMs: 250,
    bus: {
      publish: async (events) => (ended() ? hanging("") : new Set(events.map(({ event_id }) => event_id))),
    },
    queues: { send: async () => (ended() ? hanging("") : undefined) },
  };
}

/**
 * Runs a sweep in which the first call on behalf of `id` never comes back, nor lets anything else go on: as a loop
 * without an end does in a function, which Lambda then ends.
 */
async function runEndedBy(id: string, sweep: (deps: SweepDeps) => Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let ended = false;
  const end: Poison = () => {
    ended = true;
    resolve();
    return hanging("");
  };
  const deps = { ...depsWith(new Map([[id, end]]), () => ended), itemMs: 1_000_000 };
  await Promise.race([promise, sweep(deps).catch(() => {})]);
}

/** Counts of the metric in what has been written to the log. */
function capturePutAside(): () => number[] {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    written.push(String(line));
    return true;
  });
  return () =>
    written.flatMap((line) => {
      const { PutAside } = JSON.parse(line);
      return typeof PutAside === "number" ? [PutAside] : [];
    });
}

/** The id that an item's calls name, whatever they are about. */
const idOf = (item: Item) => String(item["due_sk"]).split("#")[1] ?? "";

test("every kind of what is due has its case", () => {
  expect(Object.keys(cases).toSorted()).toEqual([...dueKinds].toSorted());
});

describe.each(dueKinds)("a poisoned %s", (kind) => {
  const { sweep, item, beside, done } = cases[kind as keyof typeof cases];

  async function plant(at: number, change: (item: Item & Key) => Item & Key = (same) => same) {
    const now = world.deps.now();
    const made = await item(now);
    // All in one shard, so that the oldest comes first.
    const dueItem = change({ ...made, due_pk: `${kind}#0`, due_sk: `${iso(at)}#${idOf(made)}` });
    for (const put of [dueItem, ...(beside?.(made, now) ?? [])])
      await world.deps.table.put({ blind: "seeded", put });
    return { id: idOf(made), key: keyOf(dueItem) };
  }
  const read = async (key: Key) => (await world.deps.table.batchGet([key]))[0];

  test("keeps no other, is put aside after some failures, and is told of", async () => {
    const putAside = capturePutAside();
    const now = world.deps.now();
    const unreadable = await plant(now - 4_000, ({ pk, sk, due_pk, due_sk }) => ({ pk, sk, due_pk, due_sk }));
    const fails = await plant(now - 3_000);
    const hangs = await plant(now - 2_000);
    const good = await plant(now - 1_000);
    const poisons = { unreadable, fails, hangs };
    const deps = depsWith(
      new Map([
        [fails.id, throwing],
        [hangs.id, hanging],
      ]),
    );
    await expect(sweep(deps)).rejects.toThrow(`among what is due of kind ${kind}`);
    expect(done(await read(good.key))).toBe(true);

    // None of those that are due by then comes to anything, however long it is given.
    for (let run = 0; run < 6; run++) {
      world.advance(7 * MINUTE);
      await sweep({ ...deps, itemMs: 20 }).catch(() => {});
    }
    for (const { key } of Object.values(poisons))
      expect(await read(key)).toMatchObject({ due_pk: asideShard(kind) });
    expect(Math.max(...putAside())).toBe(3);

    // What comes later goes its way; once the cause is mended, so does what was put aside.
    const later = await plant(world.deps.now() - 1_000);
    await sweep(deps).catch(() => {});
    expect(done(await read(later.key))).toBe(true);
    world.advance(18 * MINUTE);
    await sweep(depsWith(new Map())).catch(() => {});
    for (const { key } of [fails, hangs]) expect(done(await read(key))).toBe(true);
    await world.deps.table.remove({ blind: "seeded", remove: unreadable.key });
  });

  test("that ends each run which looks at it keeps no other for long, and is put aside", async () => {
    const putAside = capturePutAside();
    const now = world.deps.now();
    const ends = await plant(now - 2_000);
    const beside = await plant(now - 1_000);
    let later: { key: Key } | undefined;
    for (let minute = 0; minute < 40; minute++) {
      await runEndedBy(ends.id, sweep);
      world.advance(MINUTE);
      if (minute === 12) {
        expect(done(await read(beside.key))).toBe(true);
        later = await plant(world.deps.now() - 1_000);
      }
    }
    expect(await read(ends.key)).toMatchObject({ due_pk: asideShard(kind) });
    expect(done(later && (await read(later.key)))).toBe(true);
    expect(putAside()).not.toEqual([]);
    await world.deps.table.remove({ blind: "seeded", remove: ends.key });
  });
});

async function minutes(count: number, run: () => Promise<unknown>): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    world.advance(MINUTE);
    await run();
  }
}

/** A call that never comes back, and runs that are given up once they have made it, as if their function had ended. */
function ending() {
  let reached = () => {};
  return {
    call: () => {
      reached();
      return new Promise<never>(() => {});
    },
    async run(sweep: () => Promise<unknown>): Promise<void> {
      const stuck = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await Promise.race([sweep().catch(() => {}), stuck]);
      // What goes on beside the call comes to its end.
      await delay(10);
    },
  };
}

test("a recovery that ends each run which looks at it is told of as failed within 20 minutes", async () => {
  const { item, beside } = cases.recovery;
  const now = world.deps.now();
  const job = await item(now);
  for (const put of [job, ...(beside?.(job, now) ?? [])])
    await world.deps.table.put({ blind: "seeded", put });
  const deps = depsWith(new Map());
  const { call, run } = ending();
  // It reads the job's deliveries.
  const query: typeof deps.table.query = (asked) =>
    asked.where.includes("BETWEEN") ? call() : deps.table.query(asked);
  const stuck = { ...deps, table: { ...deps.table, query }, itemMs: 1_000_000 };
  await minutes(20, () => run(() => sweepRecoveries(stuck)));
  expect((await world.deps.table.batchGet([keyOf(job)]))[0]).toMatchObject({ state: "failed" });
});

describe("a finalize that can't be finished", () => {
  /** A session whose finalize began now and whose function died. */
  async function begun(): Promise<{ id: string; key: Key }> {
    const now = world.deps.now();
    const made = await cases.upload.item(now);
    const id = String(made["upload_id"]);
    const intent = { attempt: newId("job", now), request_id: "test", share: false, reads_all: false };
    const state = { state: "finalizing", intent: { ...intent, create_only: false }, expires_ms: now + DAY };
    await world.deps.table.put({
      blind: "seeded",
      put: { ...made, ...state, ...due("upload", now + 5 * MINUTE, id), s3_upload_id: "s3-test" },
    });
    return { id, key: keyOf(made) };
  }
  const stateOf = async (key: Key) => (await world.deps.table.batchGet([key]))[0]?.["state"];

  test("for what S3 answers opens its session again within 20 minutes", async () => {
    const { key } = await begun();
    const away = () => Promise.reject(new Error("S3 is away"));
    const deps = { ...world.deps, objects: { ...world.deps.objects, head: away, readPrefix: away } };
    expect(await stateOf(key)).toBe("finalizing");
    await minutes(20, () => sweepUploads(deps).catch(() => {}));
    expect(await stateOf(key)).toBe("open");
  });

  test("since it ends each run that looks at it opens again too, and then keeps no other", async () => {
    const { key } = await begun();
    const { call, run } = ending();
    const objects = { ...world.deps.objects, head: call, readPrefix: call };
    const deps = { ...world.deps, objects, itemMs: 1_000_000 };
    await minutes(20, () => run(() => sweepUploads(deps)));
    expect(await stateOf(key)).toBe("open");
    const other = await cases.upload.item(world.deps.now());
    await world.deps.table.put({ blind: "seeded", put: other });
    await sweepUploads(deps);
    expect(await stateOf(keyOf(other))).toBe("expired");
  });
});
