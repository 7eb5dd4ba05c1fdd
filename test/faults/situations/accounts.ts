/** Service clients, their secrets, API keys, narrower tokens, and how all of them end. */

import { keys } from "#aws/keys.ts";
import { ownerGained } from "#core/access/organization-writes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { ACCESS_TOKEN, grantTypes } from "#core/accounts/contract.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { keyRecord } from "#core/accounts/records.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";

const DAY = 86_400_000;
const DELETE = { method: "DELETE" };
const change = (json: Record<string, unknown>) => ({ method: "PATCH", json });
const ONCE = { "Idempotency-Key": "once-0123456789" };

/** The stage's client owns its organization. */
async function own({ plain, owner }: Stage): Promise<void> {
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

const inDays = ({ plain }: Stage, days: number) => new Date(plain.now() + days * DAY).toISOString();
const aClient = (json: Record<string, unknown> = {}) => ({
  json: { name: "build", scopes: ["files:read"], ...json },
});
const aKey = (stage: Stage, days = 30, json: Record<string, unknown> = {}) => ({
  json: { name: "laptop", scopes: ["files:read"], expires_at: inDays(stage, days), ...json },
});

async function client(me: Actor, json: Record<string, unknown> = {}) {
  const made = await me.json("/v1/clients", aClient(json));
  return {
    path: `/v1/clients/${made["client_id"]}`,
    client_id: String(made["client_id"]),
    client_secret: String(made["client_secret"]),
  };
}

async function key(stage: Stage, me: Actor, days = 30, json: Record<string, unknown> = {}) {
  const made = await me.json("/v1/keys", aKey(stage, days, json));
  const headers = { authorization: `Bearer ${made["api_key"]}` };
  return { path: `/v1/keys/${made["key_id"]}`, key_id: String(made["key_id"]), headers };
}

const made: Situation[] = [
  {
    name: "client: made, with what it was granted",
    unordered: true,
    async set(stage, me) {
      await own(stage);
      const grants = [{ resource_id: stage.owner.workspace_id, role: "viewer" }];
      const ask = (actor: Actor) => actor.request("/v1/clients", { ...aClient({ grants }), headers: ONCE });
      return { act: ask, next: { "asked again": () => ask(me), listed: () => me.request("/v1/clients") } };
    },
  },
  {
    name: "client: changed",
    async set(stage, me) {
      await own(stage);
      const { path } = await client(me, { scopes: ["files:read", "files:write"] });
      return {
        act: (actor) => actor.request(path, change({ scopes: ["files:read"], expires_at: inDays(stage, 3) })),
        meanwhile: {
          "it gets another name": () => me.request(path, change({ name: "other" })),
          "its secret turns": () => me.request(`${path}/secrets`, { json: {} }),
        },
        next: { seen: () => me.request(path) },
      };
    },
  },
  {
    name: "client: gets a further secret",
    async set(stage, me) {
      await own(stage);
      const { path } = await client(me);
      const ask = (actor: Actor) => actor.request(`${path}/secrets`, { json: {}, headers: ONCE });
      return {
        act: ask,
        meanwhile: { "another gets one too": () => me.request(`${path}/secrets`, { json: {} }) },
        next: { "asked again": () => ask(me), seen: () => me.request(path) },
      };
    },
  },
  {
    name: "client: loses a secret",
    async set(stage, me) {
      await own(stage);
      const { path } = await client(me);
      const { secret_id } = await me.json(`${path}/secrets`, { json: {} });
      return {
        act: (actor) => actor.request(`${path}/secrets/${secret_id}`, DELETE),
        next: { "another is made": () => me.request(`${path}/secrets`, { json: {} }) },
      };
    },
  },
  {
    name: "key: made",
    async set(stage, me) {
      const ask = (actor: Actor) => actor.request("/v1/keys", { ...aKey(stage), headers: ONCE });
      return { act: ask, next: { "asked again": () => ask(me), listed: () => me.request("/v1/keys") } };
    },
  },
  {
    name: "key: used for the first time that day",
    async set(stage, me) {
      const { headers } = await key(stage, me);
      return {
        act: (actor) => actor.anonymous("/v1/workspaces", { headers }),
        next: { "used again": () => me.anonymous("/v1/workspaces", { headers }) },
      };
    },
  },
  {
    name: "token: with a secret that is used for the first time that day",
    async set({ plain }, me) {
      const { client_id, client_secret } = await createClient(plain, { name: "new", scopes: ["files:read"] });
      const json = { client_id, client_secret };
      return {
        act: (actor) => actor.anonymous("/v1/auth/token", { json }),
        next: { "used again": () => me.anonymous("/v1/auth/token", { json }) },
      };
    },
  },
  {
    name: "token: exchanged for a narrower one",
    async set(stage, me) {
      const { headers, path } = await key(stage, me);
      await me.anonymous("/v1/workspaces", { headers });
      const subject_token = headers.authorization.replace("Bearer ", "");
      const json = {
        grant_type: grantTypes.exchange,
        ...{ subject_token, subject_token_type: ACCESS_TOKEN, scope: "files:read" },
      };
      return {
        act: (actor) => actor.anonymous("/v1/auth/token", { json }),
        meanwhile: { "the key is ended": () => me.request(path, DELETE) },
      };
    },
  },
];

const ended: Situation[] = [
  {
    name: "key: ended, with what was made with it",
    unordered: true,
    async set(stage, me) {
      await own(stage);
      const scopes = { scopes: ["files:read", "clients:write", "grants:write"] };
      const { path, headers } = await key(stage, me, 30, scopes);
      await me.anonymous("/v1/keys", { ...aKey(stage, 3), headers });
      const made = await me.anonymous("/v1/clients", { ...aClient(), headers });
      const { client_id } = (await made.json()) as { client_id: string };
      await me.anonymous(`/v1/clients/${stage.owner.client_id}/secrets`, { json: {}, headers });
      await me.anonymous(`/v1/workspaces/${stage.owner.workspace_id}/grants`, {
        ...{ json: { principal_id: client_id, role: "viewer" }, headers },
      });
      return {
        // Who of two has ended what is each one's own to count.
        act: async (actor) => (await actor.json(path, DELETE))["complete"],
        meanwhile: { "it is ended": () => me.request(path, DELETE), "the sweep runs": () => stage.sweep() },
        next: { "once more": () => me.request(path, DELETE) },
      };
    },
  },
  {
    name: "client: ended by a call",
    async set(stage, me) {
      await own(stage);
      const { path } = await client(me, { role: "owner" });
      return {
        act: (actor) => actor.request(path, DELETE),
        meanwhile: {
          "it is changed": () => me.request(path, change({ name: "other" })),
          "it is ended": () => me.request(path, DELETE),
        },
        next: { "once more": () => me.request(`${path}?links=revoke`, DELETE) },
      };
    },
  },
  {
    name: "sweep: a key of which is to be told",
    async set(stage, me) {
      const { key_id, path } = await key(stage, me);
      await stage.plain.table.update({
        key: keys.apiKey(stage.owner.client_id, key_id),
        update: {
          set: { expires_ms: stage.plain.now() + DAY, due_sk: new Date(stage.plain.now()).toISOString() },
        },
        blind: "its time has come",
      });
      return {
        act: (actor) => actor.sweep("key"),
        meanwhile: { "it is ended": () => me.request(path, DELETE) },
      };
    },
  },
  {
    name: "sweep: a key whose time is over",
    async set(stage, me) {
      const { key_id, path } = await key(stage, me);
      await stage.plain.table.update({
        key: keys.apiKey(stage.owner.client_id, key_id),
        update: { set: { expires_ms: stage.plain.now(), due_sk: new Date(stage.plain.now()).toISOString() } },
        blind: "its time has come",
      });
      return {
        act: (actor) => actor.sweep("key"),
        meanwhile: { "it is ended": () => me.request(path, DELETE) },
        async end() {
          const stored = await stage.plain.table.get(keyRecord, keys.apiKey(stage.owner.client_id, key_id));
          return (stored?.ended_at ?? stored?.revoked_at) === undefined ? ["it never ended"] : [];
        },
      };
    },
  },
  {
    name: "sweep: a client whose time is over",
    async set(stage, me) {
      await own(stage);
      const { path, client_id } = await client(me, { expires_at: inDays(stage, 1) });
      await stage.plain.table.update({
        key: keys.client(client_id),
        update: { set: { expires_ms: stage.plain.now(), due_sk: new Date(stage.plain.now()).toISOString() } },
        blind: "its time has come",
      });
      return {
        act: (actor) => actor.sweep("client"),
        meanwhile: { "it gets more time": () => me.request(path, change({ expires_at: inDays(stage, 9) })) },
      };
    },
  },
  {
    name: "sweep: a secret of which is to be told",
    async set(stage, me) {
      await own(stage);
      const { path, client_id } = await client(me);
      await me.request(`${path}/secrets`, { json: { overlap_seconds: 20 * 86_400 } });
      await stage.plain.table.update({
        key: keys.client(client_id),
        update: { set: { due_sk: new Date(stage.plain.now()).toISOString() } },
        blind: "its time has come",
      });
      return {
        act: (actor) => actor.sweep("client"),
        meanwhile: { "another is made": () => me.request(`${path}/secrets`, { json: {} }) },
      };
    },
  },
];

export const accounts: Situation[] = [...made, ...ended];
