/** The dearest calls about organizations, clients, groups, grants and workspaces, each at its largest. */
import * as z from "zod";
import { actions, type Scope } from "#contract/scopes.ts";
import { FIRST_GRANTS } from "#core/accounts/clients-contract.ts";
import { MAX_OFFERED } from "#core/invitations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { ApiInit } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";

/** Counts one call, and answers with what it answered. */
type Measure = (scope: Scope, call: string, path: string, init?: ApiInit) => Promise<Response>;
/** A file, and a folder as deep as it may be. */
type Deep = Record<"file_id" | "folder_id", string>;

export const LEFT = "DELETE /v1/orgs/{id}/members/{principal} of one with 50 grants";
export const GIVEN_AND_LEFT = `${LEFT}, and the calls that gave them: each of the 51`;
export const GRANTED = "POST /v1/folders/{id}/grants, below 32 folders";

const answer = z.looseObject({
  client_id: z.string().optional(),
  group_id: z.string().optional(),
  grant_id: z.string().optional(),
  organization_id: z.string().optional(),
  workspace_id: z.string().optional(),
  accept_token: z.string().optional(),
});
/** Items of a page. */
const PAGE = 100;
const description = "d".repeat(200);
const service = { name: description, scopes: ["files:read"], role: "member" };

/**
 * The end of a client with as many grants as a new one may have. It looks through the shards of what is due, where
 * others' sessions and locks stand by chance: it is counted while there are none.
 */
export async function measureClientsEnd(story: Story, measure: Measure): Promise<void> {
  const grants = Array.from({ length: FIRST_GRANTS }, (_, at) => ({
    resource_id: story.workspaceId,
    actions: actions.filter((_, bit) => ((at + 1) >> bit) & 1),
  }));
  const made = await story.json(answer, "/v1/clients", { json: { ...service, grants } });
  await story.cloud.waitForIdle();
  await measure("clients:write", "DELETE /v1/clients/{id}", `/v1/clients/${made.client_id}`, {
    method: "DELETE",
  });
}

/** The story's client must own its organization. */
export async function measureAccess(story: Story, measure: Measure, { file_id, folder_id }: Deep) {
  const post = async (path: string, json: unknown) =>
    answer.parse(await (await story.api(path, { json })).json());
  const read = async (from: Promise<Response>) => answer.parse(await (await from).json());
  const workspace = `/v1/workspaces/${story.workspaceId}`;
  const viewers = Array.from({ length: FIRST_GRANTS }, () => ({ resource_id: folder_id, role: "viewer" }));
  const distinct = viewers.map((grant, at) => ({
    ...grant,
    expires_at: new Date(story.cloud.clock.now() + (at + 1) * 86_400_000).toISOString(),
  }));

  const client = await read(
    measure("clients:write", `POST /v1/clients, ${FIRST_GRANTS} grants`, "/v1/clients", {
      json: { ...service, grants: distinct },
    }),
  );
  for (let at = 1; at < PAGE; at++) await post("/v1/clients", { ...service, name: `${at}` });
  await measure("clients:read", "GET /v1/clients, 100 clients", "/v1/clients?limit=100");
  const organization = `/v1/orgs/${client.organization_id}`;
  await measure(
    "members:read",
    "GET /v1/orgs/{id}/members, 100 members",
    `${organization}/members?limit=100`,
  );

  const policy = `${organization}/policy`;
  const rules = (nth: number) => ({
    uploads: {
      denied_types: Array.from({ length: 46 }, (_, at) => `application/${"x".repeat(42)}${nth}${at}`),
    },
  });
  const put = (nth: number) => ({ method: "PUT", json: rules(nth) });
  await measure("policies:write", "PUT /v1/orgs/{id}/policy, 3 KB", policy, put(100));
  for (let nth = 101; nth < 200; nth++) await story.api(policy, put(nth));
  await measure("policies:read", "GET …/policy/versions, 100 of 3 KB", `${policy}/versions?limit=100`);
  await story.api(policy, { method: "PUT", json: {} });

  const group = await read(
    measure("members:write", "POST /v1/groups", "/v1/groups", { json: { name: description } }),
  );
  await measure(
    "members:write",
    "PUT /v1/groups/{id}/members/{principal}",
    `/v1/groups/${group.group_id}/members/${client.client_id}`,
    { method: "PUT" },
  );

  const holder = await createPerson(
    { table: story.table, now: story.cloud.clock.now },
    { email: "holder@example.com", name: "holder", role: "member", key: { scopes: ["files:read"], days: 1 } },
  );
  const toHolder = { principal_id: holder.person_id, role: "viewer" };
  await measure("grants:write", GRANTED, `/v1/folders/${folder_id}/grants`, { json: toHolder });
  // So many that all that a record holds ends with them.
  for (let at = 1; at < 50; at++) {
    const { workspace_id } = await post("/v1/workspaces", { name: `of-its-own-${at}` });
    await post(`/v1/workspaces/${workspace_id}/grants`, toHolder);
  }
  const one = await post(`/v1/files/${file_id}/grants`, { principal_id: client.client_id, role: "viewer" });
  await measure("grants:write", "DELETE /v1/grants/{id}", `/v1/grants/${one.grant_id}`, { method: "DELETE" });
  for (let at = 0; at < PAGE; at++)
    await post(`${workspace}/grants`, {
      principal_id: group.group_id,
      ...distinct[at % FIRST_GRANTS],
      actions: ["list"],
    });
  await measure("grants:read", "GET …/grants, 100 grants", `${workspace}/grants?limit=100`);
  await measure(
    "grants:read",
    "GET …/access, below 32 folders, by a group of 100 grants",
    `/v1/folders/${folder_id}/access?principal=${client.client_id}`,
  );
  await measure("members:write", LEFT, `${organization}/members/${holder.person_id}`, { method: "DELETE" });

  const made = await read(
    measure("workspaces:write", "POST /v1/workspaces", "/v1/workspaces", { json: { name: "w".repeat(64) } }),
  );
  await measure(
    "workspaces:write",
    "PATCH /v1/workspaces/{id}, a name",
    `/v1/workspaces/${made.workspace_id}`,
    { method: "PATCH", json: { name: "v".repeat(64), member_access: "editor" } },
  );
  for (let at = 50; at < PAGE; at++) await post("/v1/workspaces", { name: `of-its-own-${at}` });
  await measure("workspaces:read", "GET /v1/workspaces, 100 workspaces", "/v1/workspaces?limit=100");

  const guest = await createPerson(
    { table: story.table, now: story.cloud.clock.now },
    { email: "guest@example.com", name: "guest", role: "guest", key: { scopes: ["members:write"], days: 1 } },
  );
  await story.api(`${organization}/members/${guest.person_id}`, { method: "DELETE" });
  const invited = await read(
    measure(
      "members:write",
      `POST /v1/orgs/{id}/invitations, ${MAX_OFFERED} grants`,
      `${organization}/invitations`,
      {
        json: {
          email: guest.email,
          role: "guest",
          grants: distinct.slice(0, MAX_OFFERED),
          message: "m".repeat(500),
        },
      },
    ),
  );
  await measure(
    "members:write",
    `POST /v1/invitations/accept, ${MAX_OFFERED} grants`,
    "/v1/invitations/accept",
    {
      ...{ json: { token: invited.accept_token }, token: guest.api_key },
    },
  );
}
