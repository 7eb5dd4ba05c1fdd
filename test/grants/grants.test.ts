import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { actionsOfRole, type Role, roles } from "#contract/roles.ts";
import { type Action, scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { rootFolder } from "#core/access/place.ts";
import { fileRecord } from "#core/files/records.ts";
import { accessAnswer } from "#core/grants/access-contract.ts";
import { type Grant, grant } from "#core/grants/contract.ts";
import { me } from "#core/grants/me-contract.ts";
import { sweepGrants } from "#core/grants/sweep-grants.ts";
import { newId } from "#core/kernel/ids.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
let root: string;

const WORKING = allScopes.filter((scope) => scope !== "admin");
const DAY = 86_400_000;
/** All that is stored but for tokens, which end by themselves. */
const lasting = async () => (await world.dump()).filter(({ sk }) => !String(sk).startsWith(under.tokens));
/** Longer than DynamoDB knows a transaction by its token. */
const LATE_MS = 15 * 60_000;

beforeAll(async () => {
  world = await startWorld();
  root = (await world.client("admin")).client_id;
  owner = await world.client(...WORKING);
});
afterAll(() => world.close());

const newcomer = (...scopes: Scope[]) => world.client(...(scopes.length === 0 ? WORKING : scopes));
const pathOf = (on: string) =>
  `/v1/${on.startsWith("ws_") ? "workspaces" : on.startsWith("fld_") ? "folders" : "files"}/${on}/grants`;
const give = (on: string, json: Record<string, unknown>, by: Pick<Client, "request"> = owner) =>
  by.request(pathOf(on), { json });
const given = (on: string, json: Record<string, unknown>, by?: Client) => read(grant, give(on, json, by));
const end = ({ grant_id }: Pick<Grant, "grant_id">, by: Pick<Client, "request"> = owner) =>
  by.request(`/v1/grants/${grant_id}`, { method: "DELETE" });
const listed = async (on: string, query = "") => read(page.of(grant), owner.request(`${pathOf(on)}${query}`));
const statusOf = async (by: Client, path: string) => (await by.request(path)).status;
const folderOf = async (fileId: string) => {
  const file = await world.deps.table.get(fileRecord, keys.node(fileId));
  return file?.folder_id ?? "";
};

test("a folder's grant shows that folder and what is below, and nothing else", async () => {
  const inside = await world.addFile(owner, "shown/deep/a.txt");
  const beside = await world.addFile(owner, "hidden/b.txt");
  const deep = await folderOf(inside);
  const guest = await newcomer("files:read");
  expect(await statusOf(guest, `/v1/files/${inside}`)).toBe(404);
  const made = await given(deep, { principal_id: guest.client_id, role: "viewer" });
  expect(made).toMatchObject({ resource: { type: "folder", id: deep }, role: "viewer", expires_at: null });
  expect(await statusOf(guest, `/v1/files/${inside}`)).toBe(200);
  expect(await statusOf(guest, `/v1/files/${beside}`)).toBe(404);
  expect(await statusOf(guest, `/v1/workspaces/${owner.workspace_id}/files`)).toBe(404);
  expect(await statusOf(guest, `/v1/workspaces/${owner.workspace_id}/files?folder=${deep}`)).toBe(200);
  expect((await guest.request(`/v1/files/${inside}`, { method: "DELETE" })).status).toBe(403);
});

test("a file's grant shows that file, and its event names file and folder", async () => {
  const file = await world.addFile(owner, "one/a.txt");
  const other = await world.addFile(owner, "one/b.txt");
  const guest = await newcomer("files:read");
  const made = await given(file, { principal_id: guest.client_id, actions: ["read", "list"] });
  // In the order of the contract.
  expect(made.actions).toEqual(["list", "read"]);
  expect(await statusOf(guest, `/v1/files/${file}`)).toBe(200);
  expect(await statusOf(guest, `/v1/files/${other}`)).toBe(404);
  const [told] = (await world.events("grant_created")).filter((one) => one.file_id === file);
  expect(told).toMatchObject({
    workspace_id: owner.workspace_id,
    actor: { type: "client", id: owner.client_id },
    data: {
      grant_id: made.grant_id,
      principal_id: guest.client_id,
      resource: { type: "file", id: file },
      folder_id: await folderOf(file),
      actions: ["list", "read"],
      expires_at: null,
    },
  });
});

describe("a move hands no rights over", () => {
  const move = (by: Pick<Client, "request">, file: string, folder: unknown) =>
    by.request(`/v1/files/${file}`, { method: "PATCH", json: { folder } });
  async function mover(sourceActions: string[], target: string, there: Role | string[]) {
    const file = await world.addFile(owner, `handed/${newId("file", world.deps.now())}/a.txt`);
    const by = await newcomer();
    await given(file, { principal_id: by.client_id, actions: sourceActions });
    await given(target, {
      principal_id: by.client_id,
      ...(typeof there === "string" ? { role: there } : { actions: there }),
    });
    return { file, by };
  }
  const FULL = [...actionsOfRole("editor")];
  test.each<[what: string, at: string[], to: Role | string[], action: string | undefined]>([
    ["to delete", ["list", "read", "write"], "editor", "delete"],
    ["to read", ["list", "write"], "contributor", "read"],
    ["to read by a link", ["list", "write"], ["list", "write", "create", "share"], "share"],
    ["to share what it reads", FULL, ["list", "read", "create", "share"], undefined],
    ["to read, without sight of it after", ["list", "write"], "uploader", undefined],
    ["none that it had", FULL, "editor", undefined],
    ["none but what a copy of it would give", FULL, "manager", undefined],
  ])("%s", async (_, at, to, action) => {
    const target = await folderOf(
      await world.addFile(owner, `targets/${newId("file", world.deps.now())}/b.txt`),
    );
    const { file, by } = await mover(at, target, to);
    const answer = await move(by, file, target);
    if (action === undefined) return expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 403, required_action: action });
    expect(await folderOf(file)).not.toBe(target);
  });

  test("to a token that is restricted, though its holder has them", async () => {
    const source = await world.addFile(owner, "narrow/source/a.txt");
    const target = await folderOf(await world.addFile(owner, "narrow/target/b.txt"));
    const from = await folderOf(source);
    const narrow = (...actions: Action[]) =>
      owner.restricted(
        { type: "file_access", folder: from, actions: ["list", "write"] },
        { type: "file_access", folder: target, actions },
      );
    const moved = async (...actions: Action[]) =>
      (await move({ request: await narrow(...actions) }, source, target)).status;
    expect(await moved("list", "read", "create")).toBe(403);
    expect(await moved("list", "create")).toBe(200);
  });
});

test("a restricted token is shown none of its holder's grants but on what it names", async () => {
  const named = await folderOf(await world.addFile(owner, "named/a.txt"));
  const other = await folderOf(await world.addFile(owner, "other/b.txt"));
  const both = await newcomer();
  for (const on of [named, other]) await given(on, { principal_id: both.client_id, role: "editor" });
  const token = await both.restricted({ type: "file_access", folder: named, actions: ["list"] });
  const shown = async (request: Client["request"]) => {
    const { grants } = await read(me, request("/v1/me"));
    const { items } = await read(z.object({ items: me.shape.grants }), request("/v1/me/grants"));
    return [grants, items].map((list) => list.map(({ resource }) => resource.id));
  };
  expect(await shown(token)).toEqual([[named], [named]]);
  expect((await shown(both.request)).map((list) => list.includes(other))).toEqual([true, true]);
});

test("a workspace's root folder is the workspace", async () => {
  const guest = await newcomer("files:read");
  const made = await given(rootFolder(owner.workspace_id), { principal_id: guest.client_id, role: "viewer" });
  expect(made.resource).toEqual({ type: "workspace", id: owner.workspace_id });
  expect(await statusOf(guest, `/v1/workspaces/${owner.name}/files`)).toBe(200);
});

test("a grant that has ended lets nothing do at the very next call, and is gone", async () => {
  const guest = await newcomer();
  const made = await given(owner.workspace_id, { principal_id: guest.client_id, role: "viewer" });
  const path = `/v1/workspaces/${owner.workspace_id}/files`;
  expect(await statusOf(guest, path)).toBe(200);
  expect((await end(made)).status).toBe(204);
  expect(await statusOf(guest, path)).toBe(404);
  expect(await refusal(end(made))).toEqual([404, "not_found"]);
  expect(await statusOf(owner, `/v1/grants/${made.grant_id}`)).toBe(404);
  const left = (await listed(owner.workspace_id)).items.filter((one) => one.grant_id === made.grant_id);
  expect(left).toEqual([]);
  const told = (await world.events("grant_ended")).filter((one) => one.data["grant_id"] === made.grant_id);
  expect(told).toMatchObject([{ data: { reason: "revoked", principal_id: guest.client_id } }]);
  // Its name is gone with it, and nothing of it is left to whoever had it.
  const told_of = await read(me, guest.request("/v1/me"));
  expect(told_of.grants.map(({ resource }) => resource.id)).toEqual([guest.workspace_id]);
  expect((await read(problem, guest.request(`/v1/workspaces/nothing/files`))).detail).not.toContain(
    owner.name,
  );
});

test("its holder gives it up, and nobody else may", async () => {
  const [guest, stranger] = [await newcomer(), await newcomer()];
  const made = await given(owner.workspace_id, { principal_id: guest.client_id, role: "viewer" });
  for (const by of [stranger, await newcomer("files:read", "grants:read")])
    expect((await end(made, by)).status).not.toBe(204);
  expect(await refusal(end(made, stranger))).toEqual([404, "not_found"]);
  expect(await statusOf(guest, `/v1/grants/${made.grant_id}`)).toBe(200);
  expect(await statusOf(stranger, `/v1/grants/${made.grant_id}`)).toBe(404);
  expect((await end(made, guest)).status).toBe(204);
  const told = (await world.events("grant_ended")).filter((one) => one.data["grant_id"] === made.grant_id);
  expect(told).toMatchObject([{ actor: { id: guest.client_id }, data: { reason: "left" } }]);
});

test("it ends at its millisecond, and the sweep tells of it once", async () => {
  const guest = await newcomer("files:read");
  const start = world.stopClock();
  const expires_at = new Date(world.deps.now() + 60_000).toISOString();
  const made = await given(owner.workspace_id, { principal_id: guest.client_id, role: "viewer", expires_at });
  expect(made.expires_at).toBe(expires_at);
  const path = `/v1/workspaces/${owner.workspace_id}/files`;
  world.advance(59_999);
  expect(await statusOf(guest, path)).toBe(200);
  world.advance(1);
  expect(await statusOf(guest, path)).toBe(404);
  expect(await statusOf(owner, `/v1/grants/${made.grant_id}`)).toBe(404);
  expect((await listed(owner.workspace_id)).items.map(({ grant_id }) => grant_id)).not.toContain(
    made.grant_id,
  );
  for (let round = 0; round < 2; round++) await sweepGrants(world.deps);
  const told = (await world.events("grant_ended")).filter((one) => one.data["grant_id"] === made.grant_id);
  expect(told).toMatchObject([
    { occurred_at: expires_at, actor: { type: "system", id: "sweep" }, data: { reason: "expired" } },
  ]);
  start();
});

test("grants only add: a lesser one below takes nothing away, and the end of one leaves the other", async () => {
  const file = await world.addFile(owner, "added/a.txt");
  const guest = await newcomer("files:read", "files:write");
  const change = async () =>
    (await guest.request(`/v1/files/${file}`, { method: "PATCH", json: { description: newId("job", 0) } }))
      .status;
  const wide = await given(owner.workspace_id, { principal_id: guest.client_id, role: "editor" });
  const narrow = await given(await folderOf(file), { principal_id: guest.client_id, role: "viewer" });
  expect(await change()).toBe(200);
  await end(wide);
  expect(await change()).toBe(403);
  expect(await statusOf(guest, `/v1/files/${file}`)).toBe(200);
  await end(narrow);
  expect(await statusOf(guest, `/v1/files/${file}`)).toBe(404);
});

describe("nobody grants more than they have", () => {
  const table: [who: string, role: Role | undefined, scopes: Scope[], granting: Role, status: number][] = [
    ...roles.map((one): [string, Role, Scope[], Role, number] => [
      "a manager",
      "manager",
      WORKING,
      one,
      one === "owner" ? 403 : 201,
    ]),
    ["an owner", "owner", WORKING, "owner", 201],
    ["a token that can't delete", "owner", ["files:read", "files:write", "grants:write"], "editor", 403],
    ["a token that reads", "owner", ["files:read", "grants:write"], "viewer", 201],
    ["a token that reads", "owner", ["files:read", "grants:write"], "contributor", 403],
    ["a token that sees nothing", "owner", ["grants:write"], "viewer", 403],
    ["an editor", "editor", WORKING, "viewer", 403],
    ["nobody", undefined, WORKING, "viewer", 404],
  ];
  test.for(table)("%s (%s, %s) grants %s: %i", async ([, role, scopes, granting, status]) => {
    const file = await world.addFile(owner, `more/${newId("job", world.deps.now())}.txt`);
    const [granter, guest] = [await newcomer(...scopes), await newcomer("files:read")];
    if (role !== undefined) await given(file, { principal_id: granter.client_id, role });
    const answer = await give(file, { principal_id: guest.client_id, role: granting }, granter);
    expect(answer.status).toBe(status);
    if (status !== 403) return;
    const { required_action, detail } = await read(problem.extend({ required_action: z.string() }), answer);
    expect(detail.length).toBeGreaterThan(40);
    if (role !== "editor") expect(actionsOfRole(granting)).toContain(required_action);
  });

  test("what an admin's role gives counts beside a lesser grant of its own", async () => {
    const admin = await world.client("admin");
    await given(owner.workspace_id, { principal_id: admin.client_id, actions: ["list", "read", "grant"] });
    const guest = await newcomer("files:read");
    const answer = await give(owner.workspace_id, { principal_id: guest.client_id, role: "manager" }, admin);
    expect(answer.status).toBe(201);
    expect(
      (await give(owner.workspace_id, { principal_id: guest.client_id, role: "owner" }, admin)).status,
    ).toBe(403);
  });

  test("nor longer than the client lives that grants", async () => {
    const granter = await newcomer();
    await given(owner.workspace_id, { principal_id: granter.client_id, role: "manager" });
    const ends = world.deps.now() + 3_600_000;
    await world.deps.table.update({
      key: keys.principal(granter.client_id),
      update: { set: { expires_ms: ends } },
      condition: "attribute_exists(#pk)",
    });
    const principal_id = (await newcomer("files:read")).client_id;
    const made = await given(owner.workspace_id, { principal_id, role: "viewer" }, granter);
    expect(Date.parse(made.expires_at ?? "")).toBe(ends);
    const expires_at = new Date(ends + 1).toISOString();
    const late = give(owner.workspace_id, { principal_id, role: "viewer", expires_at }, granter);
    expect(await refusal(late)).toEqual([400, "invalid_request"]);
  });
});

describe("whom it is granted to", () => {
  const all: [string, () => Promise<string>][] = [
    ["nobody", async () => newId("cli", world.deps.now())],
    ["no group", async () => newId("grp", world.deps.now())],
    ["no person", async () => newId("usr", world.deps.now())],
    [
      "a client that was revoked",
      async () => {
        const { client_id } = await newcomer("files:read");
        await setOf(client_id, { revoked_at: "2026-01-01T00:00:00.000Z" });
        return client_id;
      },
    ],
    [
      "another organization's client",
      async () => {
        const { client_id } = await newcomer("files:read");
        await setOf(client_id, { organizations: { [newId("org", world.deps.now())]: "owner" } });
        return client_id;
      },
    ],
  ];
  const setOf = (id: string, set: Record<string, unknown>) =>
    world.deps.table.update({ key: keys.principal(id), update: { set }, condition: "attribute_exists(#pk)" });

  test.for(all)("%s is told as nobody", async ([, who]) => {
    const principal_id = await who();
    const told = await read(problem, give(owner.workspace_id, { principal_id, role: "viewer" }));
    expect(told).toMatchObject({ status: 404, code: "not_found" });
    expect(told.detail.replaceAll(principal_id, "X")).toBe(
      'No "X" that can be granted to here: there is none, it has ended, or it does not belong to the workspace\'s organization.',
    );
    const asked = await owner.request(
      `/v1/workspaces/${owner.workspace_id}/access?principal=${principal_id}`,
    );
    expect(asked.status).toBe(404);
  });

  test("a client from before there were grants is brought over, and granted to", async () => {
    const client_id = newId("cli", world.deps.now());
    await world.deps.table.put({
      put: {
        ...keys.client(client_id),
        ...{ client_id, name: "former", scopes: ["files:read"], secrets: [], workspaces: {} },
        created_at: "2026-01-01T00:00:00.000Z",
      },
      blind: "as it was before",
    });
    const made = await given(owner.workspace_id, { principal_id: client_id, role: "viewer" });
    const { because } = await read(
      accessAnswer,
      owner.request(`/v1/workspaces/${owner.workspace_id}/access?principal=${client_id}`),
    );
    expect(because).toMatchObject([{ grant_id: made.grant_id }]);
  });
});

describe("the same once more", () => {
  test("is the grant that there is, also by many at once", async () => {
    const { client_id: principal_id } = await newcomer("files:read");
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => given(owner.workspace_id, { principal_id, role: "viewer" })),
    );
    expect(new Set(answers.map(({ grant_id }) => grant_id)).size).toBe(1);
    const [made] = answers;
    if (made === undefined) throw new Error("none was made");
    expect(await given(owner.workspace_id, { principal_id, role: "viewer" })).toEqual(made);
    await end(made);
    const again = await given(owner.workspace_id, { principal_id, role: "viewer" });
    expect(again.grant_id).not.toBe(made.grant_id);
  });

  test.for<[string, Record<string, unknown>]>([
    ["another role", { role: "editor" }],
    ["actions", { actions: ["list", "read"] }],
    ["an end", { role: "viewer", expires_at: "2099-01-01T00:00:00.000Z" }],
  ])("with %s is one beside it", async ([, terms]) => {
    const { client_id: principal_id } = await newcomer("files:read");
    const first = await given(owner.workspace_id, { principal_id, role: "viewer" });
    const second = await given(owner.workspace_id, { principal_id, ...terms });
    expect(second.grant_id).not.toBe(first.grant_id);
  });

  test("by another is one beside it, which outlives the first", async () => {
    const { client_id: principal_id } = await newcomer("files:read");
    const other = await newcomer();
    await given(owner.workspace_id, { principal_id: other.client_id, role: "manager" });
    const first = await given(owner.workspace_id, { principal_id, role: "viewer" });
    const second = await given(owner.workspace_id, { principal_id, role: "viewer" }, other);
    expect(second.grant_id).not.toBe(first.grant_id);
  });

  test("under its Idempotency-Key answers what it answered, after its end too", async () => {
    const { client_id: principal_id } = await newcomer("files:read");
    const send = () =>
      owner.request(pathOf(owner.workspace_id), {
        json: { principal_id, role: "viewer" },
        headers: { "idempotency-key": `grant-${principal_id}` },
      });
    const made = await read(grant, send());
    await end(made);
    const again = await send();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await read(grant, again)).toEqual(made);
    expect(await statusOf(owner, `/v1/grants/${made.grant_id}`)).toBe(404);
  });
});

describe("a copy that comes late", () => {
  const late = async (act: () => Promise<unknown>, then: () => Promise<unknown>) => {
    world.setFault(({ action }) =>
      action === "TransactWriteItems" ? { late: { afterMs: LATE_MS }, answered: true } : undefined,
    );
    await act();
    world.setFault();
    await then();
    const before = await lasting();
    world.advance(LATE_MS);
    world.advanceServices(LATE_MS);
    await world.late.arrived();
    expect(await lasting()).toEqual(before);
  };
  const terms = async () => ({ principal_id: (await newcomer("files:read")).client_id, role: "viewer" });

  test("brings no grant back", async () => {
    const wanted = await terms();
    let made: Grant | undefined;
    await late(
      async () => {
        made = await given(owner.workspace_id, wanted);
      },
      async () => made && end(made),
    );
  });

  test("ends none that was given since", async () => {
    const wanted = await terms();
    const made = await given(owner.workspace_id, wanted);
    await late(
      () => end(made),
      () => given(owner.workspace_id, wanted),
    );
  });
});

describe("while others act", () => {
  test("a grant that its holder gives up is ended once", async () => {
    const guest = await newcomer();
    const made = await given(owner.workspace_id, { principal_id: guest.client_id, role: "viewer" });
    const answer = await world.meanwhile(
      () => end(made),
      () => end(made, guest),
    );
    expect(answer.status).toBe(404);
    const told = (await world.events("grant_ended")).filter((one) => one.data["grant_id"] === made.grant_id);
    expect(told).toMatchObject([{ data: { reason: "left" } }]);
  });

  test("a name stays with its holder where it was granted anew", async () => {
    const guest = await newcomer("files:read");
    const wanted = { principal_id: guest.client_id };
    const made = await given(owner.workspace_id, { ...wanted, role: "viewer" });
    const answer = await world.meanwhile(
      () => end(made),
      () => given(owner.workspace_id, { ...wanted, role: "contributor" }),
    );
    expect(answer.status).toBe(204);
    expect(await statusOf(guest, `/v1/workspaces/${owner.name}/files`)).toBe(200);
  });

  test("a client that is revoked gets none", async () => {
    const guest = await newcomer("files:read");
    const answer = await world.meanwhile(
      () => give(owner.workspace_id, { principal_id: guest.client_id, role: "viewer" }),
      () =>
        world.deps.table.update({
          key: keys.principal(guest.client_id),
          update: { set: { revoked_at: "2026-01-01T00:00:00.000Z" } },
          condition: "attribute_exists(#pk)",
        }),
    );
    expect(await refusal(answer)).toEqual([404, "not_found"]);
  });

  test("whoever is revoked grants nothing", async () => {
    const granter = await newcomer();
    await given(owner.workspace_id, { principal_id: granter.client_id, role: "manager" });
    const guest = await newcomer("files:read");
    const answer = await world.meanwhile(
      () => give(owner.workspace_id, { principal_id: guest.client_id, role: "viewer" }, granter),
      () =>
        world.deps.table.update({
          key: keys.principal(granter.client_id),
          update: { set: { revoked_at: "2026-01-01T00:00:00.000Z" } },
          condition: "attribute_exists(#pk)",
        }),
    );
    expect(await refusal(answer)).toEqual([401, "unauthenticated"]);
  });
});

test("the last owner's grant stays where the organization has no owner either", async () => {
  const other = await startWorld();
  const only = await other.client(...WORKING);
  const { grants } = await read(me, only.request("/v1/me"));
  const own = `/v1/grants/${grants[0]?.grant_id}`;
  expect(await refusal(only.request(own, { method: "DELETE" }))).toEqual([409, "conflict"]);
  const second = await other.client(...WORKING);
  const json = { principal_id: second.client_id, role: "owner" };
  const theirs = await read(grant, only.request(pathOf(only.workspace_id), { json }));
  // Two who give it up at once: one of them stays.
  const answer = await other.meanwhile(
    () => only.request(own, { method: "DELETE" }),
    () => second.request(`/v1/grants/${theirs.grant_id}`, { method: "DELETE" }),
  );
  expect(await refusal(answer)).toEqual([409, "conflict"]);
  await other.client("admin");
  expect((await only.request(own, { method: "DELETE" })).status).toBe(204);
  await other.close();
});

describe("how many", () => {
  const record = z.object({ grants: z.record(z.string(), z.unknown()), more_grants: z.number() });
  const recordOf = async (id: string) => {
    const found = await world.deps.table.get(record, keys.principal(id));
    return [Object.keys(found?.grants ?? {}).length, found?.more_grants];
  };

  test("the 51st stands beside its holder's record and holds like the others; the 1,001st is refused", async () => {
    const guest = await newcomer();
    const { client_id: principal_id } = guest;
    const files = await Promise.all(
      Array.from({ length: 51 }, (_, n) => world.addFile(owner, `many/${principal_id}/${n}.txt`)),
    );
    const made: Grant[] = [];
    for (const file of files) made.push(await given(file, { principal_id, role: "viewer" }));
    // Its own workspace's was the first.
    expect(await recordOf(principal_id)).toEqual([50, 2]);
    for (const file of files.slice(-2)) expect(await statusOf(guest, `/v1/files/${file}`)).toBe(200);
    const mine = await read(me, guest.request("/v1/me"));
    expect([mine.grants.length, mine.more_grants]).toEqual([50, true]);
    const seen = new Set<string>();
    for (let cursor = ""; ; ) {
      const some = await read(
        page.of(z.object({ grant_id: z.string() })),
        guest.request(`/v1/me/grants?limit=20${cursor}`),
      );
      for (const { grant_id } of some.items) seen.add(grant_id);
      if (some.next_cursor === null) break;
      cursor = `&cursor=${some.next_cursor}`;
    }
    expect(seen.size).toBe(52);
    // One ends in each place.
    const [first, last] = [made[0], made.at(-1)];
    if (first === undefined || last === undefined) throw new Error("none was made");
    for (const one of [first, last]) expect((await end(one)).status).toBe(204);
    expect(await recordOf(principal_id)).toEqual([49, 1]);
    expect(await statusOf(guest, `/v1/files/${files.at(-1)}`)).toBe(404);
    // Room in the record again.
    await given(files[0] ?? "", { principal_id, role: "viewer" });
    expect(await recordOf(principal_id)).toEqual([50, 1]);
    await world.deps.table.update({
      key: keys.principal(principal_id),
      update: { set: { more_grants: 950 } },
      condition: "attribute_exists(#pk)",
    });
    const refused = await give(files[50] ?? "", { principal_id, role: "viewer" });
    expect(await read(problem, refused)).toMatchObject({ status: 429, code: "grant_limit", max: 1_000 });
  });

  test("a resource's are listed page by page, the inherited ones before the first", async () => {
    const file = await world.addFile(owner, "paged/sub/a.txt");
    const sub = await folderOf(file);
    const guests = await Promise.all(Array.from({ length: 5 }, () => newcomer("files:read")));
    const made: string[] = [];
    for (const { client_id } of guests) {
      made.push((await given(file, { principal_id: client_id, role: "viewer" })).grant_id);
      world.advance(1);
    }
    const above = await given(sub, { principal_id: guests[0]?.client_id, role: "viewer" });
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 10; pages++) {
      const some = await listed(file, `?limit=2&inherited=true${cursor}`);
      const own = some.items.filter(({ inherited }) => inherited === undefined);
      const inherited = some.items.filter((one) => one.inherited);
      seen.push(...own.map(({ grant_id }) => grant_id));
      expect(inherited.some(({ grant_id }) => grant_id === above.grant_id)).toBe(pages === 0);
      if (some.next_cursor === null) break;
      cursor = `&cursor=${some.next_cursor}`;
    }
    expect(seen).toEqual(made);
  });
});

describe("what somebody may do, and why", () => {
  const access = (by: Client, on: string, query = "") =>
    read(accessAnswer, by.request(`${pathOf(on).replace("grants", "access")}${query}`));

  test("is told of oneself, with what the token leaves of it", async () => {
    const file = await world.addFile(owner, "why/a.txt");
    const mine = await access(owner, file);
    expect(mine).toMatchObject({
      principal_id: owner.client_id,
      because: [{ on: owner.workspace_id, role: "owner", expires_at: null }],
    });
    expect(mine.actions).toEqual(actionsOfRole("owner"));
    expect(mine.token_actions).toEqual(mine.actions);
    const reader = { ...owner, request: await owner.withScopes("files:read") };
    expect((await access(reader, file)).token_actions).toEqual(["list", "read"]);
  });

  test("is told of another to who may grant, grant by grant", async () => {
    const file = await world.addFile(owner, "why/b.txt");
    const folder = await folderOf(file);
    const guest = await newcomer("files:read");
    const query = `?principal=${guest.client_id}`;
    expect(await access(owner, file, query)).toEqual({
      ...{ principal_id: guest.client_id, actions: [], because: [] },
    });
    const first = await given(folder, { principal_id: guest.client_id, role: "viewer" });
    const second = await given(file, { principal_id: guest.client_id, actions: ["delete"] });
    expect(await access(owner, file, query)).toEqual({
      principal_id: guest.client_id,
      actions: ["list", "read", "delete"],
      because: [
        { on: folder, actions: ["list", "read"], grant_id: first.grant_id, role: "viewer", expires_at: null },
        { on: file, actions: ["delete"], grant_id: second.grant_id, expires_at: null },
      ],
    });
    expect(await refusal(guest.request(`/v1/files/${file}/access?principal=${owner.client_id}`))).toEqual([
      403,
      "forbidden",
    ]);
    expect((await access(guest, file)).actions).toEqual(["list", "read", "delete"]);
    const admins = await access(owner, file, `?principal=${root}`);
    expect(admins.because).toMatchObject([{ organization_role: "owner" }]);
  });

  test("a stranger learns nothing", async () => {
    const file = await world.addFile(owner, "why/c.txt");
    const stranger = await newcomer();
    for (const query of ["", `?principal=${owner.client_id}`])
      expect(await statusOf(stranger, `/v1/files/${file}/access${query}`)).toBe(404);
  });

  test("whoever sees nothing else has what it made itself", async () => {
    const maker = await newcomer("files:read", "files:write");
    await given(owner.workspace_id, { principal_id: maker.client_id, role: "uploader" });
    const file = await world.addFile(
      { client_id: maker.client_id, workspace_id: owner.workspace_id },
      "own/mine.txt",
    );
    const { because, actions } = await access(maker, file);
    expect(actions).toContain("read");
    expect(because).toMatchObject([{ role: "uploader" }, { own: true, on: file }]);
  });
});

test("a contractor for a month: sees, then doesn't, and nothing of it is left", async () => {
  const file = await world.addFile(owner, "contract/plan.pdf.txt");
  const contractor = await newcomer("files:read");
  const expires_at = new Date(world.deps.now() + 30 * DAY).toISOString();
  await given(await folderOf(file), { principal_id: contractor.client_id, role: "viewer", expires_at });
  world.advance(29 * DAY);
  expect(await statusOf(contractor, `/v1/files/${file}`)).toBe(200);
  world.advance(2 * DAY);
  expect(await statusOf(contractor, `/v1/files/${file}`)).toBe(404);
  await sweepGrants(world.deps);
  const { grants } = await read(me, contractor.request("/v1/me"));
  expect(grants.map(({ resource }) => resource.id)).toEqual([contractor.workspace_id]);
});

test("a grant on what is gone is ended by its holder, or an admin of the organization", async () => {
  const [guest, other] = [await newcomer(), await newcomer()];
  const file = await world.addFile(owner, "gone/a.txt");
  const mine = await given(file, { principal_id: guest.client_id, role: "viewer" });
  const theirs = await given(file, { principal_id: other.client_id, role: "viewer" });
  expect((await owner.request(`/v1/files/${file}`, { method: "DELETE" })).status).toBe(204);
  expect(await statusOf(owner, `/v1/files/${file}/grants`)).toBe(404);
  expect((await end(mine, owner)).status).toBe(404);
  expect((await end(mine, guest)).status).toBe(204);
  expect((await end(theirs, await world.client("admin"))).status).toBe(204);
});

test("bad requests say what is allowed", async () => {
  const { client_id: principal_id } = await newcomer("files:read");
  const bad: Record<string, unknown>[] = [
    { principal_id },
    { principal_id, role: "viewer", actions: ["list"] },
    { principal_id, role: "god" },
    { principal_id, actions: [] },
    { principal_id, actions: ["list", "list"] },
    { principal_id: owner.workspace_id, role: "viewer" },
    { principal_id, role: "viewer", expires_at: "2020-01-01T00:00:00Z" },
    { principal_id, role: "viewer", expires_at: "tomorrow" },
  ];
  for (const json of bad)
    expect(await refusal(give(owner.workspace_id, json)), JSON.stringify(json)).toEqual([
      400,
      "invalid_request",
    ]);
  const unknown = give(owner.workspace_id, { principal_id, role: "viewer", deny: true });
  expect(await refusal(unknown)).toEqual([400, "unknown_field"]);
});
