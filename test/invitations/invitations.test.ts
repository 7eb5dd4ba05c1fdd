import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import type { MemberRole } from "#contract/roles.ts";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { memberRecord, organizationRecord } from "#core/access/records.ts";
import { newKey as createdKey } from "#core/accounts/keys-contract.ts";
import { folderDetail as folderSchema } from "#core/folders/contract.ts";
import { grant } from "#core/grants/contract.ts";
import {
  acceptance,
  type createInvitationRoute,
  invitation,
  MAX_OFFERED,
  MAX_OPEN,
  newInvitation,
} from "#core/invitations/contract.ts";
import { invitationRecord, openRecord } from "#core/invitations/records.ts";
import { sweepInvitations } from "#core/invitations/sweep-invitations.ts";
import { member, organization as organizationSchema } from "#core/organizations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { workspace as workspaceSchema } from "#core/workspaces/contract.ts";
import { type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

const DAY = 86_400_000;
const DELETE = { method: "DELETE" };
/** Longer than DynamoDB knows a transaction by its token. */
const LATE_MS = 15 * 60_000;

let world: World;
/** An organization with an owner, a workspace and a folder. */
let team: Awaited<ReturnType<typeof newTeam>>;
beforeAll(async () => {
  world = await startWorld();
  world.deps.orgCreation = "member";
  team = await newTeam();
});
afterAll(() => world?.close());

let persons = 0;

/** A person of the first organization, whom nobody here knows. */
async function person({
  email = `nr.${++persons}@example.com`,
  organization,
  role = "member",
  scopes = allScopes,
}: {
  email?: string;
  organization?: string;
  role?: MemberRole;
  scopes?: readonly Scope[];
} = {}) {
  const key = { scopes, days: 90 };
  const one = await createPerson(world.deps, { email, name: `Nr. ${persons}`, organization, role, key });
  const request = (path: string, { headers, ...rest }: Given = {}) =>
    world.request(path, { ...rest, headers: { authorization: `Bearer ${one.api_key}`, ...headers } });
  return { ...one, id: one.person_id, email, request };
}
type Person = Awaited<ReturnType<typeof person>>;

async function newTeam() {
  const owner = await person();
  const { organization_id } = await read(
    organizationSchema,
    owner.request("/v1/orgs", { json: { name: "Team" } }),
  );
  const workspace = await owner.request("/v1/workspaces", {
    json: { name: `reports-${persons}`, organization: organization_id },
  });
  const { workspace_id } = await read(workspaceSchema, workspace);
  return { owner, organization: organization_id, workspace: workspace_id };
}

const invitationsOf = (organization = team.organization) => `/v1/orgs/${organization}/invitations`;
const membersOf = (organization = team.organization) => `/v1/orgs/${organization}/members`;
const filesOf = (by: Person, workspace = team.workspace) => by.request(`/v1/workspaces/${workspace}/files`);

type Terms = Partial<z.input<(typeof createInvitationRoute)["body"]>>;

/** Invites an address, as the owner does unless somebody else is to. */
const invite = (
  email: string,
  terms: Terms = {},
  { by = team.owner, organization = team.organization } = {},
) =>
  read(newInvitation, by.request(invitationsOf(organization), { json: { email, role: "guest", ...terms } }));

const accept = (by: Pick<Person, "request">, accept_token: string) =>
  by.request("/v1/invitations/accept", { json: { token: accept_token } });

async function goneBy(answer: Response | Promise<Response>): Promise<unknown> {
  const { status, code, reason } = await read(problem, answer);
  expect([status, code]).toEqual([410, "invitation_gone"]);
  return reason;
}

const seen = (id: string) => read(invitation, team.owner.request(`/v1/invitations/${id}`));
const told = async (type: Parameters<World["events"]>[0], id: string) =>
  (await world.events(type)).filter(({ data }) => data["invitation_id"] === id);

/** How many the organization counts, which is how many are open. */
async function counted(organization = team.organization): Promise<unknown> {
  const [count] = await world.deps.table.batchGet([keys.invitationCount(organization)]);
  return count?.["open"] ?? 0;
}

describe("an invitation", () => {
  test("makes the person a member with what it offers, once", async () => {
    const zoe = await person({ email: "Zoë.L@bücher.example" });
    const before = Number(await counted());
    const grants = [{ resource_id: team.workspace, role: "editor" as const }];
    // Another spelling of the same address.
    const given = { role: "member" as const, grants, message: "Für die Prüfung,\nzwei Wochen." };
    const one = await invite("Zoë.l@XN--BCHER-KVA.example", given);
    expect(one).toMatchObject({
      ...{ organization_id: team.organization, email: "Zoë.l@bücher.example", role: "member", grants },
      ...{ message: given.message, state: "pending", created_by: team.owner.id, ended_at: null },
    });
    expect(one.accept_token).toMatch(/^whi_[0-9A-Z]{26}_[\w-]{43}$/);
    expect(Date.parse(one.expires_at) - Date.parse(one.created_at)).toBe(7 * DAY);
    expect(await counted()).toBe(before + 1);
    expect(await refusal(filesOf(zoe))).toEqual([404, "not_found"]);

    const joined = await read(acceptance, accept(zoe, one.accept_token));
    expect(joined).toMatchObject({ organization_id: team.organization, role: "member" });
    expect(joined.grants).toMatchObject([
      { principal_id: zoe.id, workspace_id: team.workspace, role: "editor", created_by: team.owner.id },
    ]);
    expect((await filesOf(zoe)).status).toBe(200);
    const listed = await read(page.of(member), zoe.request(membersOf()));
    expect(listed.items).toContainEqual(
      expect.objectContaining({ principal_id: zoe.id, role: "member", joined_at: joined.joined_at }),
    );
    const { items } = await read(
      page.of(grant),
      team.owner.request(`/v1/workspaces/${team.workspace}/grants`),
    );
    expect(items.map(({ grant_id }) => grant_id)).toContain(joined.grants[0]?.grant_id);
    expect(await seen(one.invitation_id)).toMatchObject({ state: "accepted", accepted_by: zoe.id });
    expect(await counted()).toBe(before);
    expect(await goneBy(accept(zoe, one.accept_token))).toBe("accepted");

    const [, [accepted, ...more]] = [
      expect(await told("invitation_created", one.invitation_id)).toHaveLength(1),
      await told("invitation_accepted", one.invitation_id),
    ];
    expect(more).toEqual([]);
    expect(accepted).toMatchObject({
      organization_id: team.organization,
      actor: { type: "person", id: zoe.id },
      data: { email: one.email, role: "member", principal_id: zoe.id },
    });
    const came = (await world.events("member_joined")).filter(
      ({ data, organization_id }) => data["principal_id"] === zoe.id && organization_id === team.organization,
    );
    expect(came).toHaveLength(1);
    const granted = (await world.events("grant_created")).filter(
      ({ data }) => data["grant_id"] === joined.grants[0]?.grant_id,
    );
    expect(granted).toHaveLength(1);
  });

  test("is accepted by one of fifty calls at once", async () => {
    const ida = await person();
    const { accept_token, invitation_id } = await invite(ida.email, {
      grants: [{ resource_id: team.workspace, role: "viewer" }],
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => accept(ida, accept_token)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.every((status) => [200, 409, 410, 503].includes(status))).toBe(true);
    expect(await told("invitation_accepted", invitation_id)).toHaveLength(1);
    const [record] = await world.deps.table.batchGet([keys.principal(ida.id)]);
    expect(Object.keys(Object(record?.["grants"]))).toHaveLength(1);
  });

  test("never shows its token again, nor is that stored", async () => {
    const one = await invite("once@example.com");
    const list = await (await team.owner.request(`${invitationsOf()}?limit=100`)).text();
    const shown = await (await team.owner.request(`/v1/invitations/${one.invitation_id}`)).text();
    const stored = JSON.stringify(await world.deps.table.batchGet([keys.invitation(one.invitation_id)]));
    const secret = one.accept_token.split("_")[2] ?? "";
    for (const text of [list, shown, stored]) {
      expect(text).toContain(one.invitation_id);
      expect(text).not.toContain(secret);
    }
    for (const text of [list, shown]) expect(text).not.toContain("hash");
  });

  test("asked for again under the same key is the same one", async () => {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const json = { email: "again@example.com", role: "guest" };
    const [first, second] = [
      await team.owner.request(invitationsOf(), { json, headers }),
      await team.owner.request(invitationsOf(), { json, headers }),
    ];
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });

  test("accepted again under the same key is answered as it was", async () => {
    const ali = await person();
    const { accept_token } = await invite(ali.email);
    const given = { json: { token: accept_token }, headers: { "Idempotency-Key": crypto.randomUUID() } };
    const first = await (await ali.request("/v1/invitations/accept", given)).json();
    expect(await (await ali.request("/v1/invitations/accept", given)).json()).toEqual(first);
  });
});

describe("who may accept", () => {
  test("nobody but the person who has the address: to all others it isn't there, whatever became of it", async () => {
    const [right, wrong] = [await person(), await person()];
    const { accept_token, invitation_id } = await invite(right.email);
    const [start, ulid] = accept_token.split("_");
    const guesses = [`${start}_${ulid}_${"A".repeat(43)}`, `${start}_${"0".repeat(26)}_${"A".repeat(43)}`];
    const nothing = await read(problem, accept(wrong, guesses[1] ?? ""));
    const tellsNothing = async () => {
      const answers = [accept(wrong, accept_token), ...guesses.map((token) => accept(right, token))];
      for (const answer of answers) {
        const { request_id } = nothing;
        expect({ ...(await read(problem, answer)), request_id }).toEqual(nothing);
      }
    };
    await tellsNothing();
    expect(JSON.stringify(nothing)).not.toContain(right.email);
    await team.owner.request(`/v1/invitations/${invitation_id}`, DELETE);
    await tellsNothing();
    expect(await goneBy(accept(right, accept_token))).toBe("revoked");
  });

  test("costs the same for who has the token and not the address, as for who has neither", async () => {
    const [right, wrong] = [await person(), await person()];
    const { accept_token } = await invite(right.email);
    const calls = async (token: string) => {
      const from = world.traces.length;
      await accept(wrong, token);
      return world.traces.slice(from).map(({ action }) => action);
    };
    const nobodys = `whi_${"0".repeat(26)}_${"A".repeat(43)}`;
    // The day's first use of the key is noted.
    await calls(nobodys);
    expect(await calls(accept_token)).toEqual(await calls(nobodys));
  });

  test("no client, whatever it may do, and no restricted key", async () => {
    const eve = await person();
    const { accept_token } = await invite(eve.email);
    const client = await world.client(...allScopes);
    expect(await refusal(accept(client, accept_token))).toEqual([403, "forbidden"]);
    const { workspace_id } = await read(
      workspaceSchema,
      eve.request("/v1/workspaces", { json: { name: "mine" } }),
    );
    const restricted = await read(
      createdKey,
      eve.request("/v1/keys", {
        json: {
          ...{ name: "narrow", scopes: ["files:read", "members:write"] },
          authorization_details: [{ type: "file_access", actions: ["read"], workspace: workspace_id }],
          expires_at: new Date(world.deps.now() + DAY).toISOString(),
        },
      }),
    );
    const narrow = {
      request: (path: string, given: Given = {}) =>
        world.request(path, { ...given, headers: { authorization: `Bearer ${restricted.api_key}` } }),
    };
    expect(await refusal(accept(narrow, accept_token))).toEqual([403, "forbidden"]);
    const blind = await person({ scopes: ["files:read"] });
    expect(await refusal(accept(blind, accept_token))).toEqual([403, "forbidden"]);
    expect((await accept(eve, accept_token)).status).toBe(200);
  });

  test("a person that was shut out meanwhile may not", async () => {
    const out = await person();
    const { accept_token } = await invite(out.email);
    const disable = () =>
      world.deps.table.update({
        ...{ key: keys.principal(out.id), blind: "seeded" },
        update: { set: { disabled_at: new Date().toISOString() } },
      });
    const answer = await world.meanwhile(() => accept(out, accept_token), disable);
    expect(await refusal(answer)).toEqual([401, "unauthenticated"]);
    expect(await counted()).toBeGreaterThan(0);
  });

  test.for([
    [{ token: "" }, "invalid_request"],
    [{ token: "whi_" }, "invalid_request"],
    [{ token: `whi_${"0".repeat(26)}_${"A".repeat(10_000)}` }, "invalid_request"],
    [{}, "invalid_request"],
    [{ token: `whi_${"0".repeat(26)}_${"A".repeat(43)}`, role: "owner" }, "unknown_field"],
  ] as const)("%j is no token", async ([json, code]) => {
    expect(await refusal(team.owner.request("/v1/invitations/accept", { json }))).toEqual([400, code]);
  });
});

test("whoever invites learns of nobody elsewhere whether an address is theirs", async () => {
  const known = await person();
  const asked = async (email: string) => {
    const from = world.traces.length;
    const { invitation_id: _, accept_token: __, ...rest } = await invite(email);
    return [world.traces.slice(from).map(({ action }) => action), Object.keys(rest)];
  };
  expect(await asked(known.email)).toEqual(await asked("nobody.there@example.com"));
});

describe("what it gives", () => {
  const all = ["owner", "admin", "member", "guest"] as const;
  const may: Record<MemberRole, readonly MemberRole[]> = {
    ...{ owner: all, admin: ["admin", "member", "guest"], member: [], guest: [] },
  };
  test.for(all.flatMap((by) => all.map((role) => [by, role] as const)))(
    "%s invites as %s",
    async ([by, role]) => {
      const maker = await person({ organization: team.organization, role: by });
      const json = { email: `${by}.${role}@example.org`, role };
      const answer = await maker.request(invitationsOf(), { json });
      expect(answer.status).toBe(may[by].includes(role) ? 201 : 403);
    },
  );

  test("is no more than its maker has there, with the scopes of its token", async () => {
    const nobodys = "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ";
    const admin = await person({ organization: team.organization, role: "admin" });
    const ask = (by: Person, resource_id: string, role: string) =>
      refusal(
        by.request(invitationsOf(), {
          json: { email: "more@example.org", role: "guest", grants: [{ resource_id, role }] },
        }),
      );
    // An admin is a manager of every workspace, and no owner.
    expect(await ask(admin, team.workspace, "owner")).toEqual([403, "forbidden"]);
    expect(await ask(admin, nobodys, "viewer")).toEqual([404, "not_found"]);
    const narrow = await person({
      ...{ organization: team.organization, role: "admin", scopes: ["members:write", "files:read"] },
    });
    expect(await ask(narrow, team.workspace, "viewer")).toEqual([403, "forbidden"]);
    const other = await newTeam();
    expect(await ask(admin, other.workspace, "viewer")).toEqual([404, "not_found"]);
  });

  test("is nothing of another organization's, though its maker be of both", async () => {
    const { organization_id } = await read(
      organizationSchema,
      team.owner.request("/v1/orgs", { json: { name: "Other" } }),
    );
    const answer = team.owner.request(invitationsOf(organization_id), {
      json: {
        ...{ email: "both@example.org", role: "guest" },
        grants: [{ resource_id: team.workspace, role: "viewer" }],
      },
    });
    const { status, errors } = await read(problem, answer);
    expect([status, errors]).toMatchObject([400, [{ pointer: "/grants/0/resource_id" }]]);
  });

  test.for([
    [
      "an admin who is one no longer",
      "admin",
      (id: string) => ({ path: `${membersOf()}/${id}`, method: "PATCH", json: { role: "member" } }),
    ],
    [
      "an admin who was removed",
      "admin",
      (id: string) => ({ path: `${membersOf()}/${id}`, method: "DELETE" }),
    ],
  ] as const)("is nothing where it was made by %s", async ([, role, undo]) => {
    const maker = await person({ organization: team.organization, role });
    const [before, amid] = [await person(), await person()];
    const first = await invite(before.email, {}, { by: maker });
    const second = await invite(amid.email, {}, { by: maker });
    const { path, ...given } = undo(maker.id);
    // Between what was judged and the write, and before.
    const answer = await world.meanwhile(
      () => accept(amid, second.accept_token),
      () => team.owner.request(path, given),
    );
    expect(await goneBy(answer)).toBe("withdrawn");
    expect(await goneBy(accept(before, first.accept_token))).toBe("withdrawn");
    for (const one of [before, amid]) expect((await one.request(membersOf())).status).toBe(404);
  });

  test("is not a role that its maker may give no longer", async () => {
    const maker = await person({ organization: team.organization, role: "owner" });
    const late = await person();
    const { accept_token } = await invite(late.email, { role: "owner" }, { by: maker });
    await team.owner.request(`${membersOf()}/${maker.id}`, { method: "PATCH", json: { role: "admin" } });
    expect(await goneBy(accept(late, accept_token))).toBe("withdrawn");
    // Judged anew each time.
    await team.owner.request(`${membersOf()}/${maker.id}`, { method: "PATCH", json: { role: "owner" } });
    const { owners } =
      (await world.deps.table.get(organizationRecord, keys.organization(team.organization))) ?? {};
    expect((await accept(late, accept_token)).status).toBe(200);
    const after = await world.deps.table.get(organizationRecord, keys.organization(team.organization));
    expect(after?.owners).toBe(Number(owners) + 1);
  });

  test("ends with the key that made it, and so does what that gave", async () => {
    const maker = await person({ organization: team.organization, role: "admin" });
    const expires_at = new Date(world.deps.now() + DAY).toISOString();
    const key = await read(
      createdKey,
      maker.request("/v1/keys", {
        json: { name: "short", scopes: ["members:write", "grants:write", "files:read"], expires_at },
      }),
    );
    const by = {
      ...maker,
      request: (path: string, { headers, ...given }: Given = {}) =>
        world.request(path, { ...given, headers: { authorization: `Bearer ${key.api_key}`, ...headers } }),
    };
    const [joins, waits] = [await person(), await person()];
    const grants = [{ resource_id: team.workspace, role: "viewer" as const }];
    const used = await invite(joins.email, { grants }, { by });
    const open = await invite(waits.email, { grants }, { by });
    // Not longer than its key: that is what it gets where nothing is said, and more is refused.
    expect(open.expires_at).toBe(expires_at);
    const longer = { email: "longer@example.org", role: "guest", expires_in: 2 * 86_400 };
    expect(await refusal(by.request(invitationsOf(), { json: longer }))).toEqual([400, "invalid_request"]);
    const joined = await read(acceptance, accept(joins, used.accept_token));
    expect(joined.grants[0]?.expires_at).toBe(expires_at);
    expect((await filesOf(joins)).status).toBe(200);
    const ended = await maker.request(`/v1/keys/${key.key_id}`, DELETE);
    expect(await ended.json()).toMatchObject({ complete: true, ended: { invitations: 1, grants: 1 } });
    expect(await seen(open.invitation_id)).toMatchObject({ state: "revoked" });
    expect(await told("invitation_revoked", open.invitation_id)).toHaveLength(1);
    expect(await goneBy(accept(waits, open.accept_token))).toBe("revoked");
    // Memberships belong to the organization, grants to who gave them.
    expect((await joins.request(`/v1/orgs/${team.organization}`)).status).toBe(200);
    expect(await refusal(filesOf(joins))).toEqual([404, "not_found"]);
  });

  test("is not what a key made that is revoked in that moment", async () => {
    const maker = await person({ organization: team.organization, role: "admin" });
    const [late, { accept_token }] = await invitedBy(maker);
    const revoke = () =>
      world.deps.table.update({
        ...{ key: keys.apiKey(maker.id, maker.key_id), blind: "seeded" },
        update: { set: { revoked_at: new Date().toISOString() } },
      });
    expect(await goneBy(world.meanwhile(() => accept(late, accept_token), revoke))).toBe("withdrawn");
  });

  test("is less by grants whose time is over, and nothing where what they are on is gone", async () => {
    const [late, never] = [await person(), await person()];
    const soon = new Date(world.deps.now() + 60_000).toISOString();
    const folder = await team.owner.request(`/v1/workspaces/${team.workspace}/folders`, {
      json: { path: `gone-${persons}` },
    });
    const { folder_id } = await read(folderSchema, folder);
    const first = await invite(late.email, {
      grants: [{ resource_id: team.workspace, role: "viewer", expires_at: soon }],
    });
    const second = await invite(never.email, {
      grants: [{ resource_id: folder_id, role: "viewer" }],
    });
    world.advance(61_000);
    expect(await read(acceptance, accept(late, first.accept_token))).toMatchObject({ grants: [] });
    await world.deps.table.remove({ remove: keys.node(folder_id), blind: "seeded" });
    expect(await goneBy(accept(never, second.accept_token))).toBe("withdrawn");
  });

  test("has room in the person's record, or beside it", async () => {
    const full = await person();
    const folders = await Promise.all(
      Array.from({ length: MAX_OFFERED }, async (_, nth) => {
        const made = await team.owner.request(`/v1/workspaces/${team.workspace}/folders`, {
          json: { path: `many-${nth}` },
        });
        return (await read(folderSchema, made)).folder_id;
      }),
    );
    const grants = folders.map((resource_id) => ({ resource_id, role: "viewer" as const }));
    const held = Object.fromEntries(
      Array.from({ length: 45 }, (_, nth) => [
        `grt_${String(nth).padStart(26, "0")}`,
        {
          on: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          role: "viewer",
        },
      ]),
    );
    await world.deps.table.update({
      ...{ key: keys.principal(full.id), blind: "seeded", update: { set: { grants: held } } },
    });
    const { accept_token } = await invite(full.email, { grants });
    expect((await read(acceptance, accept(full, accept_token))).grants).toHaveLength(MAX_OFFERED);
    const [record] = await world.deps.table.batchGet([keys.principal(full.id)]);
    expect(record).toMatchObject({ more_grants: MAX_OFFERED });
    const children = (id: string) => full.request(`/v1/folders/${id}/children`);
    for (const id of folders) expect((await children(id)).status).toBe(200);
  });

  test("finds the room that is left when it is written", async () => {
    const filling = await person();
    const { accept_token } = await invite(filling.email, {
      grants: [{ resource_id: team.workspace, role: "viewer" }],
    });
    const held = Object.fromEntries(
      Array.from({ length: 50 }, (_, nth) => [
        `grt_${String(nth).padStart(26, "0")}`,
        {
          on: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          role: "viewer",
        },
      ]),
    );
    const fill = () =>
      world.deps.table.update({
        ...{ key: keys.principal(filling.id), blind: "seeded", update: { set: { grants: held } } },
      });
    expect((await world.meanwhile(() => accept(filling, accept_token), fill)).status).toBe(200);
    const [record] = await world.deps.table.batchGet([keys.principal(filling.id)]);
    expect(record).toMatchObject({ more_grants: 1 });
    expect((await filesOf(filling)).status).toBe(200);
  });

  test.for([
    [
      "20 organizations",
      {
        organizations: Object.fromEntries(
          Array.from({ length: 20 }, (_, nth) => [`org_${String(nth).padStart(26, "0")}`, "guest"]),
        ),
      },
    ],
    [
      "1,000 grants",
      {
        more_grants: 950,
        grants: Object.fromEntries(
          Array.from({ length: 50 }, (_, nth) => [
            `grt_${String(nth).padStart(26, "0")}`,
            { on: "ws_x", workspace_id: "ws_x", role: "viewer" },
          ]),
        ),
      },
    ],
  ] as const)("is refused to who has %s", async ([, set]) => {
    const many = await person();
    await world.deps.table.update({
      ...{ key: keys.principal(many.id), blind: "seeded", update: { set } },
    });
    const { accept_token, invitation_id } = await invite(many.email, {
      grants: [{ resource_id: team.workspace, role: "viewer" }],
    });
    expect(await refusal(accept(many, accept_token))).toEqual([429, "grant_limit"]);
    expect(await seen(invitation_id)).toMatchObject({ state: "pending" });
  });
});

/** A person whom somebody has invited. */
async function invitedBy(maker: Person, terms: Terms = {}) {
  const one = await person();
  return [one, await invite(one.email, terms, { by: maker })] as const;
}

describe("a member", () => {
  test("isn't invited, and accepts nothing: its role stays", async () => {
    const ann = await person();
    const open = await invite(ann.email, { role: "admin" });
    const second = await person({ organization: team.organization, role: "guest" });
    const asked = team.owner.request(invitationsOf(), { json: { email: second.email, role: "admin" } });
    expect(await refusal(asked)).toEqual([409, "conflict"]);
    // She became a member otherwise meanwhile.
    await world.deps.table.update({
      ...{ key: keys.principal(ann.id), blind: "seeded" },
      update: { set: { [`organizations.${team.organization}`]: "guest" } },
    });
    expect(await refusal(accept(ann, open.accept_token))).toEqual([409, "conflict"]);
    expect((await ann.request(membersOf())).status).toBe(403);
    expect(await seen(open.invitation_id)).toMatchObject({ state: "pending" });
  });

  test("that it becomes in that moment it stays", async () => {
    const [ann, { accept_token }] = await invitedBy(team.owner, { role: "admin" });
    const join = () =>
      world.deps.table.update({
        ...{ key: keys.principal(ann.id), blind: "seeded" },
        update: { set: { [`organizations.${team.organization}`]: "guest" } },
      });
    const answer = world.meanwhile(() => accept(ann, accept_token), join);
    expect(await refusal(answer)).toEqual([409, "conflict"]);
    expect((await ann.request(membersOf())).status).toBe(403);
  });

  test("becomes one by one of two invitations to two addresses of hers at once", async () => {
    const two = await person();
    const other = `second.${persons}@example.net`;
    await world.deps.table.update({
      ...{ key: keys.principal(two.id), blind: "seeded" },
      update: {
        set: {
          emails: [two.email, other].map((address) => ({ address, verified_at: "2026-01-01T00:00:00.000Z" })),
        },
      },
    });
    const [first, second] = [await invite(two.email), await invite(other, { role: "admin" })];
    const answer = await world.meanwhile(
      () => accept(two, first.accept_token),
      () => accept(two, second.accept_token),
    );
    expect(await refusal(answer)).toEqual([409, "conflict"]);
    const row = await world.deps.table.get(memberRecord, keys.member(team.organization, two.id));
    expect(row?.role).toBe("admin");
  });

  test("who has left comes back by a new invitation alone, and brings nothing back", async () => {
    const [back, first] = await invitedBy(team.owner, {
      grants: [{ resource_id: team.workspace, role: "editor" }],
    });
    expect((await accept(back, first.accept_token)).status).toBe(200);
    expect((await team.owner.request(`${membersOf()}/${back.id}`, DELETE)).status).toBe(204);
    expect(await goneBy(accept(back, first.accept_token))).toBe("accepted");
    expect((await back.request(membersOf())).status).toBe(404);
    const second = await invite(back.email);
    expect((await accept(back, second.accept_token)).status).toBe(200);
    expect(await refusal(filesOf(back))).toEqual([404, "not_found"]);
    expect((await team.owner.request(`${membersOf()}/${back.id}`, DELETE)).status).toBe(204);
    expect((await back.request(`/v1/orgs/${team.organization}`)).status).toBe(404);
  });

  test("whose leaving broke off finds nothing of it when it comes back", async () => {
    const [back, first] = await invitedBy(team.owner);
    await accept(back, first.accept_token);
    const given = await team.owner.request(`/v1/workspaces/${team.workspace}/grants`, {
      json: { principal_id: back.id, role: "viewer" },
    });
    const { grant_id } = await read(grant, given);
    let transactions = 0;
    world.setFault(({ action }) =>
      action === "TransactWriteItems" && ++transactions > 1 ? "before" : undefined,
    );
    expect((await team.owner.request(`${membersOf()}/${back.id}`, DELETE)).status).toBeGreaterThanOrEqual(
      500,
    );
    world.setFault();
    const second = await invite(back.email);
    expect((await accept(back, second.accept_token)).status).toBe(200);
    expect(await refusal(filesOf(back))).toEqual([404, "not_found"]);
    expect(await refusal(team.owner.request(`/v1/grants/${grant_id}`))).toEqual([404, "not_found"]);
  });

  test("no late copy of a call that was sent again brings back who has been removed since", async () => {
    const [gone, { accept_token }] = await invitedBy(team.owner);
    let lost = false;
    world.setFault(({ action }) => {
      if (action !== "TransactWriteItems" || lost) return undefined;
      lost = true;
      return { late: { afterMs: LATE_MS }, answered: false };
    });
    expect((await accept(gone, accept_token)).status).toBe(503);
    world.setFault();
    expect((await accept(gone, accept_token)).status).toBe(200);
    await team.owner.request(`${membersOf()}/${gone.id}`, DELETE);
    world.advance(LATE_MS);
    world.advanceServices(LATE_MS);
    await world.late.arrived();
    expect(lost).toBe(true);
    expect((await gone.request(`/v1/orgs/${team.organization}`)).status).toBe(404);
  });
});

describe("what was lost on its way", () => {
  test("brings nobody back who came by another address, and was removed", async () => {
    const two = await person();
    const other = `lost.${persons}@example.net`;
    await world.deps.table.update({
      ...{ key: keys.principal(two.id), blind: "seeded" },
      update: {
        set: {
          emails: [two.email, other].map((address) => ({
            ...{ address, verified_at: "2026-01-01T00:00:00.000Z" },
          })),
        },
      },
    });
    const [first, second] = [await invite(two.email), await invite(other)];
    let lost = false;
    world.setFault(({ action }) => {
      if (action !== "TransactWriteItems" || lost) return undefined;
      lost = true;
      return { late: { afterMs: LATE_MS }, answered: false };
    });
    expect((await accept(two, first.accept_token)).status).toBe(503);
    world.setFault();
    expect((await accept(two, second.accept_token)).status).toBe(200);
    await team.owner.request(`${membersOf()}/${two.id}`, DELETE);
    world.advance(LATE_MS);
    world.advanceServices(LATE_MS);
    await world.late.arrived();
    expect((await two.request(`/v1/orgs/${team.organization}`)).status).toBe(404);
    expect(await seen(first.invitation_id)).toMatchObject({ state: "pending" });
  });
});

describe("an end", () => {
  test("comes by itself, to the millisecond, and is tidied up once", async () => {
    const [slow, { accept_token, invitation_id, expires_at }] = await invitedBy(team.owner, {
      expires_in: 60,
    });
    const before = Number(await counted());
    world.advance(Date.parse(expires_at) - world.deps.now());
    expect(await goneBy(accept(slow, accept_token))).toBe("expired");
    expect(await seen(invitation_id)).toMatchObject({ state: "expired", ended_at: expires_at });
    // It may be invited again before the sweep has come.
    const again = await invite(slow.email);
    for (let twice = 0; twice < 2; twice++) await sweepInvitations(world.deps);
    expect(await counted()).toBe(before);
    expect(await seen(invitation_id)).toMatchObject({ state: "expired", ended_at: expires_at });
    const { address } =
      (await world.deps.table.get(invitationRecord, keys.invitation(again.invitation_id))) ?? {};
    const place = keys.openInvitation(team.organization, String(address));
    expect((await world.deps.table.get(openRecord, place))?.invitation_id).toBe(again.invitation_id);
    expect((await team.owner.request(`/v1/invitations/${invitation_id}`, DELETE)).status).toBe(204);
    expect((await accept(slow, again.accept_token)).status).toBe(200);
  });

  test("counts once where two sweeps find it, and its address was invited again", async () => {
    const [slow, { expires_at }] = await invitedBy(team.owner, { expires_in: 60 });
    world.advance(Date.parse(expires_at) - world.deps.now());
    await invite(slow.email);
    const before = Number(await counted());
    const sweep = () => sweepInvitations(world.deps);
    await world.meanwhile(sweep, sweep);
    expect(await counted()).toBe(before - 1);
  });

  test("that comes between what was read and the write comes first", async () => {
    const [slow, { accept_token }] = await invitedBy(team.owner, { expires_in: 60 });
    let reads = 0;
    world.setFault(({ action }) => {
      // Its caller's, its own, its maker's.
      if (action === "BatchGetItem" && ++reads === 3) world.advance(61_000);
      return undefined;
    });
    expect(await goneBy(accept(slow, accept_token))).toBe("expired");
    world.setFault();
    expect((await slow.request(`/v1/orgs/${team.organization}`)).status).toBe(404);
  });

  test("is a revocation, which may be repeated, and counts once", async () => {
    const [out, { accept_token, invitation_id }] = await invitedBy(team.owner);
    const before = Number(await counted());
    for (let twice = 0; twice < 2; twice++)
      expect((await team.owner.request(`/v1/invitations/${invitation_id}`, DELETE)).status).toBe(204);
    expect(await counted()).toBe(before - 1);
    expect(await goneBy(accept(out, accept_token))).toBe("revoked");
    expect(await told("invitation_revoked", invitation_id)).toHaveLength(1);
    expect((await invite(out.email)).state).toBe("pending");
  });

  test("by a revocation comes first where it is first", async () => {
    const [out, { accept_token, invitation_id }] = await invitedBy(team.owner);
    const revoke = () => team.owner.request(`/v1/invitations/${invitation_id}`, DELETE);
    expect(await goneBy(world.meanwhile(() => accept(out, accept_token), revoke))).toBe("revoked");
    const [fast, second] = await invitedBy(team.owner);
    const answer = world.meanwhile(
      () => team.owner.request(`/v1/invitations/${second.invitation_id}`, DELETE),
      () => accept(fast, second.accept_token),
    );
    expect(await refusal(answer)).toEqual([409, "conflict"]);
    expect((await fast.request(`/v1/orgs/${team.organization}`)).status).toBe(200);
  });

  test("is there where the organization is no more", async () => {
    const other = await newTeam();
    const [late, { accept_token }] = [await person(), { accept_token: "" }];
    const one = await invite(late.email, {}, { by: other.owner, organization: other.organization });
    expect(accept_token).toBe("");
    const close = () =>
      world.deps.table.remove({ remove: keys.organization(other.organization), blind: "seeded" });
    expect(await goneBy(world.meanwhile(() => accept(late, one.accept_token), close))).toBe("withdrawn");
  });
});

describe("limits", () => {
  test("one address has one open invitation into an organization, and as many as there are organizations", async () => {
    const other = await newTeam();
    const first = await invite("Twice@Example.com");
    const asked = team.owner.request(invitationsOf(), {
      json: { email: "twice@example.COM", role: "admin" },
    });
    const { status, code, detail } = await read(problem, asked);
    expect([status, code]).toEqual([409, "conflict"]);
    expect(detail).toContain(first.invitation_id);
    const elsewhere = { by: other.owner, organization: other.organization };
    expect((await invite("twice@example.com", {}, elsewhere)).state).toBe("pending");
  });

  test("of two who invite the same address at once one does", async () => {
    const json = { email: "race@example.com", role: "guest" };
    const answers = await Promise.all([1, 2, 3].map(() => team.owner.request(invitationsOf(), { json })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  test(`an organization has ${MAX_OPEN} open ones`, async () => {
    const other = await newTeam();
    await world.deps.table.put({
      put: { ...keys.invitationCount(other.organization), open: MAX_OPEN - 1 },
      blind: "seeded",
    });
    const elsewhere = { by: other.owner, organization: other.organization };
    const last = await invite("last@example.com", {}, elsewhere);
    const ask = () =>
      other.owner.request(invitationsOf(other.organization), {
        json: { email: "more@example.com", role: "guest" },
      });
    expect(await refusal(ask())).toEqual([429, "grant_limit"]);
    await other.owner.request(`/v1/invitations/${last.invitation_id}`, DELETE);
    expect((await ask()).status).toBe(201);
  });

  test.for([
    ["", 400],
    ["zoe", 400],
    ["zoe@localhost", 400],
    ["zoe@192.0.2.1", 400],
    ["zoe@example.com\r\nBcc: all@example.com", 400],
    ["zoe\r\n@example.com", 400],
    ["zoe@exa\nmple.com", 400],
    ["zoe@example.com,eve@example.com", 400],
    ["Zoë <zoe@example.com>", 400],
    ["zoe@example.com\u0000", 400],
    ["\u202ezoe@example.com", 400],
    ["zoe@\u202eexample.com", 400],
    ["zo\u200be@example.com", 400],
    [`${"a".repeat(10_240)}@example.com`, 400],
    [`zoe@${"a.".repeat(5_000)}com`, 400],
    ["\ud800@example.com", 400],
    ["用户@例子.广告", 201],
    ["مستخدم@مثال.إختبار", 201],
    ["o'hara+tag@example.com", 201],
  ] as const)("%j is an address: %i", async ([email, status]) => {
    const answer = await team.owner.request(invitationsOf(), { json: { email, role: "guest" } });
    expect(answer.status).toBe(status);
    const body = await answer.json();
    if (status === 400) expect(body).toMatchObject({ in: "body", errors: [{ pointer: "/email" }] });
  });

  test.for([
    { expires_in: 0 },
    { expires_in: 59 },
    { expires_in: 2_592_001 },
    { expires_in: 1.5 },
    { expires_in: "60" },
    { role: "king" },
    { role: undefined },
    { message: "x".repeat(501) },
    { message: "a\u0000b" },
    { message: "\ud800" },
    { grants: [{ resource_id: "ws_x", role: "viewer" }] },
    { grants: [{}] },
    { invitation: 1 },
    {
      grants: Array.from({ length: MAX_OFFERED + 1 }, () => ({
        resource_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
        role: "viewer",
      })),
    },
  ])("%j is none of its terms", async (terms) => {
    const json = { email: "terms@example.org", role: "guest", ...terms };
    expect((await team.owner.request(invitationsOf(), { json })).status).toBe(400);
  });
});

describe("the list", () => {
  test("has all, the oldest first, in pages and by state, for those alone who manage members", async () => {
    const other = await newTeam();
    const elsewhere = { by: other.owner, organization: other.organization };
    const all = [];
    for (let nth = 0; nth < 5; nth++) all.push(await invite(`list.${nth}@example.com`, {}, elsewhere));
    await other.owner.request(`/v1/invitations/${all[2]?.invitation_id}`, DELETE);
    const rows = [];
    let cursor: string | null = null;
    do {
      const after: string = cursor === null ? "" : `&cursor=${cursor}`;
      const part = await read(
        page.of(invitation),
        other.owner.request(`${invitationsOf(other.organization)}?limit=2${after}`),
      );
      rows.push(...part.items);
      cursor = part.next_cursor;
    } while (cursor !== null);
    expect(rows.map(({ invitation_id }) => invitation_id).sort()).toEqual(
      all.map(({ invitation_id }) => invitation_id).sort(),
    );
    const pending = await read(
      page.of(invitation),
      other.owner.request(`${invitationsOf(other.organization)}?state=pending`),
    );
    expect(pending.items).toHaveLength(4);
    const [id] = all.map(({ invitation_id }) => invitation_id);
    for (const role of ["member", "guest"] as const) {
      const one = await person({ organization: other.organization, role });
      expect(await refusal(one.request(invitationsOf(other.organization)))).toEqual([403, "forbidden"]);
      expect(await refusal(one.request(`/v1/invitations/${id}`))).toEqual([404, "not_found"]);
      expect(await refusal(one.request(`/v1/invitations/${id}`, DELETE))).toEqual([404, "not_found"]);
    }
    expect(await refusal(team.owner.request(`/v1/invitations/${id}`))).toEqual([404, "not_found"]);
    const asked = team.owner.request(invitationsOf(other.organization));
    expect(await refusal(asked)).toEqual([404, "not_found"]);
  });
});
