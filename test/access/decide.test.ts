import { describe, expect, test } from "vitest";
import { actionsOfRole, type GrantedDetail, memberRoles, roles } from "#contract/roles.ts";
import { type Action, actions, actionsOf, type Scope, scopes } from "#contract/scopes.ts";
import {
  type Asker,
  byRole,
  decide,
  hasThere,
  liveGrants,
  type Made,
  type Place,
} from "#core/access/decide.ts";
import { grantedSince, workspaceNow } from "#core/access/organization-now.ts";
import { fileMadeBy, locateNode, madeBy } from "#core/access/place.ts";
import type { HeldGrant } from "#core/kernel/rights.ts";

const NOW = Date.UTC(2026, 0, 1);
const WS = "ws_1";
const place: Place = { workspace_id: WS, chain: ["fld_a", "fld_b", "file_c"] };
const all = new Set<Scope>(["admin"]);

function grant(on: string, given: readonly Action[], rest: Partial<HeldGrant> = {}): HeldGrant {
  return { grant_id: `grt_${on}`, on, workspace_id: WS, actions: given, ...rest };
}

const asking = (rest: Partial<Asker> = {}): Asker => ({ scopes: all, grants: [], now: NOW, ...rest });

/** Names of the marked columns. */
function marked(columns: readonly Action[], marks: string): Action[] {
  const each = marks.replaceAll(" ", "");
  if (each.length !== columns.length) throw new Error(`${marks} has ${each.length} marks`);
  return columns.filter((_, at) => each[at] === "x");
}

const columns = [
  ...(["list", "read", "create", "write", "delete", "restore", "lock"] as const),
  ...(["share", "grant", "hooks", "break", "purge", "manage", "transfer"] as const),
];

describe("role × action", () => {
  test("each action is a column", () => expect([...columns].sort()).toEqual([...actions].sort()));

  const expected = [
    ["uploader", "..x.... ......."],
    ["viewer", "xx..... ......."],
    ["contributor", "xxx.... ......."],
    ["editor", "xxxxxxx ......."],
    ["manager", "xxxxxxx xxxxxx."],
    ["owner", "xxxxxxx xxxxxxx"],
  ] as const;

  test("each role is a row", () => expect(expected.map(([role]) => role)).toEqual([...roles]));

  test.for(expected)("%s", ([role, marks]) => {
    const may = marked(columns, marks);
    const on = [WS, "fld_a", "fld_b", "file_c"];
    const decided = on.map((id) => {
      const asker = asking({ grants: [grant(id, actionsOfRole(role))] });
      return columns.filter((action) => decide(asker, action, place).allowed);
    });
    expect(decided).toEqual(on.map(() => may));
  });
});

describe("what was given in another workspace", () => {
  const ELSEWHERE = "ws_elsewhere";
  const asked = (given: Partial<Asker>) => decide(asking(given), "read", place);
  test.each(["fld_a", "fld_b", "file_c"])("gives nothing: a grant on %s", (on) => {
    const given = grant(on, actionsOfRole("owner"));
    expect(asked({ grants: [given] }).allowed).toBe(true);
    expect(asked({ grants: [{ ...given, workspace_id: ELSEWHERE }] })).toEqual({
      ...{ allowed: false, visible: false },
    });
  });
  test("restricts to nothing here: a token's restriction", () => {
    const detail = {
      type: "file_access" as const,
      actions: ["list" as const, "read" as const],
      file: "file_c",
    };
    const grants = [grant(WS, actionsOfRole("owner"))];
    expect(asked({ grants, details: [{ ...detail, workspace: WS }] }).allowed).toBe(true);
    expect(asked({ grants, details: [{ ...detail, workspace: ELSEWHERE }] }).allowed).toBe(false);
  });
});

describe("scope × action", () => {
  const expected = [
    ["files:read", "xx..... ......."],
    ["files:write", "..x.... ......."],
    ["files:delete", "....... ......."],
    ["locks:write", "....... ......."],
    ["locks:break", "....... ...x..."],
    ["shares:read", "....... ......."],
    ["shares:write", "....... ......."],
    ["webhooks:read", "....... ......."],
    ["webhooks:write", "....... ..x...."],
    ["grants:read", "....... ......."],
    ["grants:write", "....... .x....."],
    ["members:read", "....... ......."],
    ["members:write", "....... ......."],
    ["clients:read", "....... ......."],
    ["clients:write", "....... ......."],
    ["policies:read", "....... ......."],
    ["policies:write", "....... ......."],
    ["workspaces:read", "....... ......."],
    ["workspaces:write", "....... .....xx"],
    ["admin", "xxxxxxx xxxxxxx"],
  ] as const;
  /** The same beside `files:read`, without which files of others are out of sight. */
  const seeing: Partial<Record<Scope, string>> = {
    "files:write": "xxxx.x. .......",
    "files:delete": "xx..x.. ....x..",
    "locks:write": "xx....x .......",
    "shares:write": "xx..... x......",
  };

  test("each scope is a row", () => expect(expected.map(([scope]) => scope)).toEqual(scopes));

  const decided = (held: Scope[]) => {
    const asker = asking({ scopes: new Set(held), grants: [grant(WS, actionsOfRole("owner"))] });
    return columns.filter((action) => decide(asker, action, place).allowed);
  };
  test.for(expected)("%s", ([scope, marks]) => {
    expect(decided([scope])).toEqual(marked(columns, marks));
  });
  test.for(Object.entries(seeing))("%s and files:read", ([scope, marks]) => {
    expect(decided(["files:read", ...scopes.filter((one) => one === scope)])).toEqual(marked(columns, marks));
  });

  test("scopes add up, and are no right by themselves", () => {
    expect(decided(["files:read", "files:delete", "locks:break"])).toEqual(
      marked(columns, "xx..x.. ...xx.."),
    );
    const nothing = asking();
    expect(columns.filter((action) => decide(nothing, action, place).allowed)).toEqual([]);
  });

  test("a route's scopes may stand for those of its action", () => {
    const asker = asking({ scopes: new Set(["shares:read"]), grants: [grant(WS, ["share", "list"])] });
    const made: Made = { by: "thing", file: "others", thing: "own" };
    expect(decide(asker, "share", { ...place, made }).allowed).toBe(false);
    expect(decide(asker, "share", { ...place, made }, true)).toMatchObject({ allowed: true, own: true });
    expect(decide(asker, "share", place, true).allowed).toBe(false);
  });
});

describe("where a grant holds", () => {
  test.for([
    ["on the workspace", WS, true],
    ["on a folder above", "fld_a", true],
    ["on the folder", "fld_b", true],
    ["on the file", "file_c", true],
    ["on another workspace", "ws_2", false],
    ["on a folder beside", "fld_x", false],
    ["on a file beside", "file_x", false],
  ] as const)("%s", ([, on, expected]) => {
    const asker = asking({ grants: [grant(on, ["read"])] });
    expect(decide(asker, "read", place).allowed).toBe(expected);
  });

  test("on a file and a folder below, not above", () => {
    const asker = asking({ grants: [grant("fld_b", ["read"])] });
    expect(decide(asker, "read", { workspace_id: WS, chain: ["fld_a"] }).allowed).toBe(false);
    expect(decide(asker, "read", { workspace_id: WS, chain: [] }).allowed).toBe(false);
  });

  test("several add up, and nothing takes away", () => {
    const grants = [
      grant(WS, ["list"]),
      grant("fld_a", ["write"]),
      grant("file_c", ["share"]),
      grant(WS, []),
    ];
    expect([...hasThere(asking({ grants }), place)].sort()).toEqual(["list", "share", "write"]);
  });
});

describe("a grant's end", () => {
  test.for([
    ["none", undefined, true],
    ["a millisecond ahead", NOW + 1, true],
    ["now", NOW, false],
    ["a millisecond ago", NOW - 1, false],
    ["the epoch", 0, false],
  ] as const)("%s", ([, expires_ms, expected]) => {
    const held = grant(WS, ["read"], { expires_ms });
    const asker = asking({ grants: [held] });
    expect(decide(asker, "read", place).allowed).toBe(expected);
    expect(liveGrants(asker, place)).toEqual(expected ? [held] : []);
  });
});

describe("roles in the organization", () => {
  const expected = [
    ["owner", "none", "owner"],
    ["owner", "viewer", "owner"],
    ["admin", "none", "manager"],
    ["admin", "editor", "manager"],
    ["member", undefined, undefined],
    ["member", "none", undefined],
    ["member", "viewer", "viewer"],
    ["member", "editor", "editor"],
    ["guest", "none", undefined],
    ["guest", "viewer", undefined],
    ["guest", "editor", undefined],
    [undefined, "editor", undefined],
  ] as const;

  test("each role is a row", () =>
    expect(new Set(expected.map(([role]) => role))).toEqual(new Set([...memberRoles, undefined])));

  test.for(expected)("%s where members have %s", ([role, member_access, as]) => {
    const has = byRole({ role }, { member_access });
    expect([...has]).toEqual(as === undefined ? [] : [...actionsOfRole(as)]);
    const decided = columns.filter(
      (action) => decide(asking({ role }), action, { ...place, member_access }).allowed,
    );
    expect(decided.sort()).toEqual([...has].sort());
  });

  test("beside a grant both count", () => {
    const asker = asking({ role: "member", grants: [grant("fld_a", ["share"])] });
    expect([...hasThere(asker, { ...place, member_access: "viewer" })].sort()).toEqual([
      "list",
      "read",
      "share",
    ]);
  });
});

describe("a token's restriction", () => {
  const only = (given: readonly Action[], rest: Partial<GrantedDetail> = {}): GrantedDetail => ({
    ...{ type: "file_access", actions: [...given], workspace: WS },
    ...rest,
  });
  const owner = [grant(WS, actionsOfRole("owner"))];

  test.for([
    ["none", undefined, ["read", "write"]],
    ["nothing", [], []],
    ["the workspace", [only(["read"])], ["read"]],
    ["another workspace", [only(["read"], { workspace: "ws_2" })], []],
    ["a folder above", [only(["read"], { folder: "fld_a" })], ["read"]],
    ["a folder beside, in the same workspace", [only(["read"], { folder: "fld_x" })], []],
    ["the file", [only(["write"], { file: "file_c" })], ["write"]],
    ["another file of the folder", [only(["write"], { file: "file_x" })], []],
    ["two of them", [only(["read"]), only(["write"], { folder: "fld_b" })], ["read", "write"]],
    ["two, of which one is elsewhere", [only(["read"]), only(["write"], { folder: "fld_x" })], ["read"]],
  ] as const)("to %s", ([, details, expected]) => {
    const asker = asking({ details, grants: owner });
    const has = (["read", "write"] as const).filter((action) => hasThere(asker, place).has(action));
    expect(has).toEqual(expected);
  });

  test("gives nothing that its holder hasn't", () => {
    const asker = asking({ details: [only(["read", "write"])], grants: [grant(WS, ["read"])] });
    expect([...hasThere(asker, place)]).toEqual(["read"]);
  });

  test("to a folder sees nothing of what is above", () => {
    const asker = asking({ details: [only(["list", "read"], { folder: "fld_b" })], grants: owner });
    expect(decide(asker, "read", place)).toMatchObject({ allowed: true, sees: true });
    const above = { workspace_id: WS, chain: ["fld_a"] };
    expect(decide(asker, "read", above)).toEqual({ allowed: false, visible: false });
  });

  test("holds of what its holder made too", () => {
    const made: Made = { by: "file", file: "own" };
    const uploader = { scopes: new Set<Scope>(["files:write"]), grants: [grant(WS, ["create"])] };
    const decided = (details: GrantedDetail[] | undefined) =>
      decide(asking({ ...uploader, details }), "write", { ...place, made }).allowed;
    expect(decided(undefined)).toBe(true);
    expect(decided([only(["create"])])).toBe(false);
    expect(decided([only(["write"])])).toBe(true);
    expect(decided([only(["write"], { folder: "fld_x" })])).toBe(false);
  });

  test("an uploader's token without `create` is still blind to what is there, and makes nothing", () => {
    const asker = asking({ details: [only(["write"])], grants: [grant(WS, ["create"])] });
    expect(decide(asker, "create", place)).toEqual({ allowed: false, visible: false });
  });
});

/** Callers with all rights to a place whose token can't list or read: what they may do is what they may do with their own. */
describe("without files:read", () => {
  const files = ["own", "mixed", "others"] as const;
  const things = [undefined, "own", "others"] as const;
  const rules = [
    ["read", "file", () => false],
    ["list", "file", () => false],
    ["write", "file", ({ file }: Made) => file === "own"],
    ["restore", "file", ({ file }: Made) => file === "own"],
    ["delete", "file", ({ file }: Made) => file === "own"],
    ["purge", "file", ({ file }: Made) => file === "own"],
    ["lock", "file", ({ file }: Made) => file === "own"],
    ["lock", "either", ({ file, thing }: Made) => file === "own" || thing === "own"],
    ["share", "thing", ({ thing }: Made) => thing === "own"],
    ["share", "either", ({ file, thing }: Made) => file === "own" || thing === "own"],
    ["delete", "thing", ({ thing }: Made) => thing === "own"],
  ] as const;
  const mixes: Scope[][] = [
    ["files:write", "files:delete", "locks:write", "shares:write"],
    [
      "files:write",
      "files:delete",
      "locks:write",
      "locks:break",
      "shares:write",
      "webhooks:write",
      "grants:write",
    ],
  ];

  test.for(rules)("%s by who made the %s", ([action, by, expected]) => {
    for (const held of mixes) {
      for (const role of ["owner", "uploader"] as const) {
        const asker = asking({ scopes: new Set(held), grants: [grant(WS, actionsOfRole(role))] });
        const decided = files.flatMap((file) =>
          things.map((thing) => [
            file,
            thing,
            decide(asker, action, { ...place, made: { by, file, thing } }),
          ]),
        );
        const wanted = files.flatMap((file) =>
          things.map((thing) => [
            file,
            thing,
            expected({ by, file, thing })
              ? {
                  allowed: true,
                  own: true,
                  sees: false,
                  blind: role === "uploader",
                  has: new Set(actionsOfRole(role)),
                }
              : { allowed: false, visible: false },
          ]),
        );
        expect(decided).toMatchObject(wanted);
      }
    }
  });

  test("with files:read and the right to list, whoever made it", () => {
    const asker = asking({ grants: [grant(WS, actionsOfRole("owner"))] });
    for (const [action, by] of rules)
      for (const file of files)
        for (const thing of things)
          expect(decide(asker, action, { ...place, made: { by, file, thing } })).toMatchObject({
            ...{ allowed: true, own: false, sees: true, blind: false },
          });
  });

  test("what nobody made is nobody's own", () => {
    const asker = asking({ scopes: new Set(["files:write"]), grants: [grant(WS, actionsOfRole("owner"))] });
    expect(decide(asker, "write", place)).toEqual({ allowed: false, visible: false });
    expect(decide(asker, "create", place)).toMatchObject({ allowed: true, own: false });
  });

  test("the token's scopes say what may be done with one's own", () => {
    const made: Made = { by: "either", file: "own", thing: "own" };
    const uploader = [grant(WS, actionsOfRole("uploader"))];
    const decided = Object.fromEntries(
      scopes.map((scope) => [
        scope,
        columns.filter(
          (action) =>
            decide(asking({ scopes: new Set([scope]), grants: uploader }), action, { ...place, made })
              .allowed,
        ),
      ]),
    );
    const expected: Partial<Record<Scope, Action[]>> = {
      "files:read": ["list", "read"],
      "files:write": ["create", "write", "restore"],
      "files:delete": ["delete", "purge"],
      "locks:write": ["lock"],
      "shares:write": ["share"],
      "webhooks:write": ["hooks"],
      admin: ["list", "read", "create", "write", "delete", "restore", "lock", "share", "hooks", "purge"],
    };
    expect(decided).toEqual(Object.fromEntries(scopes.map((scope) => [scope, expected[scope] ?? []])));
  });

  test("whoever has no right to a place any more has none to what it made there", () => {
    const made: Made = { by: "file", file: "own" };
    const lost = [grant("fld_x", actionsOfRole("owner")), grant(WS, ["create"], { expires_ms: NOW })];
    expect(decide(asking({ grants: lost }), "write", { ...place, made })).toEqual({
      ...{ allowed: false, visible: false },
    });
    const ended = [...lost, grant("fld_a", ["create"])];
    expect(decide(asking({ grants: ended }), "write", { ...place, made })).toMatchObject({ own: true });
    const member = asking({ role: "member" });
    expect(decide(member, "write", { ...place, made }).allowed).toBe(false);
  });
});

/** A link that was handed over to the caller, in this epoch of its workspace. */
describe("what was handed over", () => {
  const made: Made = { by: "thing", file: "others", thing: "others", handed: 2 };
  const there = { ...place, epoch: 2, made };
  const asked = (given: Partial<Asker>, action: Action = "share", on: Place = there) =>
    decide(asking({ scopes: new Set(["shares:write", "files:write"]), ...given }), action, on);

  test("is shared by whoever has nothing there, and by viewers", () => {
    const viewer = [grant(WS, actionsOfRole("viewer"), { epoch: 2 })];
    expect(asked({})).toMatchObject({ allowed: true, own: true, sees: false, has: new Set() });
    expect(asked({ grants: viewer, scopes: all })).toMatchObject({ allowed: true, own: true, sees: true });
  });
  test.each(columns.filter((action) => action !== "share"))("is nothing else: %s", (action) =>
    expect(asked({ scopes: all }, action)).toEqual({ allowed: false, visible: false }),
  );
  test("is so in its epoch alone, as far as that is known", () => {
    expect(asked({}, "share", { ...there, epoch: 3 })).toEqual({ allowed: false, visible: false });
    expect(asked({}, "share", { ...there, epoch: undefined }).allowed).toBe(true);
    expect(asked({}, "share", { ...there, epoch: 0, made: { ...made, handed: 0 } }).allowed).toBe(true);
  });
  test("takes the scope, and is within a token's restriction", () => {
    const only = (file: string): GrantedDetail => {
      return { type: "file_access", actions: ["share"], workspace: WS, file };
    };
    expect(asked({ scopes: new Set(["files:write"]) }).allowed).toBe(false);
    expect(asked({ details: [only("file_c")] }).allowed).toBe(true);
    expect(asked({ details: [only("file_x")] }).allowed).toBe(false);
    expect(asked({ details: [] }).allowed).toBe(false);
  });
});

describe("what a caller knows of", () => {
  test.for([
    // has, scopes; visible, blind
    [["list"], ["files:read", "files:delete"], true, false],
    [["read"], ["files:read", "files:delete"], true, false],
    [["list", "create"], ["files:read", "files:delete"], true, false],
    [["create"], ["files:read", "files:delete"], false, true],
    [["create"], ["admin"], false, true],
    [["list"], ["files:delete"], false, false],
    [["write", "share"], ["admin"], false, false],
    [[], ["admin"], false, false],
  ] as const)("%o with %o", ([given, held, visible, blind]) => {
    const asker = asking({ scopes: new Set(held), grants: [grant(WS, given)] });
    expect(decide(asker, "delete", place)).toEqual({ allowed: false, visible });
    // What nobody has to be allowed for is told of one who may create.
    const made: Made = { by: "file", file: "own" };
    const own = decide(asker, "delete", { ...place, made });
    if (visible || given.length === 0) expect(own).toEqual({ allowed: false, visible });
    else expect(own).toMatchObject({ allowed: true, own: true, sees: false, blind, has: new Set(given) });
  });

  test("without sight only what one made, though the right to do it is there", () => {
    const blindly = asking({
      grants: [grant(WS, ["create", "write", "delete", "hooks", "grant", "break", "manage"])],
    });
    const decided = columns.filter((action) => decide(blindly, action, place).allowed);
    expect(decided).toEqual(["create", "grant", "hooks", "break", "manage"]);
  });
});

test("who made what", () => {
  expect(fileMadeBy("a", { created_by: "a" })).toBe("own");
  expect(fileMadeBy("a", { created_by: "a", mixed: true })).toBe("mixed");
  expect(fileMadeBy("a", { created_by: "b", mixed: true })).toBe("others");
  expect(fileMadeBy("a", {})).toBe("others");
  expect([madeBy("a", "a"), madeBy("a", "b"), madeBy("a", undefined)]).toEqual(["own", "others", undefined]);
});

test("a node's record says where it is", () => {
  const node = { node_id: "file_c", workspace_id: WS, created_by: "a" };
  const file = { ...node, kind: "file", folder_id: "fld_b", above: ["fld_a", "fld_b"] };
  expect(locateNode("a", file)).toEqual({
    ...{ workspace_id: WS, folder_id: "fld_b", file_id: "file_c", above: ["fld_a", "fld_b"] },
    made: { by: "file", file: "own" },
  });
  const folder = { ...node, node_id: "fld_b", kind: "folder", parent_id: "fld_a", above: ["fld_a"] };
  expect(locateNode("a", folder)).toEqual({
    ...{ workspace_id: WS, folder_id: "fld_b", above: ["fld_a", "fld_b"] },
  });
  expect(locateNode("a", { ...folder, above: undefined })?.above).toBeUndefined();
  expect(locateNode("a", { ...file, deleted_at: "2026-01-01T00:00:00.000Z" })).toBeUndefined();
  expect(locateNode("a", undefined)).toBeUndefined();
});

test("every action is named by some scope", () => {
  expect(
    actions.filter((action) => !scopes.some((scope) => scope !== "admin" && actionsOf([scope]).has(action))),
  ).toEqual([]);
});

describe("since an organization was handed over", () => {
  const kept = "usr_00000000000000000000000001";
  // Handed over by itself once, then it came to an organization in its second epoch, which is in its fourth.
  const workspace = { epoch: 1, organization_epoch: 2, links_from: undefined };
  const organization = { epoch: 4, kept: { [kept]: 0 } };

  test("a workspace counts what befell it, and its organization since it came", () =>
    expect(workspaceNow(workspace, organization).epoch).toBe(3));

  test.each([
    ["who was kept, from when it came", kept, 1],
    ["anybody else, from the last on", "usr_00000000000000000000000002", 3],
  ])("grants hold for %s", (_, holder, since) =>
    expect(grantedSince(holder, workspace, organization)).toBe(since),
  );

  test("who was kept since then alone has what is from then", () =>
    expect(grantedSince(kept, workspace, { epoch: 4, kept: { [kept]: 3 } })).toBe(2));

  test("links end with the last handover that didn't keep them", () => {
    const own = { ...workspace, links_from: { ms: 1, epoch: 1 } };
    expect(workspaceNow(own, organization).links_from).toEqual({ ms: 1, epoch: 1 });
    const before = { ...organization, links_from: { ms: 2, epoch: 2 } };
    expect(workspaceNow(own, before).links_from).toEqual({ ms: 1, epoch: 1 });
    const since = { ...organization, links_from: { ms: 3, epoch: 4 } };
    expect(workspaceNow(own, since).links_from).toEqual({ ms: 3, epoch: 3 });
  });
});
