/** What transfers are used for: a workspace, a file and a link that go to another, one that is withdrawn, one that ends with its key. */
import * as z from "zod";
import { scopes } from "#contract/scopes.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Caller } from "./access-flows.ts";

const answer = z.record(z.string(), z.unknown());
const HELD = scopes.filter((scope) => scope !== "admin");

export async function handoverFlows({ story, ok, minute }: Caller): Promise<void> {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const post = (path: string, json: unknown, token?: string) =>
    ok(answer, path, { json, ...(token === undefined ? {} : { token }) });
  const text = (of: z.infer<typeof answer>, name: string) => z.string().parse(of[name]);
  const bytes = new TextEncoder().encode("hello");
  const { api_key: heir, person_id } = await createPerson(deps, {
    ...{ email: "heir@example.com", name: "heir", role: "admin" },
    key: { scopes: HELD, days: 60 },
  });

  const { workspace_id, file_id, folder_id } = await story.upload(bytes, {
    ...{ filename: "deep/er/handed.txt", start: { workspace: "handed" } },
  });
  await post(`/v1/files/${file_id}/lock`, { ttl_seconds: 600 });
  const link = await post(`/v1/files/${file_id}/shares`, {});
  for (const on of [`workspaces/${workspace_id}`, `folders/${folder_id}`, `files/${file_id}`])
    await post(`/v1/${on}/grants`, { principal_id: person_id, role: "viewer" });
  const resource = { type: "workspace", id: workspace_id };
  const offer = (json: object, token?: string) => post("/v1/transfers", { resource, ...json }, token);
  const withdrawn = text(await offer({}), "transfer_id");
  await ok(answer, `/v1/transfers/${withdrawn}`);
  await ok(answer, "/v1/transfers");
  await ok(z.unknown(), `/v1/transfers/${withdrawn}`, { method: "DELETE" });
  const expires_at = new Date(story.cloud.clock.now() + 90_000).toISOString();
  for (const isRevoked of [true, false]) {
    const key = await post("/v1/keys", { name: "offers", scopes: HELD, expires_at });
    await offer({}, text(key, "api_key"));
    if (isRevoked) await ok(z.unknown(), `/v1/keys/${text(key, "key_id")}`, { method: "DELETE" });
  }
  const share = { type: "share", id: text(link, "share_id") };
  const { claim_token: of_link } = await post("/v1/transfers", { resource: share });
  await ok(answer, `/v1/claims/${z.string().parse(of_link)}`, { token: heir });
  await post(`/v1/claims/${z.string().parse(of_link)}`, {}, heir);
  await ok(answer, `/v1/shares/${share.id}`, { token: heir });
  const offered = await offer({ to: { email: "heir@example.com" }, residual_role: "editor" });
  const claim = `/v1/claims/${text(offered, "claim_token")}`;
  await ok(answer, claim, { token: heir });
  await ok(answer, claim, { json: {}, token: heir });
  await minute();

  const file = { type: "file", id: file_id };
  const { claim_token } = await post("/v1/transfers", { resource: file, residual_role: "viewer" }, heir);
  const into = {
    workspace: text(await post("/v1/workspaces", { name: "inbox" }), "workspace_id"),
    folder: "in",
  };
  await post(`/v1/claims/${z.string().parse(claim_token)}`, into);
  await minute(120_000);

  // A folder that goes to another workspace, and one that is claimed.
  const inbox = into.workspace;
  const kept = await story.upload(bytes, { filename: "leaving/it/all.txt", start: { workspace: "source" } });
  const above = await ok(answer, `/v1/workspaces/${kept.workspace_id}/resolve?path=leaving`);
  const moving = { method: "PATCH", json: { workspace: inbox, folder: "came" } };
  await ok(answer, `/v1/folders/${text(above, "folder_id")}`, moving);
  const given = await story.upload(bytes, { filename: "given/all.txt", start: { workspace: "source" } });
  const folder = { type: "folder", id: given.folder_id };
  const offer_of = await post("/v1/transfers", { resource: folder });
  const heirs = await post("/v1/workspaces", { name: "heirs-own" }, heir);
  await post(`/v1/claims/${text(offer_of, "claim_token")}`, { workspace: text(heirs, "workspace_id") }, heir);
  // Its name is taken before it comes.
  await story.upload(bytes, { filename: "came/leaving", start: { workspace: "inbox" } });
  await minute(120_000);
  await minute();

  // An organization that is closed, restored, closed again and purged, with all that may be in one.
  const made = await post("/v1/orgs", { name: "short-lived" });
  const id = text(made, "organization_id");
  const at = `/v1/orgs/${id}`;
  const close = () => ok(z.unknown(), `${at}?name=short-lived`, { method: "DELETE" });
  await post("/v1/workspaces", { name: "its-own", organization: id });
  const its = await post("/v1/clients", { name: "its", scopes: ["files:read"], organization: id });
  const group = text(await post("/v1/groups", { name: "its", organization: id }), "group_id");
  await ok(z.unknown(), `/v1/groups/${group}/members/${text(its, "client_id")}`, { method: "PUT" });
  const { accept_token } = await post(`${at}/invitations`, { email: "heir@example.com", role: "admin" });
  await post("/v1/invitations/accept", { token: accept_token }, heir);
  const space = await post("/v1/workspaces", { name: "heirs", organization: id }, heir);
  for (const [principal_id, token] of [
    [person_id, undefined],
    [group, undefined],
  ] as const)
    await ok(z.unknown(), `/v1/workspaces/${text(space, "workspace_id")}/grants`, {
      ...{ json: { principal_id, role: "viewer" }, token: token ?? heir },
    });
  await close();
  await post(`/v1/trash/${id}/restore`, {});
  await close();
  await ok(z.unknown(), `/v1/trash/${id}`, { method: "DELETE" });
  for (let sweeps = 0; sweeps < 5; sweeps++) await minute();
  await handOrganizationOver({ story, ok, minute }, { heir, email: "heir@example.com" });
}

/** An organization that is handed over, with all that may be in one, of which some is kept. */
async function handOrganizationOver(
  { story, ok, minute }: Caller,
  { heir, email }: { heir: string; email: string },
): Promise<void> {
  const post = (path: string, json: unknown, token?: string) =>
    ok(answer, path, { json, ...(token === undefined ? {} : { token }) });
  const text = (of: z.infer<typeof answer>, name: string) => z.string().parse(of[name]);
  const organization = text(await post("/v1/orgs", { name: "for-the-heir" }), "organization_id");
  const { workspace_id } = await post("/v1/workspaces", { name: "theirs", organization });
  const start = { workspace: workspace_id };
  const { file_id } = await story.upload(new TextEncoder().encode("hi"), { filename: "in/a.txt", start });
  const scopes = ["files:read", "files:write", "clients:write"];
  const client = (name: string) => post("/v1/clients", { name, scopes, role: "admin", organization });
  const [kept, ended] = [await client("kept"), await client("ended")];
  const group = text(await post("/v1/groups", { name: "theirs", organization }), "group_id");
  await ok(z.unknown(), `/v1/groups/${group}/members/${text(ended, "client_id")}`, { method: "PUT" });
  for (const principal_id of [group, text(kept, "client_id"), text(ended, "client_id")])
    await post(`/v1/workspaces/${workspace_id}/grants`, { principal_id, role: "editor" });
  await post(`/v1/orgs/${organization}/invitations`, { email: "nobody@example.com", role: "admin" });
  await post(`/v1/files/${file_id}/lock`, { ttl_seconds: 600 });
  await post(`/v1/files/${file_id}/shares`, {});
  const { claim_token } = await post("/v1/transfers", {
    ...{ resource: { type: "organization", id: organization }, to: { email }, keep: { shares: false } },
  });
  const claim = `/v1/claims/${z.string().parse(claim_token)}`;
  await ok(answer, claim, { token: heir });
  await post(claim, { keep: [text(kept, "client_id")] }, heir);
  for (let sweeps = 0; sweeps < 4; sweeps++) await minute();
  // What was made by who has ended is looked at, and stays where it was kept.
  await ok(answer, `/v1/orgs/${organization}/members`, { token: heir });
}
