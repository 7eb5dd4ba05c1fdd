/** What trees shouldn't be, and a decision has to end at all the same; all else of it is asked in `oracle.test.ts`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { judge } from "#core/access/authorize.ts";
import { locateNode, rootFolder } from "#core/access/place.ts";
import type { Caller } from "#core/kernel/call.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { inProcessDynamoDb } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";

const NOW = Date.UTC(2026, 0, 1);
const [WS, OTHER] = ["ws_1", "ws_2"];
const engine = inProcessDynamoDb(spec, () => NOW);
const table = createTable(engine.client(), spec.name);
const deps = { table, now: () => NOW };

interface Folder {
  parent_id: string | null;
  workspace_id?: string;
  kind?: string;
  deleted_at?: string;
}
const line = Array.from({ length: 40 }, (_, at): [string, Folder] => [
  `fld_deep_${at}`,
  { parent_id: at === 0 ? rootFolder(WS) : `fld_deep_${at - 1}` },
]);
const folders: Record<string, Folder> = {
  ...Object.fromEntries(line),
  fld_granted: { parent_id: rootFolder(WS) },
  fld_below: { parent_id: "fld_granted" },
  fld_of_another: { parent_id: "fld_granted", workspace_id: OTHER },
  fld_in_another: { parent_id: "fld_of_another" },
  fld_no_folder: { parent_id: "fld_granted", kind: "file" },
  fld_in_no_folder: { parent_id: "fld_no_folder" },
  fld_deleted: { parent_id: "fld_granted", deleted_at: "2026-01-01T00:00:00.000Z" },
  fld_in_deleted: { parent_id: "fld_deleted" },
  fld_in_nothing: { parent_id: "fld_nothing" },
  fld_round: { parent_id: "fld_and_round" },
  fld_and_round: { parent_id: "fld_round" },
  fld_stray_root: { parent_id: null },
};

/** What stands in a viewer's own record, and what may stand elsewhere. */
const viewer = { grant_id: "grt_viewer", on: WS, workspace_id: WS, actions: [...actionsOfRole("viewer")] };
const owners = { on: WS, workspace_id: WS, actions: [...actionsOfRole("owner")] };

beforeAll(async () => {
  for (const [node_id, { kind = "folder", workspace_id = WS, ...rest }] of Object.entries(folders))
    await table.add({ ...keys.node(node_id), kind, node_id, workspace_id, ...rest });
  await table.add({
    ...keys.workspace(WS),
    ...{ workspace_id: WS, name: "", root_folder: rootFolder(WS), created_at: "2026-01-01T00:00:00.000Z" },
    ...{ organization_id: "org_1", member_access: "editor" },
  });
  await table.add({
    ...{ ...keys.principal("grp_1"), group_id: "grp_1", name: "", created_at: "2026-01-01T00:00:00.000Z" },
    ...{ more_grants: 0, grants: { grt_group: { ...owners, role: "owner" } } },
  });
  await table.add({ ...keys.furtherGrant("cli_1", WS, "grt_more"), grant_id: "grt_more", ...owners });
});
afterAll(() => engine.close());

/** May do everything in `fld_granted` and in one of the line, and below. */
const caller: Caller = {
  ...{ id: "cli_1", name: "", scopes: new Set(["admin"]), workspaces: {} },
  rights: {
    ...NO_RIGHTS,
    grants: ["fld_granted", "fld_deep_0", "fld_round", "fld_nothing"].map((on) => ({
      ...{ grant_id: `grt_${on}`, on, workspace_id: WS, actions: ["list", "read"] },
    })),
  },
};

async function decided(folder: string, hint: readonly string[] | undefined): Promise<boolean | undefined> {
  const [item] = await table.batchGet([keys.node(folder)]);
  return (await judge(deps, caller, locateNode(caller.id, { ...item, above: hint }), "read"))?.allowed;
}

test.for([
  ["below what was granted", "fld_below", ["fld_granted"], true],
  ["in a folder of another workspace", "fld_in_another", ["fld_granted", "fld_of_another"], undefined],
  ["in what is no folder", "fld_in_no_folder", ["fld_granted", "fld_no_folder"], undefined],
  ["in a deleted folder", "fld_in_deleted", ["fld_granted", "fld_deleted"], undefined],
  ["in a folder that is gone", "fld_in_nothing", ["fld_nothing"], undefined],
  ["in a circle", "fld_and_round", ["fld_round"], undefined],
  ["below no root", "fld_stray_root", [], undefined],
  ["as deep as it goes", "fld_deep_32", line.slice(0, 32).map(([id]) => id), true],
  ["deeper", "fld_deep_33", line.slice(0, 33).map(([id]) => id), undefined],
] as const)("%s", async ([, folder, hint, expected]) => {
  expect([await decided(folder, hint), await decided(folder, undefined), await decided(folder, [])]).toEqual([
    expected,
    expected,
    expected,
  ]);
});

/** What a viewer by its own record has beside that. */
const more: Record<string, Partial<Caller["rights"]>> = {
  "its role in the organization": { organizations: { org_1: "admin" } },
  "a member's role": { organizations: { org_1: "member" } },
  "a group": { groups: ["grp_1"] },
  "its own partition": { more_grants: true },
  "a folder": { grants: [viewer, { ...owners, grant_id: "grt_folder", on: "fld_granted" }] },
};

test.for(Object.entries(more))(
  "what %s adds is missed where not all is asked for, and only there",
  async ([, rights]) => {
    const holder = { ...caller, rights: { ...NO_RIGHTS, grants: [viewer], ...rights } };
    const [item] = await table.batchGet([keys.node("fld_below")]);
    const located = locateNode(holder.id, { ...item, above: ["fld_granted"] });
    const asked = async (whole: boolean) => {
      const decision = await judge(deps, holder, located, "read", { whole });
      return decision?.allowed === true && decision.has.has("write");
    };
    expect([await asked(true), await asked(false)]).toEqual([true, false]);
  },
);

test("what is below a folder that is gone is nothing, also for whoever would see it and not do that", async () => {
  const sees: Caller = { ...caller, rights: { ...NO_RIGHTS, grants: [viewer] } };
  const asked = async (folder: string) => {
    const [item] = await table.batchGet([keys.node(folder)]);
    return judge(deps, sees, locateNode(sees.id, item), "delete");
  };
  expect(await asked("fld_below")).toEqual({ allowed: false, visible: true });
  for (const folder of ["fld_in_deleted", "fld_in_nothing", "fld_in_another"])
    expect([folder, await asked(folder)]).toEqual([folder, undefined]);
});

test("what may be done to one's own is told apart from what may be done by rights that stand elsewhere", async () => {
  // It lists, but its token sees no files: what it made is its own, and all else is its role's.
  const maker: Caller = {
    ...caller,
    scopes: new Set(["webhooks:write"]),
    rights: { ...NO_RIGHTS, grants: [viewer], organizations: { org_1: "admin" } },
  };
  const made = { by: "file", file: "own" } as const;
  const decision = await judge(deps, maker, { workspace_id: WS, file_id: "file_1", made }, "hooks");
  expect(decision).toMatchObject({ allowed: true, own: false });
});

test("a link that was handed over is its holder's in its epoch alone, who has nothing else", async () => {
  const holder: Caller = { ...caller, rights: NO_RIGHTS };
  const asked = (handed: number | undefined) => {
    const made = { by: "thing", file: "others", thing: "others", handed } as const;
    return judge(deps, holder, { workspace_id: WS, file_id: "file_1", made }, "share");
  };
  expect(await asked(0)).toMatchObject({ allowed: true, own: true, sees: false });
  for (const handed of [1, undefined])
    expect(await asked(handed)).toEqual({ allowed: false, visible: false });
});

test("a link that was handed over to who may share there anyway is shared by that", async () => {
  const rights = { ...NO_RIGHTS, grants: [viewer], organizations: { org_1: "admin" as const } };
  const made = { by: "thing", file: "others", thing: "others", handed: 0 } as const;
  const located = { workspace_id: WS, file_id: "file_1", made };
  expect(await judge(deps, { ...caller, rights }, located, "share")).toMatchObject({
    ...{ allowed: true, own: false, sees: true },
  });
});

test("a restriction to a folder holds for what is far below it", async () => {
  const actions = ["list" as const, "read" as const];
  const details = [{ type: "file_access" as const, actions, workspace: WS, folder: "fld_deep_0" }];
  const restricted: Caller = { ...caller, rights: { ...NO_RIGHTS, grants: [viewer], details } };
  const asked = async (folder: string) => {
    const [item] = await table.batchGet([keys.node(folder)]);
    return (await judge(deps, restricted, locateNode(restricted.id, item), "read"))?.allowed;
  };
  expect([await asked("fld_deep_5"), await asked("fld_below")]).toEqual([true, false]);
});

test("what a call has read of a workspace and its organization, it doesn't read again", async () => {
  const read: unknown[] = [];
  const counted: typeof table = {
    ...table,
    batchGet: (wanted, ...rest) => {
      read.push(...wanted);
      return table.batchGet(wanted, ...rest);
    },
  };
  const member = { ...NO_RIGHTS, grants: [viewer], organizations: { org_1: "admin" as const } };
  const holder: Caller = { ...caller, rights: member, met: new Map() };
  const asked = async () => {
    read.length = 0;
    const decision = await judge({ ...deps, table: counted }, holder, { workspace_id: WS }, "read");
    return [decision?.allowed, read];
  };
  await table.add({
    ...{ ...keys.organization("org_1"), organization_id: "org_1", name: "One" },
    created_at: "2026-01-01T00:00:00.000Z",
  });
  expect(await asked()).toEqual([true, [keys.workspace(WS), keys.organization("org_1")]]);
  expect(await asked()).toEqual([true, []]);
});
