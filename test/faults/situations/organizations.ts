/** Organizations, their members and groups, and what the administrator does of them. */
import { keys } from "#aws/keys.ts";
import type { MemberRole } from "#contract/roles.ts";
import { grantWrites } from "#core/access/grant-writes.ts";
import { ownerGained } from "#core/access/organization-writes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { listAllMembers, listAllOrganizations } from "#core/organizations/administer.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";

const MEMBERS = `/v1/orgs/${FIRST_ORGANIZATION}/members`;
const DELETE = { method: "DELETE" };
const PUT = { method: "PUT" };
const give = (role: MemberRole) => ({ method: "PATCH", json: { role } });
const name = (name: string) => ({ method: "PATCH", json: { name } });

/** The stage's client owns its organization. */
export async function own({ plain, owner }: Stage): Promise<void> {
  await plain.table.transact([
    {
      key: keys.client(owner.client_id),
      update: { set: { [`organizations.${FIRST_ORGANIZATION}`]: "owner" } },
      condition: "attribute_exists(#pk)",
    },
    { key: keys.member(FIRST_ORGANIZATION, owner.client_id), update: { set: { role: "owner" } } },
    ownerGained(FIRST_ORGANIZATION, 0),
  ]);
}

const person = (stage: Stage, role: MemberRole, email = "zoe@example.com") =>
  createPerson(stage.plain, { ...{ email, name: "Zoë", role }, key: { scopes: ["files:read"], days: 90 } });

async function granted({ plain, owner }: Stage, principal_id: string, further = false): Promise<void> {
  const grant = {
    ...{ grant_id: newId("grt", plain.now()), principal_id, organization_id: FIRST_ORGANIZATION },
    ...{
      on: owner.workspace_id,
      workspace_id: owner.workspace_id,
      role: further ? ("viewer" as const) : ("editor" as const),
    },
    ...{ created_at: iso(plain.now()), created_by: owner.client_id },
  };
  await plain.table.transact(grantWrites(grant, { further }));
}

async function group(me: Actor, called = "Readers"): Promise<string> {
  return `/v1/groups/${(await me.json("/v1/groups", { json: { name: called } }))["group_id"]}`;
}

const made: Situation[] = [
  {
    name: "organization: made",
    // Made by one whose clock is behind, it is told of before what was told earlier.
    unordered: true,
    async set(stage, me) {
      await own(stage);
      const ask = (actor: Actor) =>
        actor.request("/v1/orgs", { json: { name: "Hafen" }, headers: { "Idempotency-Key": "once" } });
      return { act: ask, next: { "asked again": () => ask(me) } };
    },
  },
  {
    name: "organization: renamed",
    async set(stage, me) {
      await own(stage);
      const path = `/v1/orgs/${FIRST_ORGANIZATION}`;
      return {
        act: (actor) => actor.request(path, name("Hafen")),
        meanwhile: { "it gets another name": () => me.request(path, name("Kai")) },
        next: {
          "it gets another name": () => me.request(path, name("Kai")),
          seen: () => me.request(path),
        },
      };
    },
  },
  {
    name: "client: the first, with its organization",
    async set(stage) {
      const all = await stage.plain.table.batchGet([keys.organization(FIRST_ORGANIZATION)]);
      if (all.length > 0)
        await stage.plain.table.transact([
          { remove: keys.organization(FIRST_ORGANIZATION) },
          { remove: keys.organizationEntry(FIRST_ORGANIZATION) },
        ]);
      const create = ({ deps }: Pick<Actor, "deps">) =>
        createClient(deps, { name: "first", scopes: ["admin"] });
      return {
        act: create,
        meanwhile: {
          "another is the first": () => createClient(stage.plain, { name: "another", scopes: ["admin"] }),
        },
      };
    },
  },
  {
    name: "person: made",
    async set(stage) {
      const given = { email: "zoe@example.com", name: "Zoë", role: "owner" as const };
      return {
        act: (actor) => createPerson(actor.deps, { ...given, key: { scopes: ["files:read"], days: 90 } }),
        next: { listed: () => listAllMembers(stage.plain, FIRST_ORGANIZATION) },
      };
    },
  },
];

const members: Situation[] = [
  {
    name: "member: given another role",
    async set(stage, me) {
      await own(stage);
      const path = `${MEMBERS}/${(await person(stage, "guest")).person_id}`;
      return {
        act: (actor) => actor.request(path, give("admin")),
        meanwhile: {
          "it gets another": () => me.request(path, give("member")),
          "it is removed": () => me.request(path, DELETE),
        },
        next: {
          "it gets the first again": () => me.request(path, give("guest")),
          "it becomes an owner": () => me.request(path, give("owner")),
        },
      };
    },
  },
  {
    name: "member: an owner no longer",
    async set(stage, me) {
      await own(stage);
      const path = `${MEMBERS}/${(await person(stage, "owner")).person_id}`;
      const self = `${MEMBERS}/${stage.owner.client_id}`;
      return {
        act: (actor) => actor.request(path, give("member")),
        meanwhile: { "the other owner steps back": () => me.request(self, give("admin")) },
        next: { "it becomes one again": () => me.request(path, give("owner")) },
      };
    },
  },
  {
    name: "member: removed, with groups and grants",
    // The events stand in the logs of the organization and of the workspace.
    unordered: true,
    async set(stage, me) {
      await own(stage);
      const { person_id } = await person(stage, "owner");
      const path = `${MEMBERS}/${person_id}`;
      const readers = await group(me);
      await me.request(`${readers}/members/${person_id}`, PUT);
      await granted(stage, person_id);
      await granted(stage, person_id, true);
      return {
        act: (actor) => actor.request(path, DELETE),
        meanwhile: {
          "it gets another role": () => me.request(path, give("guest")),
          "it leaves the group": () => me.request(`${readers}/members/${person_id}`, DELETE),
          "another removes it": () => me.request(path, DELETE),
        },
        next: { "it is removed once more": () => me.request(path, DELETE) },
      };
    },
  },
  {
    name: "read: who one is, organizations, members, clients and keys",
    async set(stage) {
      await own(stage);
      return {
        act: async (actor) => [
          (await actor.request("/v1/me")).status,
          (await actor.request("/v1/orgs")).status,
          (await actor.request(`/v1/orgs/${FIRST_ORGANIZATION}`)).status,
          (await actor.request(`${MEMBERS}?role=owner`)).status,
          (await actor.request("/v1/clients")).status,
          (await actor.request("/v1/keys")).status,
          await listAllOrganizations(actor.deps),
          (await listAllMembers(actor.deps, FIRST_ORGANIZATION)).length,
        ],
      };
    },
  },
];

const groups: Situation[] = [
  {
    name: "group: made",
    async set(stage, me) {
      await own(stage);
      const ask = (actor: Actor) =>
        actor.request("/v1/groups", { json: { name: "Readers" }, headers: { "Idempotency-Key": "once" } });
      return { act: ask, next: { "asked again": () => ask(me) } };
    },
  },
  {
    name: "group: renamed",
    async set(stage, me) {
      await own(stage);
      const path = await group(me);
      return {
        act: (actor) => actor.request(path, name("Writers")),
        meanwhile: {
          "it gets another name": () => me.request(path, name("All")),
          "it is deleted": () => me.request(path, DELETE),
        },
        next: { "it gets another name": () => me.request(path, name("All")) },
      };
    },
  },
  {
    name: "group: deleted, with members and grants",
    // The events stand in the logs of the organization and of the workspace.
    unordered: true,
    async set(stage, me) {
      await own(stage);
      const path = await group(me);
      const { person_id } = await person(stage, "guest");
      await me.request(`${path}/members/${person_id}`, PUT);
      const id = path.replace("/v1/groups/", "");
      await granted(stage, id);
      await granted(stage, id, true);
      return {
        act: (actor) => actor.request(path, DELETE),
        meanwhile: {
          "its member leaves": () => me.request(`${path}/members/${person_id}`, DELETE),
          "another deletes it": () => me.request(path, DELETE),
        },
        next: { "it is deleted once more": () => me.request(path, DELETE) },
      };
    },
  },
  {
    name: "group: somebody comes in",
    async set(stage, me) {
      await own(stage);
      const [path, other] = [await group(me), await group(me, "Others")];
      const { person_id } = await person(stage, "guest");
      const place = `${path}/members/${person_id}`;
      return {
        act: (actor) => actor.request(place, PUT),
        meanwhile: {
          "into another too": () => me.request(`${other}/members/${person_id}`, PUT),
          "the group is deleted": () => me.request(path, DELETE),
          "it is removed from the organization": () => me.request(`${MEMBERS}/${person_id}`, DELETE),
        },
        next: {
          "it goes again": () => me.request(place, DELETE),
          "and comes back": () => me.request(place, PUT),
          "and goes once more": () => me.request(place, DELETE),
        },
      };
    },
  },
  {
    name: "group: somebody goes",
    async set(stage, me) {
      await own(stage);
      const path = await group(me);
      const { person_id } = await person(stage, "guest");
      const place = `${path}/members/${person_id}`;
      await me.request(place, PUT);
      return {
        act: (actor) => actor.request(place, DELETE),
        meanwhile: { "the group is deleted": () => me.request(path, DELETE) },
        next: { "it comes back": () => me.request(place, PUT) },
      };
    },
  },
  {
    name: "read: groups",
    async set(stage, me) {
      await own(stage);
      const path = await group(me);
      return {
        act: async (actor) => [
          (await actor.request("/v1/groups")).status,
          (await actor.request(path)).status,
          (await actor.request(`${path}/members`)).status,
        ],
      };
    },
  },
];

export const organizations: Situation[] = [...made, ...members, ...groups];
