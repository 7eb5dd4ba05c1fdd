/** What organizations, clients, keys, groups and grants are used for: by a client, a person and a member of a group, each with more grants than a record holds. */
import * as z from "zod";
import { actions, scopes } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { type ApiInit, postForm, putPart } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";

const answer = z.record(z.string(), z.unknown());
type Answer = z.infer<typeof answer>;

/** How the flows call the API: each answer is told of. */
export interface Caller {
  story: Story;
  ok<T>(schema: z.ZodType<T>, path: string, init?: ApiInit): Promise<T>;
  minute(ms?: number): Promise<void>;
}

const HELD = scopes.filter((scope) => scope !== "admin");
const textOf = (of: Answer, name: string) => z.string().parse(of[name]);

/** All flows. Each principal's last grant, by which it may do what it does, stands beside its record. */
export async function accessFlows({ story, ok, minute }: Caller): Promise<void> {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const at = (ms: number) => new Date(story.cloud.clock.now() + ms).toISOString();
  const post = (path: string, json: unknown, token?: string) =>
    ok(answer, path, { json, ...(token === undefined ? {} : { token }) });
  const get = (path: string, token?: string) => ok(answer, path, token === undefined ? {} : { token });
  const remove = (path: string, token?: string) =>
    ok(z.unknown(), path, { method: "DELETE", ...(token === undefined ? {} : { token }) });

  const sent = await story.upload(new TextEncoder().encode("hello"), { filename: "deep/er/still/file.txt" });
  const { workspace_id: ws, file_id: file, folder_id: folder } = sent;
  const filler = textOf(await post("/v1/workspaces", { name: "filler" }), "workspace_id");
  await ok(z.unknown(), `/v1/workspaces/${filler}`, { method: "PATCH", json: { name: "filled" } });
  await get(`/v1/workspaces/${filler}`);

  const people = await Promise.all(
    ["ann", "bob", "eve"].map((name) =>
      createPerson(deps, {
        email: `${name}@example.com`,
        name,
        role: "member",
        key: { scopes: HELD, days: 60 },
      }),
    ),
  );
  const [ann, bob, eve] = people;
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error("nobody was made");
  const group = textOf(await post("/v1/groups", { name: "group" }), "group_id");
  await ok(z.unknown(), `/v1/groups/${group}`, { method: "PATCH", json: { name: "the group" } });
  for (const { person_id } of [bob, eve])
    await ok(z.unknown(), `/v1/groups/${group}/members/${person_id}`, { method: "PUT" });
  const pia = await createPerson(deps, {
    ...{ email: "pia@example.com", name: "pia", role: "guest" },
    key: { scopes: HELD, days: 60 },
  });
  await remove(`/v1/orgs/${FIRST_ORGANIZATION}/members/${pia.person_id}`);
  const invitations = `/v1/orgs/${FIRST_ORGANIZATION}/invitations`;
  const invite = () => post(invitations, { email: "pia@example.com", role: "guest" });
  await remove(`/v1/invitations/${textOf(await invite(), "invitation_id")}`);
  const invited = await invite();
  await get(`/v1/invitations/${textOf(invited, "invitation_id")}`);
  await get(invitations);
  await post("/v1/invitations/accept", { token: textOf(invited, "accept_token") }, pia.api_key);
  await get("/v1/groups");
  await get(`/v1/groups/${group}/members`);
  // Harmless to what follows, which is judged by it.
  const policy = `/v1/orgs/${FIRST_ORGANIZATION}/policy`;
  const rules = { uploads: { denied_extensions: ["scr"] } };
  await ok(answer, policy, { method: "PUT", json: rules });
  await ok(answer, `/v1/workspaces/${ws}/policy`, { method: "PUT", json: rules });
  for (const path of [policy, `${policy}/versions`, `/v1/workspaces/${ws}/policy`]) await get(path);
  await post("/v1/policies/evaluate", { workspace: ws, act: { action: "delete" } });
  const made = await post("/v1/clients", {
    ...{ name: "service", scopes: HELD, role: "member" },
    grants: [{ resource_id: folder, role: "viewer" }],
  });
  const client = textOf(made, "client_id");
  const token = textOf(
    await post("/v1/auth/token", { client_id: client, client_secret: made["client_secret"] }),
    "access_token",
  );
  // Each event is decided by itself for who has a folder alone, and workspaces have names for members who may list them.
  await get(`/v1/events?workspace=${ws}`, token);
  await post("/v1/workspaces", { name: "open-to-members", member_access: "viewer" });
  await get(`/v1/events?workspace=open-to-members`, eve.api_key);
  const key = await post("/v1/keys", { name: "key", scopes: HELD, client, expires_at: at(30 * 86_400_000) });

  // Fifty that say nothing of the workspace, so that the one that does stands beside the record.
  const fillers = Array.from({ length: 50 }, (_, n) =>
    actions.slice(0, 6).filter((_one, bit) => ((n + 1) >> bit) & 1),
  );
  const last: Record<string, string> = {};
  for (const holder of [ann.person_id, group, client]) {
    for (const given of fillers)
      await post(`/v1/workspaces/${filler}/grants`, { principal_id: holder, actions: given });
    const granted = await post(`/v1/workspaces/${ws}/grants`, { principal_id: holder, role: "manager" });
    last[holder] = textOf(granted, "grant_id");
    await post(`/v1/folders/${folder}/grants`, {
      principal_id: holder,
      role: "viewer",
      expires_at: at(50_000),
    });
    await post(`/v1/files/${file}/grants`, { principal_id: holder, role: "viewer" });
  }

  await lostFinalize(ann.api_key);
  await toldWhoMayGrant(ws);
  const url = (await story.receiver()).url;
  for (const by of [token, ann.api_key, bob.api_key]) {
    await get(`/v1/files/${file}`, by);
    await get(`/v1/workspaces/${ws}/files?folder=${folder}`, by);
    await get(`/v1/events?workspace=${ws}`, by);
    await get("/v1/me", by);
    await get("/v1/me/grants", by);
    await get("/v1/workspaces", by);
    await get(`/v1/files/${file}/access`, by);
    await post("/v1/webhooks", { url, events: ["*"], folders: [folder] }, by);
    const form = { filename: "form.txt", folder_id: folder, form: true };
    await postForm(await ok(startAnswer, "/v1/uploads", { json: form, token: by }), "by form");
    const held = await post(`/v1/files/${file}/lock/wait`, { wait_seconds: 1 }, by);
    const headers = { "Lock-Token": textOf(held, "lock_token") };
    await ok(z.unknown(), `/v1/files/${file}/lock`, { method: "DELETE", headers, token: by });
  }
  await story.upload(new TextEncoder().encode("heard"), { filename: "deep/er/still/heard.txt" });
  await minute();
  for (const principal of [ann.person_id, group, client])
    await get(`/v1/folders/${folder}/access?principal=${principal}`);
  await get(`/v1/folders/${folder}/grants?inherited=true`);
  await get(`/v1/grants/${last[client]}`);

  await post(`/v1/clients/${client}/secrets`, { overlap_seconds: 60 });
  await get("/v1/clients");
  await get(`/v1/clients/${client}`);
  await ok(z.unknown(), `/v1/clients/${client}`, { method: "PATCH", json: { name: "a service" } });
  await post("/v1/keys", { name: "own", scopes: ["files:read"], expires_at: at(86_400_000) }, ann.api_key);
  await get("/v1/keys", ann.api_key);
  const long = { scopes: HELD, expires_at: at(30 * 86_400_000) };
  const mother = await post("/v1/keys", { name: "mother", ...long }, bob.api_key);
  await post("/v1/keys", { name: "daughter", ...long }, textOf(mother, "api_key"));
  await remove(`/v1/keys/${textOf(mother, "key_id")}`, bob.api_key);
  // What a key has made ends with it: a client that holds a session, a lock and a link, and has made a key.
  const byKey = textOf(key, "api_key");
  await post(`/v1/workspaces/${ws}/grants`, { principal_id: ann.person_id, role: "viewer" }, byKey);
  const child = await post("/v1/clients", { name: "child", scopes: ["files:read"] });
  await holdings(child);
  await remove(`/v1/keys/${textOf(key, "key_id")}?client=${client}`);
  await remove(`/v1/clients/${textOf(child, "client_id")}?links=revoke`);
  const mortal = await post("/v1/clients", {
    name: "mortal",
    scopes: ["files:read"],
    expires_at: at(90_000),
  });
  await holdings(mortal);
  // An invitation ends with its key at the latest.
  const short = await post("/v1/keys", { name: "host", scopes: ["members:write"], expires_at: at(90_000) });
  await post(invitations, { email: "late@example.com", role: "guest" }, textOf(short, "api_key"));
  await minute(120_000);
  await minute();

  // An owner's ends by another who is no more than an owner there.
  const owns = (principal_id: string) =>
    post(`/v1/workspaces/${filler}/grants`, { principal_id, role: "owner" });
  const [, second_owner] = [await owns(ann.person_id), await owns(bob.person_id)];
  await remove(`/v1/grants/${textOf(second_owner, "grant_id")}`, ann.api_key);
  for (const holder of [ann.person_id, group, client]) await remove(`/v1/grants/${last[holder]}`);
  await post(`/v1/workspaces/${ws}/grants`, { principal_id: ann.person_id, role: "viewer" });
  await post(`/v1/workspaces/${ws}/grants`, { principal_id: group, role: "viewer" });
  const first = Object.keys(
    z
      .object({ grants: z.record(z.string(), z.unknown()) })
      .parse((await story.table.batchGet([{ pk: `CLIENT#${client}`, sk: "META" }]))[0]).grants,
  );
  await remove(`/v1/grants/${first[0]}`);
  await remove(`/v1/groups/${group}/members/${eve.person_id}`);
  await remove(`/v1/groups/${group}`);
  const org = textOf(made, "organization_id");
  await get(`/v1/orgs/${org}/members`);
  await ok(z.unknown(), `/v1/orgs/${org}/members/${bob.person_id}`, {
    method: "PATCH",
    json: { role: "guest" },
  });
  await remove(`/v1/orgs/${org}/members/${ann.person_id}`);
  await remove(`/v1/orgs/${org}/members/${eve.person_id}`, eve.api_key);
  const second = textOf(await post("/v1/orgs", { name: "second" }), "organization_id");
  await ok(z.unknown(), `/v1/orgs/${second}`, { method: "PATCH", json: { name: "another" } });
  await get("/v1/orgs");
  await remove(`/v1/clients/${client}`);
  await minute();
  // Persons' keys end.
  await minute(61 * 86_400_000);

  /** A member that may only look on is told who could grant more, by the waiters' function as well. */
  async function toldWhoMayGrant(workspace: string): Promise<void> {
    const terms = { email: "may@example.com", name: "may", role: "member" } as const;
    const may = await createPerson(deps, { ...terms, key: { scopes: HELD, days: 60 } });
    await post(`/v1/workspaces/${workspace}/grants`, { principal_id: may.person_id, role: "viewer" });
    for (const path of ["lock", "lock/wait"]) {
      const answer = await story.api(`/v1/files/${file}/${path}`, { json: {}, token: may.api_key });
      if (answer.status !== 403) throw new Error(`${path}: ${answer.status}`);
    }
  }

  /** The function dies when S3 has completed the object: the rest is done for the person by another. */
  async function lostFinalize(by: string): Promise<void> {
    const bytes = new TextEncoder().encode("lost");
    const json = { filename: "lost.txt", size: bytes.length, workspace: ws };
    const started = await ok(startAnswer, "/v1/uploads", { json, token: by });
    for (const part of started.parts) await putPart(started, part, bytes);
    story.cloud.setFaults(({ action, environment = "" }) =>
      action === "CompleteMultipartUpload"
        ? { after: async () => void (await story.cloud.killEnvironment(environment)) }
        : undefined,
    );
    const finalize = `/v1/uploads/${started.upload_id}/finalize`;
    const answer = await story.api(finalize, { json: {}, token: by });
    story.cloud.setFaults(undefined);
    if (answer.status < 500) throw new Error(`${finalize}: ${answer.status}`);
    await story.cloud.waitForIdle();
  }

  /** What a client leaves that ends: a session, a lock, a link and a key. */
  async function holdings(of: Answer): Promise<void> {
    const { client_id: id, client_secret } = of;
    await post(`/v1/workspaces/${ws}/grants`, { principal_id: id, role: "manager" });
    await ok(z.unknown(), `/v1/clients/${String(id)}`, {
      method: "PATCH",
      json: { scopes: HELD.filter((one) => !/^(members|clients|workspaces)/.test(one)) },
    });
    const by = textOf(await post("/v1/auth/token", { client_id: id, client_secret }), "access_token");
    await post("/v1/uploads", { filename: `${String(id)}.txt`, size: 1, workspace: ws }, by);
    await post(`/v1/files/${file}/shares`, {}, by);
    const own = await post("/v1/uploads", { filename: "of-its-own.txt", size: 1, workspace: ws }, by);
    await remove(`/v1/uploads/${textOf(own, "upload_id")}`, by);
    await post(`/v1/files/${file}/lock`, { ttl_seconds: 3_600 }, by);
    await post("/v1/keys", { name: "child's", scopes: ["files:read"], client: id, expires_at: at(80_000) });
  }
}
