/** An organization that is closed: gone at once with all that is in it, and back with one call, or gone for good. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { organization } from "#core/organizations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { sweepOrganizations } from "#core/revocation/sweep-organizations.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

const DAY = 86_400_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
  world.deps.orgCreation = "member";
});
afterAll(() => world?.close());

const HELD: Scope[] = allScopes.filter((one) => one !== "admin");
const statusOf = async (asked: Promise<Response>) => (await asked).status;
const answer = z.record(z.string(), z.unknown());
let names = 0;

async function person(name: string) {
  const email = `${name}.${++names}@example.com`;
  const key = { scopes: HELD, days: 90 };
  const one = await createPerson(world.deps, { email, name, role: "member", key });
  const request = (path: string, { headers, ...rest }: Given = {}) =>
    world.request(path, { ...rest, headers: { authorization: `Bearer ${one.api_key}`, ...headers } });
  return { id: one.person_id, email, request };
}
type Asking = Pick<Awaited<ReturnType<typeof person>>, "request">;

/** An organization with a workspace, a file, a link, a member, a group, a client, and an invitation that is open. */
async function filled() {
  const [owner, member, guest] = [await person("owner"), await person("member"), await person("guest")];
  const name = `Acme ${++names}`;
  const made = await read(organization, owner.request("/v1/orgs", { json: { name } }));
  const id = made.organization_id;
  const at = `/v1/orgs/${id}`;
  const { workspace_id } = await read(
    workspace,
    owner.request("/v1/workspaces", { json: { name: "reports", organization: id, member_access: "viewer" } }),
  );
  const writer = await world.client("files:read");
  const file = await world.addFile({ ...writer, workspace_id }, "a.txt");
  const invite = async (to: typeof member, role: string) => {
    const json = { email: to.email, role };
    const invited = await read(answer, owner.request(`${at}/invitations`, { json }));
    return String(invited["accept_token"]);
  };
  const token = await invite(member, "member");
  expect(await statusOf(member.request("/v1/invitations/accept", { json: { token } }))).toBe(200);
  const open = await invite(guest, "guest");
  const group = await read(answer, owner.request("/v1/groups", { json: { name: "all", organization: id } }));
  const put = { method: "PUT", json: {} };
  const joined = owner.request(`/v1/groups/${group["group_id"]}/members/${member.id}`, put);
  expect(await statusOf(joined)).toBeLessThan(300);
  const json = { name: "ci", scopes: ["files:read"], organization: id, role: "member" };
  const client = await read(answer, owner.request("/v1/clients", { json }));
  const { share_url } = await read(answer, owner.request(`/v1/files/${file}/shares`, { json: {} }));
  const statuses = (by: Asking, paths: readonly string[]) =>
    Promise.all(paths.map((path) => statusOf(by.request(path))));
  const ways = async () => ({
    owner: await statuses(owner, [
      ...[`/v1/files/${file}`, `/v1/workspaces/${workspace_id}/files`, `${at}/members`, `${at}/trash`],
      ...[`/v1/groups/${group["group_id"]}`, `/v1/clients/${client["client_id"]}`],
    ]),
    member: await statuses(member, [`/v1/files/${file}`, at, `${at}/members`]),
    link: await statusOf(world.request(String(share_url))),
    made: await statusOf(
      owner.request("/v1/workspaces", { json: { name: `more-${++names}`, organization: id } }),
    ),
  });
  return { id, at, name, owner, member, guest, workspace_id, ways, open, group, client };
}
const THERE = { owner: [200, 200, 200, 200, 200, 200], member: [200, 200, 200], link: 302, made: 201 };
const GONE = { owner: [404, 404, 404, 404, 404, 404], member: [404, 404, 404], link: 410, made: 404 };
const close = (at: string, name: string, by: Asking) =>
  by.request(`${at}?name=${encodeURIComponent(name)}`, { method: "DELETE" });
const back = (id: string, by: Asking) => by.request(`/v1/trash/${id}/restore`, { method: "POST" });

describe("an organization that is closed", () => {
  test("is gone for everybody at once, and is back with all that was in it", async () => {
    const { id, at, name, owner, member, guest, ways, open } = await filled();
    expect(await ways()).toEqual(THERE);
    expect(await refusal(close(at, "another", owner))).toEqual([409, "conflict"]);
    expect(await refusal(close(at, name, member))).toEqual([403, "forbidden"]);
    expect(await refusal(close(at, name, guest))).toEqual([404, "not_found"]);
    expect(await ways()).toMatchObject({ link: 302 });
    for (let times = 0; times < 2; times++) expect(await statusOf(close(at, name, owner))).toBe(204);
    expect(await ways()).toEqual(GONE);
    const accepted = guest.request("/v1/invitations/accept", { json: { token: open } });
    expect(await refusal(accepted)).toEqual([410, "invitation_gone"]);
    const seen = await read(organization, owner.request(at));
    expect(seen).toMatchObject({ closed_at: expect.any(String), purge_at: expect.any(String) });
    const lists = async (by: Asking) => {
      const { items } = await read(page.of(organization), by.request("/v1/orgs?limit=100"));
      return items.some(({ organization_id }) => organization_id === id);
    };
    expect([await lists(owner), await lists(member)]).toEqual([true, false]);

    expect(await refusal(back(id, member))).toEqual([404, "not_found"]);
    const restored = await read(answer, back(id, owner));
    expect(restored).toMatchObject({ kind: "organization", organization_id: id, name, role: "owner" });
    expect(restored).not.toHaveProperty("closed_at");
    expect(await refusal(back(id, owner))).toEqual([404, "not_found"]);
    expect(await ways()).toEqual(THERE);
    expect(await lists(member)).toBe(true);
    const told = (await world.events()).filter(({ organization_id }) => organization_id === id);
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["organization_closed", "organization_restored"]),
    );
  });

  test.each(["by itself", "at once"])(
    "is purged %s: what is in it ends, and nothing comes back",
    async (how) => {
      const { id, at, name, owner, member, workspace_id, group, client } = await filled();
      const { client_id, client_secret } = client;
      const token = async () =>
        statusOf(
          world.request("/v1/auth/token", {
            json: { grant_type: "client_credentials", client_id, client_secret },
          }),
        );
      expect(await token()).toBe(200);
      expect(await statusOf(close(at, name, owner))).toBe(204);
      const purge = () => owner.request(`/v1/trash/${id}`, { method: "DELETE" });
      if (how === "at once") expect(await statusOf(purge())).toBe(204);
      else world.advance(30 * DAY);
      for (let sweeps = 0; sweeps < 4; sweeps++) {
        await sweepOrganizations(world.deps);
        await sweepTrash(world.deps);
      }
      expect(await refusal(back(id, owner))).toEqual([404, "not_found"]);
      expect(await refusal(owner.request(at))).toEqual([404, "not_found"]);
      expect(await token()).toBe(401);
      const stored = async (key: ReturnType<typeof keys.organization>) =>
        (await world.deps.table.batchGet([key]))[0];
      const record = await stored(keys.organization(id));
      expect(record).toMatchObject({ name: "", closed_at: expect.any(String) });
      expect(record).not.toHaveProperty("due_pk");
      expect(await stored(keys.workspace(workspace_id))).toHaveProperty("purged_ms");
      expect(await stored(keys.principal(String(group["group_id"])))).toHaveProperty("disabled_at");
      expect((await stored(keys.principal(member.id)))?.["organizations"]).not.toHaveProperty(id);
      const told = (await world.events()).filter(({ organization_id }) => organization_id === id);
      expect(told.map(({ type }) => type)).toEqual(
        expect.arrayContaining(["organization_purged", "workspace_purged", "member_left"]),
      );
    },
  );

  test("is none that the deployment begins with", async () => {
    const admin = await world.client("admin");
    const { name } = await read(organization, admin.request(`/v1/orgs/${FIRST_ORGANIZATION}`));
    expect((await refusal(close(`/v1/orgs/${FIRST_ORGANIZATION}`, name, admin)))[0]).toBe(409);
  });
});
