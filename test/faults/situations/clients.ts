/** Clients, their tokens and secrets, and what the administrator does. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { createClient } from "#core/accounts/create-client.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { listClients } from "#core/accounts/list-clients.ts";
import { retireSecrets, revokeClient, rotateSecret } from "#core/revocation/change-client.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { listWorkspaces } from "#core/workspaces/list-workspaces.ts";
import { workspaceNamed } from "#core/workspaces/workspace-named.ts";
import { writeFormerClient } from "#test/support/former-records.ts";
import { kindOf } from "../calls.ts";
import type { Situation } from "../situation.ts";
import type { Stage } from "../stage.ts";

const keyed = z.looseObject({ pk: z.string(), sk: z.string() });
const asked = (client_id: string, secret: string) => ({ clientId: client_id, clientSecret: secret });

/** A client that holds something of each kind. */
async function holder(stage: Stage) {
  const rival = await stage.rival();
  const { file_id } = await rival.by.uploaded("a.txt", "hello");
  await rival.by.upload("b.txt", "hello");
  await rival.request(`/v1/files/${file_id}/lock`, { json: { ttl_seconds: 3600 } });
  await rival.request(`/v1/files/${file_id}/shares`, { json: {} });
  const receiver = await stage.receiver();
  await rival.request("/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  await stage.work();
  return rival;
}

/** What is held by anybody. */
async function holdings(stage: Stage): Promise<Record<string, number>> {
  const items = (await stage.world.dump()).map((item) => keyed.parse(item));
  const count = (kind: string, isHeld: (item: Record<string, unknown>) => boolean) =>
    items.filter((item) => kindOf(item) === kind && isHeld(item)).length;
  return {
    sessions: count("UPL", ({ state }) => state === "open"),
    locks: count("NODE", ({ lock }) => lock !== undefined),
    links: count("LINK", ({ revoked_at }) => revoked_at === undefined),
    endpoints: count("HOOKS", ({ disabled_at }) => disabled_at === undefined),
  };
}

export const clients: Situation[] = [
  {
    name: "token: issued",
    async set(stage, me) {
      const { client_id, client_secret } = stage.owner;
      return {
        act: (actor) =>
          actor.anonymous("/v1/auth/token", {
            json: { client_id, client_secret, grant_type: "client_credentials" },
          }),
        meanwhile: { "the client is revoked": () => revokeClient(me.deps, client_id) },
      };
    },
  },
  {
    name: "client: made",
    async set() {
      let made: Awaited<ReturnType<typeof createClient>> | undefined;
      return {
        async act(actor) {
          made = await createClient(actor.deps, { name: "new", scopes: ["files:read"] });
          return made;
        },
        async check() {
          return made === undefined ? ["it was not made"] : [];
        },
      };
    },
  },
  {
    name: "client: its secret is rotated",
    async set(stage) {
      const rival = await stage.rival();
      const { client_id } = rival.client;
      let fresh = "";
      return {
        async act(actor) {
          fresh = (await rotateSecret(actor.deps, client_id)).client_secret;
        },
        next: { "older secrets are retired": () => retireSecrets(stage.plain, client_id) },
        check: async () => {
          const answer = await issueToken(stage.plain, asked(client_id, fresh)).catch(String);
          return typeof answer === "string" ? [`the new secret is refused: ${answer}`] : [];
        },
        end: async () => {
          const answer = await issueToken(stage.plain, asked(client_id, fresh)).catch(String);
          return typeof answer === "string" ? [`the new secret is refused: ${answer}`] : [];
        },
      };
    },
  },
  {
    name: "client: its older secrets are retired",
    async set(stage) {
      const rival = await stage.rival();
      const { client_id } = rival.client;
      const { client_secret } = await rotateSecret(stage.plain, client_id);
      let third = client_secret;
      return {
        act: (actor) => retireSecrets(actor.deps, client_id),
        meanwhile: {
          "they are retired": () => retireSecrets(stage.plain, client_id),
        },
        next: {
          "a third is made": async () => {
            third = (await rotateSecret(stage.plain, client_id)).client_secret;
          },
        },
        end: async () => {
          const answer = await issueToken(stage.plain, asked(client_id, third)).catch(String);
          return typeof answer === "string" ? [`the newest secret is refused: ${answer}`] : [];
        },
      };
    },
  },
  {
    name: "client: its newest secret is retired, whose answer was lost",
    async set(stage) {
      const rival = await stage.rival();
      const { client_id, client_secret } = rival.client;
      await rotateSecret(stage.plain, client_id);
      return {
        act: (actor) => retireSecrets(actor.deps, client_id, "older"),
        meanwhile: { "it is retired": () => retireSecrets(stage.plain, client_id, "older") },
        next: { "another is made": () => rotateSecret(stage.plain, client_id) },
        end: async () => {
          const answer = await issueToken(stage.plain, asked(client_id, client_secret)).catch(String);
          return typeof answer === "string" ? [`the older secret is refused: ${answer}`] : [];
        },
      };
    },
  },
  {
    name: "client: revoked, with all that it holds",
    unordered: true,
    async set(stage) {
      const rival = await holder(stage);
      const { client_id } = rival.client;
      const before = await holdings(stage);
      let counted: unknown;
      return {
        async act(actor) {
          const { complete, ended } = await revokeClient(actor.deps, client_id, "revoke");
          const { sessions, locks, links, endpoints } = ended;
          counted = { sessions, locks, links, endpoints };
          return complete;
        },
        // What this very call has ended: with nobody beside it all that is gone. What an old index lacks is the sweep's.
        async check() {
          const after = await holdings(stage);
          const gone = Object.fromEntries(
            Object.entries(before).map(([name, count]) => [name, count - (after[name] ?? 0)]),
          );
          return isDeepStrictEqual(counted, gone)
            ? []
            : [`it counts ${JSON.stringify(counted)}, and ended ${JSON.stringify(gone)}`];
        },
        meanwhile: {
          "the sweep runs": () => stage.sweep(),
          "it is revoked, and keeps its links": () => revokeClient(stage.plain, client_id, "keep"),
        },
      };
    },
  },
  {
    name: "sweep: a revocation that died",
    async set(stage) {
      const rival = await holder(stage);
      const { client_id } = rival.client;
      const dying = await stage.actor({
        between: (made, send) =>
          /end-holdings: query/.test(made.label) ? Promise.reject(new Error("died")) : send(),
      });
      await revokeClient(dying.deps, client_id, "revoke").catch(() => {});
      await stage.pass(61_000);
      return {
        act: (actor) => actor.sweep("revocation"),
        meanwhile: { "it is revoked again": () => revokeClient(stage.plain, client_id, "revoke") },
      };
    },
  },
  {
    name: "client: shares another's workspace",
    unordered: true,
    async set(stage) {
      const { client_id } = await createClient(stage.plain, { name: "new", scopes: ["files:read"] });
      return {
        act: (actor) =>
          shareWorkspace(actor.deps, { clientId: client_id, workspaceId: stage.owner.workspace_id }),
        next: { listed: () => listClients(stage.plain) },
      };
    },
  },
  {
    name: "client: of the release before, shares another's workspace",
    async set(stage) {
      const former = {
        ...{ id: "cli_00000000000000000000000009", name: "former", scopes: ["files:read" as const] },
        own: { ws_00000000000000000000000009: "former" },
        created_at: "2025-01-01T00:00:00.000Z",
      };
      await writeFormerClient(stage.plain.table, former);
      const { workspace_id: workspaceId } = stage.owner;
      return { act: (actor) => shareWorkspace(actor.deps, { clientId: former.id, workspaceId }) };
    },
  },
  {
    name: "read: workspaces, by an administrator",
    async set(stage, me) {
      const rival = await createClient(stage.plain, { name: "new", scopes: ["files:read"] });
      const caller = { ...me.call.caller, scopes: new Set(["admin"] as const) };
      return {
        act: async ({ deps }) => [
          await listWorkspaces(deps, caller, { limit: 10 }),
          await workspaceNamed(deps, caller, rival.workspace),
        ],
      };
    },
  },
  {
    name: "read: clients",
    async set() {
      return { act: (actor) => listClients(actor.deps) };
    },
  },
  {
    name: "sweep: the count of open sessions",
    async set(_, me) {
      await me.by.upload("a.txt", "hello");
      return {
        act: (actor) => actor.sweep("sessions"),
        meanwhile: { "another is opened": () => me.by.upload("b.txt", "hello") },
      };
    },
  },
];
