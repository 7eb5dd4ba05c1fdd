/** What is from before there were organizations, and what becomes of it. */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { keys, under } from "#aws/keys.ts";
import { createTable, type Item } from "#aws/table.ts";
import { type Action, actions, type Scope } from "#contract/scopes.ts";
import { judge } from "#core/access/authorize.ts";
import { migrateClient } from "#core/access/migrate-client.ts";
import { type Located, rootFolder } from "#core/access/place.ts";
import { FIRST_ORGANIZATION, grantRecord } from "#core/access/records.ts";
import { sweepMigration } from "#core/access/sweep-migration.ts";
import { clientRecord, currentClient } from "#core/accounts/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { seeded } from "#test/faults/random.ts";
import {
  type FormerClient,
  makeWorkspaceAsBefore,
  shareAsBefore,
  writeFormerClient,
} from "#test/support/former-records.ts";
import { inProcessDynamoDb, type Network } from "#test/support/in-process-dynamodb.ts";
import { SEED } from "#test/support/property-seed.ts";
import { spec } from "#test/support/table-spec.ts";
import { freshId, type Random, randomOf } from "./random-world.ts";

const NOW = Date.UTC(2026, 0, 1);
const AT = "2025-06-01T00:00:00.000Z";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function start() {
  const clock = { now: NOW };
  const engine = inProcessDynamoDb(spec, () => clock.now);
  onTestFinished(() => engine.close());
  const calls: string[] = [];
  let network: Network = ({ run }) => run();
  const table = createTable(engine.client(), spec.name);
  const watched = createTable(
    engine.client((sent) => {
      calls.push(sent.action);
      return network(sent);
    }),
    spec.name,
  );
  const deps = { table: watched, now: () => clock.now };
  return {
    ...{ clock, table, deps, calls },
    through(next: Network) {
      network = next;
    },
    async dump(): Promise<Item[]> {
      const { Items = [] } = await engine.client().send(new ScanCommand({ TableName: spec.name }));
      return Items.map((item) => item as Item).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    },
    /** The client as a call of today would find it. */
    async client(id: string) {
      const [item] = await table.batchGet([keys.client(id)]);
      return currentClient(clientRecord.parse(item));
    },
    grants: (id: string) => all(table, keys.principal(id).pk, under.furtherGrants),
    members: () => all(table, keys.organization(FIRST_ORGANIZATION).pk, under.members),
  };
}

const nameOf = ({ pk, sk }: Item) => `${pk} ${sk}`;

async function all(table: ReturnType<typeof createTable>, pk: string, prefix: string): Promise<Item[]> {
  const { items } = await table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk, prefix },
  });
  return items;
}

let world: ReturnType<typeof start>;
beforeEach(() => {
  world = start();
});

const FORMER_SCOPES: Scope[] = [
  "files:read",
  "files:write",
  "shares:write",
  "locks:break",
  "webhooks:write",
  "admin",
];

function formerClients(random: Random): FormerClient[] {
  const clients: FormerClient[] = Array.from({ length: 5 }, (_, at) => ({
    ...{ id: freshId("cli"), name: `client-${at}`, created_at: AT },
    scopes: random.some(FORMER_SCOPES, 0.4),
    // Names are each client's own: others have the same.
    own: Object.fromEntries(
      Array.from({ length: at === 4 ? 60 : 1 + random.below(3) }, (_, nth) => [freshId("ws"), `team-${nth}`]),
    ),
    revoked: random.chance(0.2),
  }));
  return clients.map((client) => {
    const others = clients.filter(({ id }) => id !== client.id).flatMap(({ own }) => Object.entries(own));
    return { ...client, shared: Object.fromEntries(random.some(others, 0.1)) };
  });
}

/** What a client may do where, by all that its record and the table say of it. */
async function mayDo(caller: Caller, places: readonly Located[]): Promise<string[]> {
  const decided: string[] = [];
  for (const [at, place] of places.entries()) {
    for (const action of actions) {
      const decision = await judge(world.deps, caller, place, action);
      if (decision?.allowed) decided.push(`${at} ${action} ${decision.own ? "own" : "any"}`);
      else if (decision?.visible) decided.push(`${at} ${action} seen`);
    }
  }
  return decided;
}

async function callerOf(id: string, held?: readonly Scope[]): Promise<Caller> {
  const {
    rights,
    name,
    workspaces,
    default_workspace,
    scopes: own,
    makes_workspaces,
  } = await world.client(id);
  const common = { id, name, workspaces, default_workspace, makes_workspaces, rights, met: new Map() };
  return { ...common, scopes: new Set(held ?? own) };
}

/** Of roles alone: nobody could do that with the scopes that there were, but `admin`. */
const OF_TODAY: readonly Action[] = ["grant", "manage", "transfer"];

test("rights are the same before and after, for clients at random", { timeout: 60_000 }, async () => {
  const random = randomOf(seeded(SEED));
  const clients = formerClients(random);
  for (const client of clients) await writeFormerClient(world.table, { ...client, shared: {} });
  for (const { id, shared = {} } of clients)
    for (const [workspaceId, name] of Object.entries(shared))
      await shareAsBefore(world.table, id, { workspaceId, name });
  const workspaces = [...new Set(clients.flatMap(({ own, shared }) => Object.keys({ ...own, ...shared })))];
  const places = random.some(workspaces, 0.4).flatMap((workspace_id): Located[] => {
    const folder_id = rootFolder(workspace_id);
    const file = { workspace_id, folder_id, file_id: freshId("file") };
    return [
      { workspace_id },
      { ...file, made: { by: "file", file: random.one(["own", "mixed", "others"]) } },
    ];
  });
  const before = new Map<string, Awaited<ReturnType<typeof world.client>>>();
  const might = new Map<string, string[][]>();
  const tokens: (readonly Scope[] | undefined)[] = [undefined, ["files:write"], ["admin"]];
  const judged = async (id: string) => {
    const said: string[][] = [];
    for (const held of tokens) said.push(await mayDo(await callerOf(id, held), places));
    return said;
  };
  for (const { id } of clients) {
    before.set(id, await world.client(id));
    might.set(id, await judged(id));
  }

  expect(await sweepMigration(world.deps)).toBe(clients.length + workspaces.length);

  for (const { id, own, revoked } of clients) {
    const { rights, scopes: held, makes_workspaces, revoked_at, organizations } = await world.client(id);
    const was = before.get(id);
    expect([held, makes_workspaces, revoked_at !== undefined]).toEqual([was?.scopes, true, revoked]);
    const [role = "", ...others] = Object.values(organizations ?? {});
    expect(others).toEqual([]);
    expect(role === "owner" ? "admin" : role).toBe(held.includes("admin") ? "admin" : "guest");
    expect(rights.more_grants).toBe((was?.rights.grants.length ?? 0) > 50);
    // What it made is its own by now, and not only its default one.
    const gained = (line: string) => {
      const [at, action] = line.split(" ");
      const place = places[Number(at)];
      // Handing over is of today; whoever was elected owns what the organization has.
      if (role === "owner" && action === "transfer") return true;
      return Object.hasOwn(own, place?.workspace_id ?? "") && OF_TODAY.some((one) => one === action);
    };
    const after = await judged(id);
    const same = (said: string[][] | undefined) =>
      said?.map((lines) => lines.filter((line) => !gained(line)));
    expect(same(after)).toEqual(same(might.get(id)));
  }
});

describe("what it becomes", () => {
  const [TEAM, SIDE, OTHERS] = [freshId("ws"), freshId("ws"), freshId("ws")];
  const early: FormerClient = {
    ...{ id: freshId("cli"), name: "early", scopes: ["admin"], created_at: AT, revoked: true },
    own: { [OTHERS]: "builds" },
  };
  const admin: FormerClient = {
    ...early,
    id: freshId("cli"),
    name: "admin",
    revoked: false,
    own: { [TEAM]: "builds", [SIDE]: "side" },
  };
  const plain: FormerClient = {
    ...{ id: freshId("cli"), name: "plain", scopes: ["files:write", "shares:write"], created_at: AT },
    ...{ own: { [freshId("ws")]: "plain" }, shared: { [TEAM]: "builds" } },
  };
  const later: FormerClient = {
    ...admin,
    id: freshId("cli"),
    name: "later",
    own: { [freshId("ws")]: "later" },
  };

  beforeEach(async () => {
    for (const client of [early, admin, plain, later]) await writeFormerClient(world.table, client);
    await sweepMigration(world.deps);
  });

  test("an organization, whose owner is the earliest admin that lives", async () => {
    const roles = (await world.members()).map(({ principal_id, role }) => [principal_id, role]);
    expect(roles).toEqual([
      [admin.id, "owner"],
      [plain.id, "guest"],
      [later.id, "admin"],
    ]);
    const [owned] = await world.table.batchGet([keys.organization(FIRST_ORGANIZATION)]);
    expect(owned).toMatchObject({ name: "default", owners: 1 });
    expect((await world.client(admin.id)).rights.organizations).toEqual({ [FIRST_ORGANIZATION]: "owner" });
    expect((await world.client(early.id)).revoked_at).toBe(AT);
  });

  test("grants, that are listed and end as any other", async () => {
    const { grants, more_grants, groups, makes_workspaces, scopes } = await world.client(plain.id);
    expect({ more_grants, groups, makes_workspaces, scopes }).toEqual({
      ...{ more_grants: 0, groups: [], makes_workspaces: true },
      scopes: ["files:write", "shares:write", "files:delete", "locks:write", "shares:read"],
    });
    for (const [grant_id, held] of Object.entries(grants)) {
      const [stored, listed] = await Promise.all([
        world.table.get(grantRecord, keys.grant(grant_id)),
        world.table.get(grantRecord, keys.resourceGrant(held.on, grant_id)),
      ]);
      expect(stored).toEqual(listed);
      expect(stored).toMatchObject({ ...held, principal_id: plain.id, organization_id: FIRST_ORGANIZATION });
    }
    const roles = Object.values((await world.client(admin.id)).grants).map(({ on, role }) => [on, role]);
    expect(roles.sort()).toEqual(
      [
        [TEAM, "owner"],
        [SIDE, "owner"],
      ].sort(),
    );
  });

  test("two workspaces of one name, side by side", async () => {
    const { pk, sk } = keys.organizationName(FIRST_ORGANIZATION, "builds", "");
    const listed = (await all(world.table, pk, sk)).map(({ workspace_id }) => workspace_id);
    expect(listed).toEqual([TEAM, OTHERS].sort());
  });

  test("what the administrator shares again is what was shared", async () => {
    await shareWorkspace(world.deps, { clientId: plain.id, workspaceId: TEAM });
    expect(Object.keys((await world.client(plain.id)).grants)).toHaveLength(2);
  });

  test("once more changes nothing", async () => {
    await sweepMigration(world.deps);
    const before = await world.dump();
    expect([await sweepMigration(world.deps), await migrateClient(world.deps, plain.id)]).toEqual([0, false]);
    expect(await world.dump()).toEqual(before);
  });

  test("more than 50 workspaces stand beside the record", async () => {
    const own = Object.fromEntries(Array.from({ length: 70 }, (_, at) => [freshId("ws"), `w${at}`]));
    const large = { ...plain, id: freshId("cli"), own };
    await writeFormerClient(world.table, large);
    await sweepMigration(world.deps);
    const { grants, more_grants } = await world.client(large.id);
    expect([Object.keys(grants).length, more_grants]).toEqual([50, 21]);
    expect(await world.grants(large.id)).toHaveLength(21);
  });
});

describe("what goes wrong on the way", () => {
  const TEAM = freshId("ws");
  const owner: FormerClient = {
    ...{ id: freshId("cli"), name: "owner", scopes: ["admin"], created_at: AT },
    own: { [TEAM]: "team", [freshId("ws")]: "side" },
  };
  const guest: FormerClient = {
    ...{ id: freshId("cli"), name: "guest", scopes: ["files:write"], created_at: AT },
    ...{ own: { [freshId("ws")]: "guest" }, shared: { [TEAM]: "team" } },
  };
  const places: Located[] = [...Object.keys(owner.own), ...Object.keys(guest.own)].map((workspace_id) => ({
    workspace_id,
  }));
  const write = async () => {
    for (const client of [owner, guest]) await writeFormerClient(world.table, client);
  };
  const said = async () => [
    await mayDo(await callerOf(guest.id, ["admin"]), places),
    (await mayDo(await callerOf(owner.id), places)).filter(
      (line) => !OF_TODAY.some((action) => line.includes(action)),
    ),
  ];
  /** Without what is another each time. */
  const lasting = (items: Item[]) => items.map(({ change, ...item }) => item);

  test("its end at any call: all is read as before, and the next run finishes it", {
    timeout: 60_000,
  }, async () => {
    await write();
    const before = await said();
    await sweepMigration(world.deps);
    const calls = world.calls.length;
    await sweepMigration(world.deps);
    const whole = lasting(await world.dump());
    expect(await said()).toEqual(before);
    for (const moment of ["before", "after"] as const) {
      for (let dies = 1; dies <= calls; dies++) {
        world = start();
        await write();
        let nth = 0;
        world.through(async ({ run }) => {
          const isLast = ++nth >= dies;
          if (isLast && moment === "before") throw new Error("the function ends");
          const answer = await run();
          if (isLast) throw new Error("the function ends");
          return answer;
        });
        await sweepMigration(world.deps).catch(() => undefined);
        world.through(({ run }) => run());
        expect(await said(), `${moment} call ${dies}`).toEqual(before);
        await sweepMigration(world.deps);
        await sweepMigration(world.deps);
        expect(lasting(await world.dump()), `${moment} call ${dies}`).toEqual(whole);
      }
    }
  });

  test("a workspace that is shared meanwhile is not lost", async () => {
    await write();
    const { table } = world;
    const late = freshId("ws");
    await writeFormerClient(table, { ...owner, id: freshId("cli"), own: { [late]: "late" } });
    let isShared = false;
    world.through(async ({ action, run }) => {
      if (action === "TransactWriteItems" && !isShared) {
        isShared = true;
        await shareAsBefore(table, guest.id, { workspaceId: late, name: "late" });
      }
      return run();
    });
    await migrateClient(world.deps, guest.id);
    const { rights } = await world.client(guest.id);
    expect(rights.grants.map(({ on }) => on)).toContain(late);
    expect(rights.grants).toHaveLength(3);
  });

  test("one that is revoked meanwhile is brought over revoked", async () => {
    await write();
    const { table } = world;
    let isRevoked = false;
    world.through(async ({ action, run }) => {
      if (action === "TransactWriteItems" && !isRevoked) {
        isRevoked = true;
        const update = { set: { revoked_at: AT } };
        await table.update({ key: keys.client(guest.id), update, condition: "attribute_exists(#pk)" });
      }
      return run();
    });
    await migrateClient(world.deps, guest.id);
    expect((await world.client(guest.id)).revoked_at).toBe(AT);
    expect((await world.members()).map(({ principal_id }) => principal_id)).not.toContain(guest.id);
  });

  test("what can't be read keeps no other", async () => {
    await writeFormerClient(world.table, owner);
    await writeFormerClient(world.table, { ...guest, scopes: ["nonsense"] });
    await expect(sweepMigration(world.deps)).rejects.toThrow("1 could not be brought over");
    expect((await world.client(owner.id)).organizations).toBeDefined();
  });
});

describe("programs of the release before, which run on for some time", () => {
  const TEAM = freshId("ws");
  const owner: FormerClient = {
    ...{ id: freshId("cli"), name: "owner", scopes: ["files:write"], created_at: AT },
    own: { [TEAM]: "team" },
  };
  const guest: FormerClient = { ...owner, id: freshId("cli"), own: { [freshId("ws")]: "guest" } };
  const grantsOf = async (id: string) =>
    (await world.client(id)).rights.grants.map(({ on, role }) => [on, role]).sort();

  beforeEach(async () => {
    for (const client of [owner, guest]) await writeFormerClient(world.table, client);
    await sweepMigration(world.deps);
  });

  test("a client that one of them makes is found", async () => {
    const late = { ...owner, id: freshId("cli"), own: { [freshId("ws")]: "late" } };
    await writeFormerClient(world.table, late);
    expect(await sweepMigration(world.deps)).toBe(2);
    expect((await world.client(late.id)).organizations).toEqual({ [FIRST_ORGANIZATION]: "guest" });
  });

  test("a workspace that one of them makes is its maker's", async () => {
    const made = { workspaceId: freshId("ws"), name: "late", created_at: AT };
    await makeWorkspaceAsBefore(world.table, owner.id, made);
    expect(await sweepMigration(world.deps)).toBe(1);
    expect(await grantsOf(owner.id)).toEqual(
      [
        [TEAM, "owner"],
        [made.workspaceId, "owner"],
      ].sort(),
    );
    expect(await sweepMigration(world.deps)).toBe(0);
  });

  test("what one of them shares is granted, and what has ended since is not again", async () => {
    await shareAsBefore(world.table, guest.id, { workspaceId: TEAM, name: "team" });
    expect(await sweepMigration(world.deps)).toBe(1);
    expect((await grantsOf(guest.id)).map(([on]) => on)).toContain(TEAM);
    expect(await sweepMigration(world.deps)).toBe(0);
  });

  test("an hour without any, and it is over: one read a minute", async () => {
    await sweepMigration(world.deps);
    world.clock.now += HOUR - MINUTE;
    await shareAsBefore(world.table, guest.id, { workspaceId: TEAM, name: "team" });
    expect(await sweepMigration(world.deps)).toBe(1);
    world.clock.now += HOUR - 1;
    await sweepMigration(world.deps);
    world.clock.now += 1;
    await sweepMigration(world.deps);
    world.calls.splice(0);
    expect(await sweepMigration(world.deps)).toBe(0);
    expect(world.calls).toEqual(["GetItem"]);
  });
});

test("where nothing is from before, nothing is made", async () => {
  expect(await sweepMigration(world.deps)).toBe(0);
  expect((await world.dump()).map(({ pk }) => pk)).toEqual([keys.migration().pk]);
});
