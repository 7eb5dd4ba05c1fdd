/** Grants: given, given up, expired; and the workspaces that they are on. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { grantWrites } from "#core/access/grant-writes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { MAX_IN_RECORD } from "#core/access/rights-of.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { HOUR, passTime } from "../time.ts";

const DELETE = { method: "DELETE" };
const PATCH = (json: unknown) => ({ method: "PATCH", json });

/** A client that has nothing of the stage's workspace. */
async function stranger(stage: Stage): Promise<Actor> {
  const scopes = allScopes.filter((one) => one !== "admin");
  const client = await createClient(stage.plain, { name: "stranger", scopes });
  return stage.actor({ client, name: "stranger" });
}

const give = (on: string, principal_id: string, terms: object = { role: "viewer" }) =>
  [`/v1/workspaces/${on}/grants`, { json: { principal_id, ...terms } }] as const;

/** A grant of the stage's workspace to another client. */
async function given(stage: Stage, me: Actor, terms: object = { role: "editor" }) {
  const rival = await stranger(stage);
  const { workspace_id } = stage.owner;
  const { grant_id } = await me.json(...give(workspace_id, rival.client.client_id, terms));
  return { rival, path: `/v1/grants/${grant_id}`, grant_id: String(grant_id) };
}

/** The rival's record is full. */
async function fill({ plain, owner }: Stage, principal_id: string): Promise<void> {
  const held = await plain.table.batchGet([keys.principal(principal_id)]);
  const grants = new Map(Object.entries(Object(held[0]?.["grants"])));
  for (let count = grants.size; count < MAX_IN_RECORD; count++) {
    const grant = {
      ...{ grant_id: newId("grt", plain.now()), principal_id, organization_id: FIRST_ORGANIZATION },
      ...{ on: owner.workspace_id, workspace_id: owner.workspace_id, role: "viewer" as const },
      ...{
        created_at: iso(plain.now()),
        created_by: owner.client_id,
        expires_ms: plain.now() + 90 * 24 * HOUR + count,
      },
    };
    await plain.table.transact(grantWrites(grant, { further: false }));
  }
}

const begun: Situation[] = [
  {
    name: "grant: given",
    async set(stage, me) {
      const rival = await stranger(stage);
      const asked = give(stage.owner.workspace_id, rival.client.client_id);
      return {
        act: (actor) => actor.request(...asked),
        meanwhile: { "another gives the same": () => me.request(...asked) },
        next: {
          "it is given again": () => me.request(...asked),
          listed: () => me.request(asked[0]),
        },
      };
    },
  },
  {
    name: "grant: given under an Idempotency-Key",
    async set(stage, me) {
      const rival = await stranger(stage);
      const [path, terms] = give(stage.owner.workspace_id, rival.client.client_id);
      const ask = (actor: Actor) => actor.request(path, { ...terms, headers: { "Idempotency-Key": "once" } });
      return { act: ask, next: { "asked again": () => ask(me) } };
    },
  },
  {
    name: "grant: given beside a record that is full",
    async set(stage, me) {
      const rival = await stranger(stage);
      await fill(stage, rival.client.client_id);
      const [path, terms] = give(stage.owner.workspace_id, rival.client.client_id);
      let id = "";
      return {
        async act(actor) {
          const answer = await actor.request(path, terms);
          id = String(Object(await answer.clone().json())["grant_id"]);
          return answer;
        },
        next: { "it is ended": () => me.request(`/v1/grants/${id}`, DELETE) },
      };
    },
  },
  {
    name: "grant: given once more, by the client that has it",
    async set(stage, me) {
      const { rival } = await given(stage, me, { role: "viewer" });
      const [path, terms] = give(stage.owner.workspace_id, rival.client.client_id);
      return {
        act: (actor) => actor.request(path, { ...terms, headers: { "Idempotency-Key": "once more" } }),
      };
    },
  },
];

const ended: Situation[] = [
  {
    name: "grant: ended",
    async set(stage, me) {
      const { rival, path } = await given(stage, me);
      return {
        act: (actor) => actor.request(path, DELETE),
        meanwhile: {
          "its holder gives it up": () => rival.request(path, DELETE),
          "its holder gets another": () =>
            me.request(...give(stage.owner.workspace_id, rival.client.client_id)),
        },
      };
    },
  },
  {
    name: "grant: ended, and given again",
    async set(stage, me) {
      const { rival, path } = await given(stage, me);
      const asked = give(stage.owner.workspace_id, rival.client.client_id, { role: "editor" });
      return {
        act: (actor) => actor.request(path, DELETE),
        next: { "it is given again": () => me.request(...asked) },
      };
    },
  },
  {
    name: "grant: of a holder's partition, ended",
    async set(stage, me) {
      const rival = await stranger(stage);
      await fill(stage, rival.client.client_id);
      const asked = give(stage.owner.workspace_id, rival.client.client_id, { role: "editor" });
      const { grant_id } = await me.json(...asked);
      const path = `/v1/grants/${grant_id}`;
      return {
        act: (actor) => actor.request(path, DELETE),
        meanwhile: { "its holder gives it up": () => rival.request(path, DELETE) },
        next: { "it is given again": () => me.request(...asked) },
      };
    },
  },
  {
    name: "sweep: a grant that has expired",
    async set(stage, me) {
      const expires_at = iso(Date.now() + HOUR);
      const { path } = await given(stage, me, { role: "viewer", expires_at });
      passTime(2 * HOUR);
      return {
        act: (actor) => actor.sweep("grant"),
        meanwhile: { "another sweep runs": () => me.sweep("grant") },
        next: { seen: () => me.request(path) },
      };
    },
  },
  {
    name: "grant: seen",
    async set(stage, me) {
      const { rival, path } = await given(stage, me);
      const file = String((await me.by.uploaded("a.txt", "hello"))["file_id"]);
      const paths = [
        path,
        "/v1/me/grants",
        `/v1/workspaces/${stage.owner.workspace_id}`,
        `/v1/files/${file}/grants?inherited=true`,
        `/v1/files/${file}/access?principal=${rival.client.client_id}`,
      ];
      return {
        async act(actor) {
          const answers = [];
          for (const one of paths) answers.push(await (await actor.request(one)).json());
          return answers;
        },
      };
    },
  },
];

const used: Situation[] = [
  {
    name: "grant: on a folder, by which a file below is renamed",
    async set(stage, me) {
      const sent = await me.by.uploaded("deep/er/a.txt", "hello");
      const page = await me.json(`/v1/workspaces/${stage.owner.workspace_id}/files`);
      const [top] = z.array(z.object({ folder_id: z.string() })).parse(page["items"]);
      const rival = await stranger(stage);
      const terms = { json: { principal_id: rival.client.client_id, role: "editor" } };
      const { grant_id } = await me.json(`/v1/folders/${top?.folder_id}/grants`, terms);
      const { client_id: clientId, client_secret: clientSecret } = rival.client;
      const { access_token } = await issueToken(stage.plain, { clientId, clientSecret });
      const path = `/v1/files/${sent["file_id"]}`;
      const by = { headers: { authorization: `Bearer ${access_token}` } };
      return {
        act: (actor) => actor.request(path, { ...PATCH({ name: "b.txt" }), ...by }),
        meanwhile: { "it is ended": () => me.request(`/v1/grants/${grant_id}`, DELETE) },
        next: { seen: () => me.request(path) },
      };
    },
  },
];

const workspaces: Situation[] = [
  {
    name: "workspace: made",
    async set(_, me) {
      const ask = (actor: Actor) =>
        actor.request("/v1/workspaces", {
          json: { name: "reports" },
          headers: { "Idempotency-Key": "once" },
        });
      return {
        act: ask,
        next: {
          "asked again": () => ask(me),
          "another of the name": () => me.request("/v1/workspaces", { json: { name: "reports" } }),
        },
      };
    },
  },
  {
    name: "workspace: renamed and opened",
    async set(stage, me) {
      const path = `/v1/workspaces/${stage.owner.workspace_id}`;
      return {
        act: (actor) => actor.request(path, PATCH({ name: "renamed", member_access: "viewer" })),
        meanwhile: { "it gets another name": () => me.request(path, PATCH({ name: "other" })) },
        next: {
          "it gets its name back": () => me.request(path, PATCH({ name: "ci" })),
          seen: () => me.request(path),
          listed: () => me.request("/v1/workspaces"),
        },
      };
    },
  },
];

/** What is told of members and of grants stands in two logs, between which there is no order. */
export const grants: Situation[] = [...begun, ...ended, ...used, ...workspaces].map((one) => ({
  ...one,
  unordered: true,
}));
