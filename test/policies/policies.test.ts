/** Policies over HTTP: set and shown, and what they make of what is done. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { shownPolicy } from "#core/policies/contract.ts";
import type { Policy } from "#core/policy/contract.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  world.deps.orgCreation = "member";
});
afterAll(() => world?.close());

/** What was deleted, and old versions, as the sweep takes them. */
async function sweepAll(): Promise<void> {
  for (let run = 0; run < 3; run++) {
    await sweepTrash(world.deps);
    await sweepVersions(world.deps);
  }
}

interface Asking {
  request(path: string, given?: Given): Promise<Response>;
}
const loose = z.looseObject({});
let persons = 0;

/** A person who owns an organization with a workspace. */
async function owner() {
  const email = `nr.${++persons}@example.com`;
  const key = { scopes: allScopes.filter((one) => one !== "admin"), days: 365 };
  const one = await createPerson(world.deps, { email, name: `Nr. ${persons}`, role: "member", key });
  const request = (path: string, { headers, ...rest }: Given = {}) =>
    world.request(path, { ...rest, headers: { authorization: `Bearer ${one.api_key}`, ...headers } });
  const { organization_id } = await read(loose, request("/v1/orgs", { json: { name: `Org ${persons}` } }));
  const organization = String(organization_id);
  const made = await read(loose, request("/v1/workspaces", { json: { name: "work", organization } }));
  const workspace = String(made["workspace_id"]);
  return { id: one.person_id, email, key: one.api_key, request, organization, workspace };
}
type Owner = Awaited<ReturnType<typeof owner>>;
let one: Owner;
beforeEach(async () => {
  one = await owner();
});

const set = (by: Asking, of: string, policy: Policy, headers: Record<string, string> = {}) =>
  by.request(`/v1/${of.startsWith("ws_") ? "workspaces" : "orgs"}/${of}/policy`, {
    ...{ method: "PUT", json: policy, headers },
  });
const sets = async (by: Asking, of: string, policy: Policy) => read(shownPolicy, set(by, of, policy));
/** Somebody comes into the organization. */
async function joins(who: Owner, role: string, grants: object[] = []) {
  const json = { email: who.email, role, grants };
  const { accept_token: token } = await read(
    loose,
    one.request(`/v1/orgs/${one.organization}/invitations`, { json }),
  );
  expect(await statusOf(who.request("/v1/invitations/accept", { json: { token } }))).toBe(200);
}
const file = (name = "a.txt", text = "hello", by: Owner = one) =>
  world.addFile({ client_id: by.id, workspace_id: by.workspace }, name, text);
const deny = async (answer: Promise<Response>) => {
  const body = await read(z.looseObject({ code: z.string(), rule: z.string().optional() }), answer);
  return [body.code, body.rule];
};
const statusOf = async (answer: Promise<Response>) => (await answer).status;
const link = (id: string, terms: object = {}, by: Asking = one) =>
  by.request(`/v1/files/${id}/shares`, { json: terms });

describe("a policy", () => {
  test("is set whole, upon what was seen, and its history is kept", async () => {
    const at = `/v1/orgs/${one.organization}/policy`;
    const first = await one.request(at);
    expect(first.headers.get("etag")).toMatch(/^"0\./);
    expect(await read(shownPolicy, first)).toMatchObject({ version: 0, changed_by: null, policy: {} });
    const made = await set(
      one,
      one.organization,
      { links: { max_ttl_seconds: 172_800 } },
      { "If-Match": '"0"' },
    );
    expect([made.status, made.headers.get("etag")]).toEqual([200, '"1"']);
    const shown = await read(shownPolicy, made);
    expect(shown).toMatchObject({ version: 1, changed_by: one.id });
    expect(shown.effective["links.max_ttl_seconds"]).toEqual({ value: 172_800, from: "organization" });
    expect(shown.effective["links.allow"]).toEqual({ value: "anyone", from: "default" });
    // The same again is no change; another upon what isn't there any more is none either.
    expect((await sets(one, one.organization, { links: { max_ttl_seconds: 172_800 } })).version).toBe(1);
    const tag = (await one.request(at)).headers.get("etag") ?? "";
    expect((await sets(one, one.organization, { links: { allow: "nobody" } })).version).toBe(2);
    const late = set(one, one.organization, {}, { "If-Match": tag });
    expect(await read(loose, late)).toMatchObject({ status: 412, code: "policy_mismatch", version: 2 });
    expect(await statusOf(set(one, one.organization, {}, { "If-Match": "*" }))).toBe(200);
    const history = await read(page.of(loose), one.request(`${at}/versions`));
    expect(history.items.map(({ version, changes }) => [version, changes])).toEqual([
      [3, [{ rule: "links.allow", from: "nobody", to: null }]],
      [
        2,
        [
          { rule: "links.allow", from: null, to: "nobody" },
          { rule: "links.max_ttl_seconds", from: 172_800, to: null },
        ],
      ],
      [1, [{ rule: "links.max_ttl_seconds", from: null, to: 172_800 }]],
    ]);
    const page1 = await read(page.of(loose), one.request(`${at}/versions?limit=2`));
    const rest = one.request(`${at}/versions?limit=2&cursor=${page1.next_cursor}`);
    expect((await read(page.of(loose), rest)).items).toHaveLength(1);
    const told = (await world.events()).filter(({ type }) => type === "policy_changed");
    expect(told.at(-1)).toMatchObject({
      organization_id: one.organization,
      data: { of: one.organization, version: 3 },
    });
  });

  test("is set by who may: owners and admins, and managers of a workspace", async () => {
    const two = await owner();
    expect(await refusal(set(two, one.organization, {}))).toEqual([404, "not_found"]);
    expect(await refusal(set(two, one.workspace, {}))).toEqual([404, "not_found"]);
    expect(await refusal(two.request(`/v1/orgs/${one.organization}/policy`))).toEqual([404, "not_found"]);
    await joins(two, "member");
    await one.request(`/v1/workspaces/${one.workspace}/grants`, {
      json: { principal_id: two.id, role: "editor" },
    });
    expect(await statusOf(two.request(`/v1/workspaces/${one.workspace}/policy`))).toBe(200);
    expect(await refusal(set(two, one.workspace, {}))).toEqual([403, "forbidden"]);
    await one.request(`/v1/workspaces/${one.workspace}/grants`, {
      json: { principal_id: two.id, role: "manager" },
    });
    expect(await statusOf(set(two, one.workspace, { links: { allow: "nobody" } }))).toBe(200);
    const json = {
      name: "n",
      scopes: ["policies:read"],
      expires_at: new Date(world.deps.now() + 86_400_000).toISOString(),
    };
    const narrow = String((await read(loose, one.request("/v1/keys", { json })))["api_key"]);
    const asks: Asking = {
      request: (path, given = {}) =>
        world.request(path, { ...given, headers: { authorization: `Bearer ${narrow}`, ...given.headers } }),
    };
    expect(await statusOf(asks.request(`/v1/orgs/${one.organization}/policy`))).toBe(200);
    expect(await refusal(set(asks, one.organization, {}))).toEqual([403, "forbidden"]);
  });

  test("of a workspace counts where it is stricter, field by field", async () => {
    await sets(one, one.organization, {
      links: { max_ttl_seconds: 3_600 },
      uploads: { max_bytes: 10, denied_extensions: ["exe"] },
    });
    const { effective } = await sets(one, one.workspace, {
      links: { max_ttl_seconds: 86_400 },
      uploads: { max_bytes: 5, denied_extensions: ["js"] },
    });
    expect(effective["links.max_ttl_seconds"]).toEqual({ value: 3_600, from: "organization" });
    expect(effective["uploads.max_bytes"]).toEqual({ value: 5, from: "workspace" });
    expect(effective["uploads.denied_extensions"]).toEqual({ value: ["exe", "js"], from: "workspace" });
  });

  test.each<[string, object]>([
    ["an unknown field", { links: { max_ttl: 1 } }],
    ["an unknown section", { link: {} }],
    ["a life that is none", { links: { max_ttl_seconds: 59 } }],
    ["what is no network", { access: { allowed_cidrs: ["192.0.2.0"] } }],
    ["no network at all", { access: { allowed_cidrs: [] } }],
    ["an extension with its dot", { uploads: { denied_extensions: [".exe"] } }],
    ["a host with its port", { webhooks: { allowed_hosts: ["example.com:8080"] } }],
    ["one that shuts its setter out", { access: { allowed_cidrs: ["198.51.100.0/24"] } }],
    [
      "one that is too large",
      {
        uploads: {
          denied_types: Array.from({ length: 50 }, (_, at) => `application/${"x".repeat(90)}${at}`),
        },
      },
    ],
  ])("isn't %s", async (_, policy) => {
    const [status, code] = await refusal(set(one, one.organization, policy as Policy));
    expect([status, ["invalid_request", "unknown_field"].includes(code)]).toEqual([400, true]);
  });

  test("of many that set it at once one after the other holds, and no version is lost", async () => {
    const asked = Array.from({ length: 8 }, (_, at) =>
      set(one, one.organization, { uploads: { max_bytes: at } }),
    );
    const statuses = await Promise.all(asked.map(statusOf));
    const done = statuses.filter((status) => status === 200).length;
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
    const { version } = await read(shownPolicy, one.request(`/v1/orgs/${one.organization}/policy`));
    expect(version).toBe(done);
    const upon = Array.from({ length: 8 }, (_, at) =>
      set(one, one.organization, { uploads: { max_bytes: 100 + at } }, { "If-Match": String(version) }),
    );
    const results = await Promise.all(upon.map(statusOf));
    expect(results.filter((status) => status === 200)).toHaveLength(1);
  });
});

describe("links", () => {
  test("all external shares expire within 48 hours", async () => {
    const id = await file();
    const before = await read(share, link(id, { expire_in: 604_800 }));
    await sets(one, one.organization, { links: { max_ttl_seconds: 172_800, ttl_mode: "clamp" } });
    const made = await read(share, link(id, { expire_in: 604_800 }));
    const lives = (shown: z.infer<typeof share>) =>
      Date.parse(String(shown.expires_at)) - Date.parse(shown.created_at);
    expect(lives(made)).toBeLessThanOrEqual(172_800_000);
    expect(made.clamped).toEqual({ expires_at: made.expires_at, rule: "links.max_ttl_seconds" });
    // One from before too, at every opening.
    expect(lives(await read(share, one.request(`/v1/shares/${before.share_id}`)))).toBeLessThanOrEqual(
      172_800_000,
    );
    expect(await statusOf(world.request(before.share_url))).toBe(302);
    const short = await read(share, link(id, { expire_in: 60 }));
    expect(short).not.toHaveProperty("clamped");
    world.advance(172_800_000);
    for (const { share_url } of [before, made])
      expect(await read(loose, world.request(share_url))).toMatchObject({
        code: "link_gone",
        reason: "expired",
      });
    expect((await read(share, one.request(`/v1/shares/${before.share_id}`))).state).toBe("expired");
    // Lifted, what was to live longer does.
    await sets(one, one.organization, {});
    expect(await statusOf(world.request(before.share_url))).toBe(302);
  });

  test("of uploads too, whichever way they come", async () => {
    await sets(one, one.organization, { links: { max_ttl_seconds: 3_600, ttl_mode: "clamp" } });
    const by = uploader(one);
    const session = await by.upload("big.txt", "hello", { workspace: one.workspace, expire_in: 86_400 });
    const finished = await read(
      finalizeAnswer,
      one.request(`/v1/uploads/${session.upload_id}/finalize`, {
        method: "POST",
        json: {},
        headers: { "Idempotency-Key": "f" },
      }),
    );
    expect(finished.clamped).toEqual({ expires_at: finished.expires_at, rule: "links.max_ttl_seconds" });
    const again = one.request(`/v1/uploads/${session.upload_id}/finalize`, { method: "POST", json: {} });
    expect((await read(finalizeAnswer, again)).clamped).toEqual(finished.clamped);
    await sets(one, one.organization, { links: { max_ttl_seconds: 3_600 } });
    const start = one.request("/v1/uploads", {
      json: { filename: "b.txt", size: 1, workspace: one.workspace, expire_in: 86_400 },
    });
    expect(await deny(start)).toEqual(["policy_denied", "links.max_ttl_seconds"]);
  });

  test("have no end where the policy has none", async () => {
    const id = await file();
    expect(await deny(link(id, { expire_in: null }))).toEqual(["policy_denied", "links.max_ttl_seconds"]);
    await sets(one, one.organization, { links: { max_ttl_seconds: null } });
    const made = await read(share, link(id, { expire_in: null }));
    expect(made.expires_at).toBeNull();
    world.advance(30 * 86_400_000);
    expect(await statusOf(world.request(made.share_url))).toBe(302);
    const shown = await world.request(made.share_url, {
      headers: { accept: "text/html", "user-agent": "Mozilla/5.0" },
    });
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining("never")]);
    expect(await statusOf(link(id, { expire_in: 100 * 86_400 }))).toBe(201);
  });

  test("need what the policy asks for, and none is made that lacks it where none was asked for", async () => {
    const id = await file();
    await sets(one, one.organization, { links: { require_password: true, max_downloads_required: true } });
    expect(await deny(link(id))).toEqual(["policy_denied", "links.require_password"]);
    expect(await deny(link(id, { password: "open sesame" }))).toEqual([
      "policy_denied",
      "links.max_downloads_required",
    ]);
    expect(await statusOf(link(id, { password: "open sesame", max_downloads: 1 }))).toBe(201);
    const by = uploader(one);
    const { share_url } = await by.finish(
      (await by.upload("c.txt", "x", { workspace: one.workspace })).upload_id,
    );
    expect(share_url).toBeNull();
    await sets(one, one.organization, { links: { on_upload: "asked" } });
    const unasked = await by.upload("d.txt", "x", { workspace: one.workspace });
    expect((await by.finish(unasked.upload_id)).share_url).toBeNull();
    const asked = await by.upload("e.txt", "x", { workspace: one.workspace });
    const answer = one.request(`/v1/uploads/${asked.upload_id}/finalize`, { json: { share: true } });
    expect((await read(finalizeAnswer, answer)).share_url).not.toBeNull();
  });

  test("open for members alone, or for nobody, and again once the policy says so", async () => {
    const id = await file();
    const { share_url } = await read(share, link(id));
    const token = { authorization: `Bearer ${one.key}` };
    await sets(one, one.organization, { links: { allow: "organization" } });
    expect(await deny(world.request(share_url))).toEqual(["policy_denied", "links.allow"]);
    expect(await statusOf(world.request(share_url, { headers: token }))).toBe(302);
    const two = await owner();
    const other = { authorization: `Bearer ${two.key}` };
    expect(await deny(world.request(share_url, { headers: other }))).toEqual([
      "policy_denied",
      "links.allow",
    ]);
    const html = { accept: "text/html", "user-agent": "Mozilla/5.0" };
    expect(await statusOf(world.request(share_url, { headers: html }))).toBe(403);
    await sets(one, one.organization, { links: { allow: "nobody" } });
    expect(await deny(world.request(share_url, { headers: token }))).toEqual([
      "policy_denied",
      "links.allow",
    ]);
    expect(await deny(link(id))).toEqual(["policy_denied", "links.allow"]);
    const shown = await read(
      share,
      one
        .request(`/v1/files/${id}/shares`)
        .then(async (answer) => new Response(JSON.stringify((await read(page.of(loose), answer)).items[0]))),
    );
    expect(shown.downloads).toBe(1);
    await sets(one, one.organization, {});
    expect(await statusOf(world.request(share_url))).toBe(302);
  });
});

describe("uploads", () => {
  const start = (json: object) => one.request("/v1/uploads", { json: { workspace: one.workspace, ...json } });
  const direct = (name: string, text: string) => {
    const body = new FormData();
    body.set("file", new Blob([text]), name);
    body.set("workspace", one.workspace);
    return one.request("/v1/files/upload", { method: "POST", body });
  };

  test("are as large as the policy says, whichever way they come", async () => {
    await sets(one, one.workspace, { uploads: { max_bytes: 5 } });
    expect(await deny(start({ filename: "a", size: 6 }))).toEqual(["policy_denied", "uploads.max_bytes"]);
    expect(await statusOf(start({ filename: "a", size: 5 }))).toBe(201);
    expect(await deny(direct("a.txt", "123456"))).toEqual(["policy_denied", "uploads.max_bytes"]);
    expect(await statusOf(direct("a.txt", "12345"))).toBe(200);
    const batch = one.request("/v1/uploads/batch", {
      json: {
        files: [
          { filename: "b", size: 1, workspace: one.workspace },
          { filename: "c", size: 9, workspace: one.workspace },
        ],
      },
    });
    const { items } = await read(z.looseObject({ items: z.array(loose) }), batch);
    expect(items.map(({ status }) => status)).toEqual([201, 403]);
    // Of unknown size: as it is finalized, before S3 puts it together, and the session stays open.
    const by = uploader(one);
    const open = await by.upload("d.txt", "123456", { workspace: one.workspace, size: undefined });
    const late = one.request(`/v1/uploads/${open.upload_id}/finalize`, { method: "POST", json: {} });
    expect(await deny(late)).toEqual(["policy_denied", "uploads.max_bytes"]);
    expect(await read(loose, one.request(`/v1/uploads/${open.upload_id}`))).toMatchObject({ state: "open" });
  });

  test("are judged again as they are finalized, by the policy of then", async () => {
    const by = uploader(one);
    const session = await by.upload("a.txt", "hello", { workspace: one.workspace });
    await sets(one, one.organization, { uploads: { denied_extensions: ["txt"] } });
    const answer = one.request(`/v1/uploads/${session.upload_id}/finalize`, { method: "POST", json: {} });
    expect(await deny(answer)).toEqual(["policy_denied", "uploads.denied_extensions"]);
  });

  test("are of the types that it takes, by their names and by their bytes", async () => {
    await sets(one, one.workspace, {
      uploads: { allowed_types: ["text/*", "image/*"], denied_types: ["image/gif"] },
    });
    expect(await deny(start({ filename: "a.pdf", size: 5 }))).toEqual([
      "policy_denied",
      "uploads.allowed_types",
    ]);
    expect(await deny(start({ filename: "a", size: 5, content_type: "application/pdf" }))).toEqual([
      "policy_denied",
      "uploads.allowed_types",
    ]);
    expect(await deny(start({ filename: "a.gif", size: 5 }))).toEqual([
      "policy_denied",
      "uploads.denied_types",
    ]);
    expect(await statusOf(direct("a.csv", "a,b"))).toBe(200);
    // What says nothing of itself is seen when it has come, and is removed.
    const by = uploader(one);
    const session = await by.upload("unknown", "%PDF-1.7\n%âãÏÓ\n1 0 obj", { workspace: one.workspace });
    const answer = one.request(`/v1/uploads/${session.upload_id}/finalize`, { method: "POST", json: {} });
    expect(await deny(answer)).toEqual(["policy_denied", "uploads.allowed_types"]);
    const status = await read(loose, one.request(`/v1/uploads/${session.upload_id}`));
    expect(status["state"]).toBe("rejected");
    const again = one.request(`/v1/uploads/${session.upload_id}/finalize`, { method: "POST", json: {} });
    expect(await deny(again)).toEqual(["policy_denied", "uploads.allowed_types"]);
    const told = (await world.events()).filter(({ type }) => type === "upload_rejected").at(-1);
    expect(told?.data).toMatchObject({ reason: "policy_denied", rule: "uploads.allowed_types" });
  });

  test("have a checksum where it asks for one", async () => {
    await sets(one, one.workspace, { uploads: { require_checksum: true } });
    const by = uploader(one);
    const session = await by.upload("a.txt", "hello", { workspace: one.workspace });
    const at = `/v1/uploads/${session.upload_id}/finalize`;
    expect(await deny(one.request(at, { method: "POST", json: {} }))).toEqual([
      "policy_denied",
      "uploads.require_checksum",
    ]);
    const json = { checksum: { crc32: "3610a686" } };
    expect(await statusOf(one.request(at, { method: "POST", json }))).toBe(200);
  });

  test("copies, moves and new names are judged by where they go", async () => {
    const id = await file("a.txt", "hello");
    const large = await file("large.txt", "hello again");
    const made = await read(
      loose,
      one.request("/v1/workspaces", { json: { name: "strict", organization: one.organization } }),
    );
    const strict = String(made["workspace_id"]);
    await sets(one, strict, { uploads: { max_bytes: 5, denied_extensions: ["exe"] } });
    const copy = (of: string, to: object) =>
      one.request(`/v1/files/${of}/copy`, { json: { workspace: strict, folder: "/", ...to } });
    const change = (of: string, to: object) => one.request(`/v1/files/${of}`, { method: "PATCH", json: to });
    expect(await deny(copy(large, {}))).toEqual(["policy_denied", "uploads.max_bytes"]);
    expect(await deny(copy(id, { name: "a.exe" }))).toEqual(["policy_denied", "uploads.denied_extensions"]);
    expect(await statusOf(copy(id, {}))).toBe(201);
    expect(await deny(change(large, { workspace: strict }))).toEqual(["policy_denied", "uploads.max_bytes"]);
    expect(await statusOf(change(id, { workspace: strict, name: "b.txt" }))).toBe(200);
    expect(await deny(change(id, { name: "b.exe" }))).toEqual(["policy_denied", "uploads.denied_extensions"]);
    // What is there stays, and may be renamed to what is allowed.
    await sets(one, strict, { uploads: { max_bytes: 1, denied_extensions: ["txt"] } });
    expect(await statusOf(change(id, { name: "b.csv" }))).toBe(200);
  });
});

describe("access", () => {
  test("comes from the networks that it names alone, by whatever token", async () => {
    const id = await file();
    const { share_url } = await read(share, link(id));
    await sets(one, one.organization, { access: { allowed_cidrs: ["192.0.2.0/24"] } });
    const outside = { sourceIp: "198.51.100.7" };
    for (const path of [
      `/v1/files/${id}`,
      `/v1/workspaces/${one.workspace}/files`,
      `/v1/orgs/${one.organization}`,
      `/v1/orgs/${one.organization}/policy`,
    ]) {
      expect(await statusOf(one.request(path))).toBe(200);
      expect([path, await deny(one.request(path, outside))]).toEqual([
        path,
        ["policy_denied", "access.allowed_cidrs"],
      ]);
      const forged = { ...outside, headers: { "x-forwarded-for": "192.0.2.1" } };
      expect(await deny(one.request(path, forged))).toEqual(["policy_denied", "access.allowed_cidrs"]);
    }
    const told = await read(loose, one.request(`/v1/files/${id}`, outside));
    expect(told).toMatchObject({ limit: null, given: "198.51.100.7" });
    const start = { json: { filename: "a", size: 1, workspace: one.workspace }, ...outside };
    expect(await deny(one.request("/v1/uploads", start))).toEqual(["policy_denied", "access.allowed_cidrs"]);
    // Links are not bound by it.
    expect(await statusOf(world.request(share_url, outside))).toBe(302);
  });

  test("isn't guests', nor anybody's who is no member, while it says so", async () => {
    const id = await file();
    const [guest, stranger] = [await owner(), await owner()];
    const at = `/v1/orgs/${one.organization}/invitations`;
    await joins(guest, "guest", [{ resource_id: one.workspace, role: "editor" }]);
    // Whoever has handed a workspace over and keeps something there is no member.
    const own = await file("theirs.txt", "hello", stranger);
    const transfer = { resource: { type: "workspace", id: stranger.workspace }, residual_role: "viewer" };
    const { claim_token } = await read(loose, stranger.request("/v1/transfers", { json: transfer }));
    const claim = { organization: one.organization };
    expect(await statusOf(one.request(`/v1/claims/${String(claim_token)}`, { json: claim }))).toBe(200);
    const sees = () =>
      Promise.all([
        ...[guest, one].map((by) => statusOf(by.request(`/v1/files/${id}`))),
        statusOf(stranger.request(`/v1/files/${own}`)),
      ]);
    expect(await sees()).toEqual([200, 200, 200]);
    await sets(one, one.organization, { access: { guests: false } });
    expect(await sees()).toEqual([403, 200, 403]);
    expect(await deny(guest.request(`/v1/files/${id}`))).toEqual(["policy_denied", "access.guests"]);
    const more = { email: stranger.email, role: "guest" };
    expect(await deny(one.request(at, { json: more }))).toEqual(["policy_denied", "access.guests"]);
    const member = one.request(`/v1/orgs/${one.organization}/members/${guest.id}`, {
      method: "PATCH",
      json: { role: "member" },
    });
    expect(await statusOf(member)).toBe(200);
    expect(await sees()).toEqual([200, 200, 403]);
    const less = one.request(`/v1/orgs/${one.organization}/members/${guest.id}`, {
      method: "PATCH",
      json: { role: "guest" },
    });
    expect(await deny(less)).toEqual(["policy_denied", "access.guests"]);
    await sets(one, one.organization, {});
    expect(await sees()).toEqual([200, 200, 200]);
  });

  test("by keys that live as long as it lets them", async () => {
    await sets(one, one.organization, { access: { key_max_ttl_days: 7 } });
    const key = (days: number) =>
      one.request("/v1/keys", {
        json: {
          name: "k",
          scopes: ["files:read"],
          expires_at: new Date(world.deps.now() + days * 86_400_000).toISOString(),
        },
      });
    expect(await deny(key(8))).toEqual(["policy_denied", "access.key_max_ttl_days"]);
    expect(await statusOf(key(6))).toBe(201);
  });
});

describe("a legal hold", () => {
  test("keeps all that is there, from admins too, and lets go of it when it is lifted", async () => {
    const id = await file("keep.txt");
    const gone = await file("gone.txt");
    await one.request(`/v1/files/${gone}`, { method: "DELETE" });
    const by = uploader(one);
    await by.finish((await by.upload("keep.txt", "second", { workspace: one.workspace })).upload_id);
    const versions = await read(page.of(loose), one.request(`/v1/files/${id}/versions`));
    const old = versions.items.map(({ version_id }) => version_id).at(-1);
    const { folder_id } = await read(
      loose,
      one.request(`/v1/workspaces/${one.workspace}/folders`, { json: { path: "f" } }),
    );
    await sets(one, one.workspace, { retention: { legal_hold: true } });
    const DELETE = { method: "DELETE" };
    const tries = [
      ...[`/v1/files/${id}`, `/v1/files/${id}/versions/${old}`, `/v1/trash/${gone}`],
      ...[
        `/v1/workspaces/${one.workspace}`,
        ...(folder_id === undefined ? [] : [`/v1/folders/${folder_id}`]),
      ],
    ];
    for (const path of tries)
      expect([path, await deny(one.request(path, DELETE))]).toEqual([
        path,
        ["policy_denied", "retention.legal_hold"],
      ]);
    const other = await read(
      loose,
      one.request("/v1/workspaces", { json: { name: "other", organization: one.organization } }),
    );
    const away = one.request(`/v1/files/${id}`, {
      method: "PATCH",
      json: { workspace: other["workspace_id"] },
    });
    expect(await deny(away)).toEqual(["policy_denied", "retention.legal_hold"]);
    world.advance(100 * 86_400_000);
    await sweepAll();
    const trash = await read(page.of(loose), one.request(`/v1/workspaces/${one.workspace}/trash`));
    expect(trash.items).toHaveLength(1);
    expect((await read(page.of(loose), one.request(`/v1/files/${id}/versions`))).items).toHaveLength(2);
    await sets(one, one.workspace, {});
    world.advance(2 * 86_400_000);
    await sweepAll();
    const after = await read(page.of(loose), one.request(`/v1/workspaces/${one.workspace}/trash`));
    expect(after.items).toHaveLength(0);
  });

  test("days in the trash are what the policy says", async () => {
    await sets(one, one.organization, { retention: { trash_days: 90 } });
    const id = await file();
    await one.request(`/v1/files/${id}`, { method: "DELETE" });
    const [item] = (await read(page.of(loose), one.request(`/v1/workspaces/${one.workspace}/trash`))).items;
    const days = (Date.parse(String(item?.["purge_at"])) - world.deps.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });
});

describe("asking before", () => {
  test("answers what the act itself is answered", async () => {
    await sets(one, one.organization, {
      links: { max_ttl_seconds: 172_800, ttl_mode: "clamp" },
      uploads: { max_bytes: 5 },
    });
    const ask = (json: object) => read(loose, one.request("/v1/policies/evaluate", { json }));
    const workspace = one.workspace;
    expect(await ask({ workspace, act: { action: "create_share", expire_in: 604_800 } })).toMatchObject({
      outcome: "clamp",
      findings: [{ rule: "links.max_ttl_seconds", limit: 172_800, given: 604_800, to: 172_800 }],
    });
    expect(await ask({ workspace, act: { action: "upload", name: "a", size: 6 } })).toMatchObject({
      outcome: "deny",
      findings: [{ rule: "uploads.max_bytes", limit: 5, given: 6 }],
    });
    // By another policy than the one that is set, as a whole.
    const proposed = { uploads: { max_bytes: 10 } };
    const act = { action: "upload", name: "a", size: 6 };
    expect(await ask({ organization: one.organization, act, policy: proposed })).toEqual({
      outcome: "allow",
      findings: [],
    });
    expect(await ask({ workspace, act, policy: proposed })).toMatchObject({ outcome: "deny" });
    const two = await owner();
    const other = two.request("/v1/policies/evaluate", { json: { workspace, act } });
    expect(await refusal(other)).toEqual([404, "not_found"]);
  });
});

test("the first organization of a deployment gets a policy as any other", async () => {
  const first = await world.client("admin");
  await world.deps.table.transact([
    {
      key: keys.client(first.client_id),
      update: { set: { [`organizations.${FIRST_ORGANIZATION}`]: "owner" } },
      condition: "attribute_exists(#pk)",
    },
  ]);
  expect((await sets(first, FIRST_ORGANIZATION, { links: { allow: "nobody" } })).version).toBe(1);
  const id = await world.addFile(first, "a.txt");
  expect(await deny(link(id, {}, first))).toEqual(["policy_denied", "links.allow"]);
  await sets(first, FIRST_ORGANIZATION, {});
});
