/** Every flow of the product on one cloud; then no grant is unused, no answer undocumented, and no call goes beyond. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AbortMultipartUploadCommand } from "@aws-sdk/client-s3";
import { AwsError } from "@wharf/local-cloud";
import { globMatches } from "@wharf/local-cloud/glob.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys, partitions } from "#aws/keys.ts";
import { scopes } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { delivery } from "#core/delivery/contract.ts";
import { webhook } from "#core/endpoints/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { newId } from "#core/kernel/ids.ts";
import { share } from "#core/links/contract.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { ensureAssembly } from "#start/assembly.ts";
import { type ApiInit, createApiClient, postForm, putPart } from "#test/support/api-client.ts";
import { makeWorkspaceAsBefore, writeFormerClient } from "#test/support/former-records.ts";
import type { Behaviour } from "#test/support/receiver.ts";
import { type Story, startStory } from "#test/support/story.ts";
import { accessFlows } from "./access-flows.ts";
import { handoverFlows } from "./handover-flows.ts";

const MIB = 1_048_576;
const bytes = (text: string) => new TextEncoder().encode(text);
const empty = { method: "POST", json: {} };

let story: Story;
const answers: { method: string; path: string; status: number }[] = [];
beforeAll(async () => {
  story = await startStory({ scopes: [...scopes] });
  await allFlows();
}, 300_000);
afterAll(() => story?.stop());

/** A call whose status goes into the record. */
async function call(path: string, init: ApiInit = {}): Promise<Response> {
  const answer = await story.api(path, init);
  const method = init.method ?? (init.json === undefined && init.body === undefined ? "GET" : "POST");
  answers.push({ method, path: new URL(path, story.origin).pathname, status: answer.status });
  return answer;
}

/** A call that must succeed. */
async function ok<T>(schema: z.ZodType<T>, path: string, init: ApiInit = {}): Promise<T> {
  const answer = await call(path, init);
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${text}`);
  return schema.parse(text === "" ? undefined : JSON.parse(text));
}

const done = (path: string, init: ApiInit = {}) => ok(z.unknown(), path, init);

/** A minute later, with all that comes of it. */
async function minute(ms = 61_000): Promise<void> {
  story.advance(ms);
  await story.cloud.waitForIdle();
}

async function send(filename: string, content: Uint8Array, more: Record<string, unknown> = {}) {
  const started = await ok(startAnswer, "/v1/uploads", { json: { filename, size: content.length, ...more } });
  for (const part of started.parts) await putPart(started, part, content);
  return started;
}

async function allFlows(): Promise<void> {
  const endpoint = await webhooks();
  const fileId = await uploads();
  await workspaces();
  await files(fileId);
  await folders();
  await shares(fileId);
  await locks(fileId);
  await endpoint();
  await losses();
  await before();
  await handoverFlows({ story, ok, minute });
  await accessFlows({ story, ok, minute });
  await later();
}

/** What the release before organizations has left, one of it for a call to bring over and the others for the sweep. */
async function before(): Promise<void> {
  const { table } = story;
  const created_at = "2025-01-01T00:00:00.000Z";
  const past = { name: "before", scopes: ["files:write"], created_at };
  const [atOnce, large] = [newId("cli", 0), newId("cli", 0)];
  const own = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [newId("ws", 0), `w${at}`]));
  await writeFormerClient(table, { ...past, id: atOnce, own: own(1), secret: "before" });
  const client = createApiClient({
    ...{ origin: story.origin, now: story.cloud.clock.now },
    ...{ clientId: atOnce, clientSecret: "before" },
  });
  await client.start("a.txt", 1, { workspace: "new" });
  await writeFormerClient(table, { ...past, id: large, own: own(51) });
  const admin = { ...past, id: newId("cli", 0), scopes: ["admin"], own: own(1) };
  await writeFormerClient(table, admin);
  // There was none: the sweep makes it, and finds it an owner.
  for (const key of [keys.organization(FIRST_ORGANIZATION), keys.organizationEntry(FIRST_ORGANIZATION)])
    await table.remove({ remove: key, blind: "a test's own" });
  await minute();
  // A function of that release, which still runs.
  const late = { workspaceId: newId("ws", 0), name: "late", created_at };
  await makeWorkspaceAsBefore(table, admin.id, late);
  await minute();
  await minute(3_700_000);
}

async function uploads(): Promise<string> {
  const small = await send("reports/2026/small.txt", bytes("hello"), { metadata: { build: "7" } });
  const finalize = { json: { expire_in: 60 }, headers: { "Idempotency-Key": "least" } };
  await done(`/v1/uploads/${small.upload_id}/finalize`, finalize);
  await done(`/v1/uploads/${small.upload_id}/finalize`, finalize);
  const again = await send("reports/2026/small.txt", bytes("hello again"));
  await done(`/v1/uploads/${again.upload_id}/finalize`, { json: {} });

  await send("reports/2026/mine-alone.txt", bytes("hello"), { if_exists: "fail" });

  // A folder has the name, so the start takes its session back.
  expect((await call("/v1/uploads", { json: { filename: "reports", size: 1 } })).status).toBe(409);

  const large = new Uint8Array(6 * MIB);
  const parts = await send("large.bin", large, { part_size: 5 * MIB });
  await done(`/v1/uploads/${parts.upload_id}/parts`, { json: { count: 2, format: "compact" } });
  await done(`/v1/uploads/${parts.upload_id}`);
  await done("/v1/uploads?state=open");
  await done(`/v1/uploads/${parts.upload_id}/finalize`, { json: { share: false } });

  const open = await ok(startAnswer, "/v1/uploads", { json: { filename: "open.bin" } });
  for (const chunk of [large.slice(0, 5 * MIB), bytes("end")]) {
    const redirect = await call(`/v1/uploads/${open.upload_id}/chunks`, { method: "PUT", body: chunk });
    const put = await fetch(redirect.headers.get("location") ?? "", { method: "PUT", body: chunk });
    expect(put.status).toBe(200);
  }
  await done(`/v1/uploads/${open.upload_id}/finalize`, { json: {} });

  const nothing = await ok(startAnswer, "/v1/uploads", { json: { filename: "empty", size: 0 } });
  await done(`/v1/uploads/${nothing.upload_id}/finalize`, { json: {} });
  const given = await send("given-up.bin", bytes("x"));
  expect((await call(`/v1/uploads/${given.upload_id}`, { method: "DELETE" })).status).toBe(204);

  await postForm(
    await ok(startAnswer, "/v1/uploads", { json: { filename: "form.txt", form: true } }),
    "hello",
  );
  const unposted = await ok(startAnswer, "/v1/uploads", { json: { filename: "unposted.txt", form: true } });
  expect((await call(`/v1/uploads/${unposted.upload_id}`, { method: "DELETE" })).status).toBe(204);

  const posing = await send(
    "invoice.pdf",
    Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0", "latin1"),
  );
  expect((await call(`/v1/uploads/${posing.upload_id}/finalize`, { json: {} })).status).toBe(422);
  await ok(startAnswer, "/v1/uploads", { json: { filename: "abandoned.bin", size: 6 * MIB } });

  const body = new FormData();
  body.set("file", new Blob(["direct"]), "direct.txt");
  const direct = await ok(z.object({ file_id: z.string() }), "/v1/files/upload", { body });
  await story.cloud.waitForIdle();
  return direct.file_id;
}

/** A name that nobody has, named twice at once: one of the two makes it, the other finds it. */
async function workspaces(): Promise<void> {
  const starting = { json: { workspace: "second", filename: "a", size: 1 } };
  await Promise.all([1, 2, 3, 4].map(() => done("/v1/uploads", starting)));
  const foreign = "ws_01J0000000000000000000000A";
  expect((await call(`/v1/workspaces/${foreign}/files`)).status).toBe(404);
  expect((await call(`/v1/events?workspace=${foreign}`)).status).toBe(404);

  const made = { json: { name: "doomed" } };
  const { workspace_id } = await ok(z.object({ workspace_id: z.string() }), "/v1/workspaces", made);
  await done(`/v1/workspaces/${workspace_id}`, { method: "DELETE" });
  await done(`/v1/trash/${workspace_id}/restore`, { method: "POST" });
  await done(`/v1/workspaces/${workspace_id}`, { method: "DELETE" });
  await done(`/v1/trash/${workspace_id}`, { method: "DELETE" });
}

async function files(fileId: string): Promise<void> {
  await done("/v1/workspaces");
  const ws = `/v1/workspaces/${story.workspaceId}/files`;
  await done(`${ws}?path=/reports/2026&limit=1`);
  const file = `/v1/files/${fileId}`;
  await done(file);
  expect((await call(`${file}/content`)).status).toBe(302);
  await done(file, { method: "PATCH", json: { name: "moved.txt", folder: "/new/place" } });
  const next = await send("new/place/moved.txt", bytes("version two"));
  await done(`/v1/uploads/${next.upload_id}/finalize`, { json: { share: false } });
  const listed = await ok(
    z.object({ items: z.array(z.object({ version_id: z.string() })) }),
    `${file}/versions`,
  );
  const first = listed.items[1]?.version_id;
  expect((await call(`${file}/versions/${first}/content`)).status).toBe(302);
  await done(`${file}/versions/${first}/restore`, empty);
  await done(`${file}/versions/${listed.items[0]?.version_id}`, { method: "DELETE" });
  const doomed = await send("doomed.txt", bytes("bye"));
  await done(`/v1/uploads/${doomed.upload_id}/finalize`, { json: {} });
  await done(`/v1/files/${doomed.file_id}/copy`, { json: { folder: "/", name: "spared.txt" } });
  await done(`/v1/files/${doomed.file_id}`, { method: "DELETE" });
  await done(`/v1/workspaces/${story.workspaceId}/trash`);
  await done(`/v1/trash/${doomed.file_id}/restore`, empty);
  await done(`/v1/files/${doomed.file_id}`, { method: "DELETE" });
  await done(`/v1/trash/${doomed.file_id}`, { method: "DELETE" });
}

/** Folders that are moved, deleted, restored and purged, with what is in them. */
async function folders(): Promise<void> {
  const formOf = (filename: string) => {
    const body = new FormData();
    body.set("file", new File(["x"], filename));
    return body;
  };
  const send = (filename: string) => done("/v1/files/upload", { method: "POST", body: formOf(filename) });
  await send("tree/of/mine/a.txt");
  const { folder_id } = await ok(
    z.object({ folder_id: z.string() }),
    `/v1/workspaces/${story.workspaceId}/resolve?path=tree`,
  );
  const folder = `/v1/folders/${folder_id}`;
  await done(folder, { method: "PATCH", json: { name: "wood", folder: "/far" } });
  // Where no hint leads.
  await send("far/wood/of/mine/b.txt");
  await done(folder, { method: "DELETE" });
  await done(`/v1/trash/${folder_id}/restore`, { method: "POST" });
  await done(folder, { method: "DELETE" });
  await done(`/v1/trash/${folder_id}`, { method: "DELETE" });
  for (let level = 0; level < 4; level++) await minute();
  const { file_id } = await ok(z.object({ file_id: z.string() }), "/v1/files/upload", {
    method: "POST",
    body: formOf("left.txt"),
  });
  await done(`/v1/files/${file_id}`, { method: "DELETE" });
}

async function shares(fileId: string): Promise<void> {
  const links = `/v1/files/${fileId}/shares`;
  const locked = await ok(share, links, {
    json: { password: "open sesame", max_downloads: 1, expire_in: 60 },
  });
  const path = new URL(locked.share_url).pathname;
  const open = (headers: Record<string, string>) => call(path, { token: null, headers });
  expect((await open({ Accept: "text/html" })).status).toBe(200);
  expect((await open({ "X-Share-Password": "wrong" })).status).toBe(403);
  expect((await open({ "X-Share-Password": "open sesame" })).status).toBe(302);
  expect((await open({ "X-Share-Password": "open sesame" })).status).toBe(410);
  await done(`/v1/shares/${locked.share_id}`);
  await done(links);
  const once = await ok(share, links, { json: { max_downloads: 1 } });
  for (const Range of ["bytes=0-", "bytes=1-"])
    await call(new URL(once.share_url).pathname, { token: null, headers: { Range } });
  const second = await ok(share, links, { json: {} });
  expect((await call(new URL(second.share_url).pathname, { token: null })).status).toBe(302);
  await done(`/v1/shares/${second.share_id}`, { method: "DELETE" });
}

async function locks(fileId: string): Promise<void> {
  const lock = `/v1/files/${fileId}/lock`;
  const grant = await ok(lockGrant, lock, {
    json: { ttl_seconds: 30 },
    headers: { "Idempotency-Key": "lock" },
  });
  const waiting = { json: { wait_seconds: 1 }, headers: { "Idempotency-Key": "waits" } };
  expect((await call(lock, waiting)).status).toBe(307);
  expect((await call(`${lock}/wait`, waiting)).status).toBe(423);
  await done(lock);
  await done(`${lock}/renew`, { json: { lock_token: grant.lock_token } });
  const token = { "Lock-Token": grant.lock_token };
  await done(`/v1/files/${fileId}`, { method: "PATCH", json: { name: "locked.txt" }, headers: token });
  await done(lock, { method: "DELETE", headers: token });
  const waited = await ok(lockGrant, `${lock}/wait`, waiting);
  await done(lock, { method: "DELETE", headers: { "Lock-Token": waited.lock_token } });
  await done("/v1/locks/batch", { json: { file_ids: [fileId], ttl_seconds: 30 } });
  await done(`${lock}/break`, { json: { reason: "the story goes on" } });
  await done(lock, { json: { ttl_seconds: 30 } });
  // Left to expire.
}

/** Registers endpoints; what it returns goes through the rest once there are deliveries. */
async function webhooks(): Promise<() => Promise<void>> {
  const receiver = await story.receiver();
  const broken = await story.receiver((res) => void res.writeHead(500).end());
  const { upload_id } = await send("reports/2026/x", bytes("x"));
  const { folder_id } = await ok(finalizeAnswer, `/v1/uploads/${upload_id}/finalize`, { json: {} });
  const register = (url: string, more: object = {}) =>
    ok(webhook, "/v1/webhooks", { json: { url, events: ["*"], ...more } });
  const good = await register(receiver.url);
  await register(receiver.url, { folders: [folder_id] });
  // What comes faster has its turns kept for it.
  await register(receiver.url, { rate_per_second: 1 });
  const bad = await register(broken.url);
  // Answers at once, and later too slowly for the workers of prompt endpoints, who hand it on.
  const slowing = await story.receiver();
  await register(slowing.url);
  // Gone from the first on, as the workers of those that have not answered yet find; and later, as those of prompt ones do.
  const isGone: Behaviour = (res) => void res.writeHead(410).end();
  const gone = await story.receiver(isGone, isGone);
  await register(gone.url);
  const leaving = await story.receiver();
  await register(leaving.url);
  return async () => {
    await story.cloud.waitForIdle();
    expect(receiver.received.length).toBeGreaterThan(5);
    expect(broken.received.length).toBeGreaterThan(0);
    expect(slowing.received.length).toBeGreaterThan(0);
    expect(leaving.received.length).toBeGreaterThan(0);
    leaving.behave(isGone);
    slowing.behave((res) => void setTimeout(() => res.writeHead(200).end(), 2_500));
    const late = await send("late.txt", bytes("late"));
    await done(`/v1/uploads/${late.upload_id}/finalize`, { json: { share: false } });
    await story.cloud.waitForIdle();
    slowing.behave((res) => void res.writeHead(200).end());
    const hook = `/v1/webhooks/${good.webhook_id}`;
    await done("/v1/webhooks");
    await done("/v1/webhooks/event-types");
    await done(hook);
    await done(hook, { method: "PATCH", json: { description: "changed", rate_per_second: 5 } });
    await done(`${hook}/test`, empty);
    await done(`${hook}/secret/rotate`, { json: { overlap_seconds: 60 } });
    await done(`${hook}/secret/promote`, empty);
    const { items } = await ok(z.object({ items: z.array(delivery) }), `${hook}/deliveries`);
    await done(`${hook}/deliveries/${items[0]?.delivery_id}`);
    await done(`${hook}/deliveries/${items[0]?.delivery_id}/redeliver`, empty);
    await done(`${hook}/disable`, empty);
    await done(`${hook}/enable`, { json: {} });
    const since = new Date(story.cloud.clock.now() - 3_600_000).toISOString();
    const job = await ok(z.object({ job_id: z.string() }), `${hook}/recover`, {
      json: { since, statuses: ["succeeded"] },
    });
    await minute();
    await done(`${hook}/recover/${job.job_id}`);
    // Retries come by delays of SQS at first and by the sweep later.
    for (let count = 0; count < 6; count++) await minute(400_000);
    await done(`/v1/webhooks/${bad.webhook_id}`, { method: "DELETE" });
    await done("/v1/events?limit=100");
    await done(`/v1/events?limit=100&folder=${folder_id}`);
    // HEAD is answered by the API's function, which never waits.
    for (const after of ["", "&after=latest"])
      expect((await story.api(`/v1/events?limit=100${after}`, { method: "HEAD" })).status).toBe(200);
    expect((await call("/v1/events?after=latest&wait=1")).status).toBe(200);
  };
}

/** Calls that fail where it hurts: others do the work then. */
async function losses(): Promise<void> {
  const relay = (caller: string) => caller.startsWith("Relay");
  story.cloud.setFaults(({ action, caller }) =>
    action === "PutEvents" && relay(caller)
      ? { error: new AwsError("InternalException", "down", 500) }
      : undefined,
  );
  const file = await send("unsent.txt", bytes("unsent"));
  await done(`/v1/uploads/${file.upload_id}/finalize`, { json: {} });
  for (let count = 0; count < 4; count++) await minute();
  story.cloud.setFaults(undefined);

  for (const [name, content, more] of [
    ["orphan.txt", bytes("orphan"), {}],
    ["unsent.txt", bytes("orphan"), { if_exists: "rename" }],
    ["reports/2026/orphan.txt", bytes("orphan"), {}],
    ["quite/new/orphan.txt", bytes("orphan"), {}],
    ["orphan.pdf", Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0", "latin1"), {}],
  ] as const) {
    // The function dies when S3 has completed the object; ingest does the rest.
    story.cloud.setFaults(({ action, environment = "" }) =>
      action === "CompleteMultipartUpload"
        ? { after: async () => void (await story.cloud.killEnvironment(environment)) }
        : undefined,
    );
    const orphan = await send(name, content, more);
    expect((await call(`/v1/uploads/${orphan.upload_id}/finalize`, { json: {} })).status).toBeGreaterThan(
      499,
    );
    story.cloud.setFaults(undefined);
    await story.cloud.waitForIdle();
  }
  // The same of an empty file, which is put as a whole.
  story.cloud.setFaults(({ action, environment = "" }) =>
    action === "PutObject"
      ? { after: async () => void (await story.cloud.killEnvironment(environment)) }
      : undefined,
  );
  const empty = await ok(startAnswer, "/v1/uploads", { json: { filename: "empty-orphan", size: 0 } });
  expect((await call(`/v1/uploads/${empty.upload_id}/finalize`, { json: {} })).status).toBeGreaterThan(499);
  story.cloud.setFaults(undefined);
  await story.cloud.waitForIdle();
  await forgottenByS3();
}

/** S3 has nothing of a session any more: a finalize finds that out, and the sweep where its function has died. */
async function forgottenByS3(): Promise<void> {
  const forget = async ({ upload_id }: { upload_id: string }) => {
    const session = uploadRecord.parse(await story.table.get(uploadRecord, keys.upload(upload_id)));
    const { s3, bucket: Bucket } = story;
    await s3.send(
      new AbortMultipartUploadCommand({ Bucket, Key: session.object_key, UploadId: session.s3_upload_id }),
    );
  };
  const asked = await send("asked-for.txt", bytes("asked for"));
  await forget(asked);
  expect((await call(`/v1/uploads/${asked.upload_id}/finalize`, { json: {} })).status).toBe(410);

  const left = await send("left.txt", bytes("left"));
  story.cloud.setFaults(({ action, environment = "" }) =>
    action === "CompleteMultipartUpload" ? die(environment) : undefined,
  );
  expect((await call(`/v1/uploads/${left.upload_id}/finalize`, { json: {} })).status).toBeGreaterThan(499);
  story.cloud.setFaults(undefined);
  await forget(left);
  // By then the sweep looks at what a finalize has left.
  await minute(6 * 60_000);
}

async function die(environment: string): Promise<"before"> {
  await story.cloud.killEnvironment(environment);
  return "before";
}

/** Time passes: links, locks, sessions and versions end. */
async function later(): Promise<void> {
  await minute();
  await minute(3_600_000);
  await minute(7 * 86_400_000);
  await minute();
  // As long as the trash keeps what is in it.
  await minute(31 * 86_400_000);
}

test("nothing that was to be done was denied", () => {
  const denied = story.cloud.logs.lines().filter(({ text }) => text.includes("AccessDeniedException"));
  expect(denied.map(({ text }) => text.slice(0, 2_000))).toEqual([]);
});

test("no granted action is unused", () => {
  const grants = story.cloud.iamUsage();
  const unused = grants.filter(({ count, applicable }) => applicable && count === 0);
  const inapplicable = grants.filter(({ applicable }) => !applicable);
  console.log(
    `${grants.length} grants: ${grants.length - unused.length - inapplicable.length} used, ${unused.length} unused, ` +
      `${inapplicable.length} of services that the local cloud lacks`,
  );
  expect(unused.map(({ role, action, resource }) => `${role}: ${action} on ${resource}`)).toEqual([]);
  // The exceptions: here functions' logs go to a file, in AWS the runtime writes them by these.
  expect([...new Set(inapplicable.map(({ action }) => action))].sort()).toEqual([
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ]);
});

test("each role may use the partitions that it uses, and no other", () => {
  const grants = story.cloud.iamUsage().filter(({ action, resource }) => isItems(action, resource));
  const unlimited = grants.filter(({ values }) => values.length === 0);
  expect(unlimited.map(({ role, action }) => `${role}: ${action}`)).toEqual([]);
  const unused = grants.flatMap(({ role, action, values }) =>
    values.filter(({ count }) => count === 0).map(({ value }) => `${role}: ${action} in ${value}`),
  );
  expect(unused.filter((line) => !rare.some((one) => one.test(line)))).toEqual([]);
});

/** What a story of minutes reaches by luck at most. */
const rare = [
  // Revoking is an administrator's command; test/stories/revocation.test.ts has it under the same policies.
  /^Sweep.*: dynamodb:(Query in (HOOKS|upload#\*)|UpdateItem in (UPL|REVOKE|TRANSFER)#\*|DeleteItem in TRANSFERS#\*)$/,
  // What fails is another worker's before it is disabled or woken, unless it fails at its first attempt.
  /^WebhooksDeliver\w*: dynamodb:(PutItem in (EVT|HOOK)#\*|UpdateItem in HOOKS)$/,
  // An endpoint is enabled while fan-out skips a delivery for its being disabled.
  /^WebhooksFanOut.*: dynamodb:UpdateItem in DLV#/,
  // A folder whose hint is lost is walked to.
  /^Ingest.*: dynamodb:GetItem in DIR#/,
  // Two requests name a new workspace at the same moment.
  /^Api.*: dynamodb:GetItem in WSNAME#/,
  // Only the organization that a deployment begins with can be without an owner: test/grants/grants.test.ts.
  /^Api.*: dynamodb:ConditionCheckItem in GRANT#/,
  // The sweep disables an endpoint that has failed 20 times in five days.
  /^Sweep.*: dynamodb:UpdateItem in HOOKS$/,
];

/** Whether a grant is of items: streams have no partitions that a policy could name. */
function isItems(action: string, resource: string): boolean {
  return action.startsWith("dynamodb:") && !resource.includes("/stream/");
}

test("no role gets at a partition that isn't its own, beside one that is, or without naming any", () => {
  const all = [...Object.values(partitions), "upload#*"];
  const roles = Map.groupBy(
    story.cloud.iamUsage().filter(({ action, resource }) => isItems(action, resource)),
    ({ role }) => role,
  );
  expect(roles.size).toBe(9);
  const answers: Record<string, string[]> = {};
  for (const [role, grants] of roles) {
    const principal = {
      kind: "role" as const,
      arn: `arn:aws:sts::000000000000:assumed-role/${role}/x`,
      role,
    };
    const may = (action: string, resource: string, keys: string[]) => {
      try {
        story.cloud.authorize(
          principal,
          action,
          resource,
          keys.length === 0 ? {} : { "dynamodb:leadingkeys": keys },
        );
        return true;
      } catch (error) {
        if (error instanceof AwsError && error.code === "AccessDenied") return false;
        throw error;
      }
    };
    answers[role] = grants.flatMap(({ action, resource, values }) => {
      const own = values.map(({ value }) => value.replace("*", "x"));
      const foreign = all.map((pattern) => pattern.replace("*", "x")).filter((key) => !own.includes(key));
      const wrong = [
        ...own.filter((key) => !may(action, resource, [key])),
        ...foreign.filter((key) => may(action, resource, [key]) || may(action, resource, [...own, key])),
      ];
      return [...wrong, ...(may(action, resource, []) ? ["no key"] : [])].map((key) => `${action} ${key}`);
    });
    for (const resource of new Set(grants.map((grant) => grant.resource)))
      expect(may("dynamodb:Scan", resource, [])).toBe(false);
  }
  expect(Object.values(answers).flat()).toEqual([]);
});

test.for([
  [
    "Deliver",
    "dynamodb:PutItem",
    ["NODE#x", "CLIENT#x", "DIR#x", "LINK#x", "UPL#x", "SETTING", "WORKSPACES"],
  ],
  ["Events", "dynamodb:GetItem", ["SETTING", "HOOK#x", "HOOKS", "LINK#x", "UPL#x"]],
  ["Events", "dynamodb:BatchGetItem", ["SETTING", "HOOK#x", "HOOKS", "LINK#x"]],
  ["Wait", "dynamodb:GetItem", ["SETTING", "HOOK#x"]],
  ["Sweep", "dynamodb:UpdateItem", ["SETTING", "DIR#x", "IDEM#x"]],
] as const)("%s can't %s what is none of its business", ([function_, action, keys]) => {
  const grant = story.cloud
    .iamUsage()
    .find(
      (one) => one.role.includes(function_) && one.action === action && !one.resource.includes("/index/"),
    );
  for (const key of keys) expect(grant?.values.some(({ value }) => globMatches(value, key))).toBe(false);
});

test("no grant names more than one action, and none takes in every resource", () => {
  const wide = story.cloud
    .iamUsage()
    .filter(({ applicable, action, resource }) => applicable && (action.includes("*") || resource === "*"));
  expect(wide.map(({ role, action, resource }) => `${role}: ${action} on ${resource}`)).toEqual([]);
});

test("no answer had a status that /openapi.json doesn't tell of", async () => {
  const { paths } = z
    .object({
      paths: z.record(
        z.string(),
        z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
      ),
    })
    .parse(await (await story.api("/openapi.json")).json());
  const documented = (method: string, path: string) => {
    // The most literal path first, as routers take it: /v1/files/upload and not /v1/files/{id}.
    const [, methods] =
      Object.entries(paths)
        .sort(([a], [b]) => a.split("{").length - b.split("{").length)
        .find(([pattern]) => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path)) ?? [];
    return Object.keys(methods?.[method.toLowerCase()]?.responses ?? {});
  };
  const undocumented = answers.filter(
    ({ method, path, status }) => status < 500 && !documented(method, path).includes(String(status)),
  );
  expect(undocumented).toEqual([]);
  expect(answers.length).toBeGreaterThan(70);
});

const listed = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const policy = z.object({
  Type: z.literal("AWS::IAM::Policy"),
  Properties: z.looseObject({
    PolicyDocument: z.looseObject({ Statement: z.array(z.looseObject({ Action: listed })) }),
  }),
});
type Statement = z.infer<typeof policy>["Properties"]["PolicyDocument"]["Statement"][number];

/** Removes `action` from a statement. */
const withoutAction = (action: string) => (statement: Statement) => ({
  ...statement,
  Action: statement.Action.filter((one) => one !== action),
});

/** Removes a kind of partitions from a statement. */
const withoutPartition = (pattern: string) => (statement: Statement) => {
  const limits = z
    .looseObject({ "ForAllValues:StringLike": z.object({ "dynamodb:LeadingKeys": listed }) })
    .safeParse(statement["Condition"]);
  if (!limits.success) return statement;
  const kept = limits.data["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].filter(
    (one) => one !== pattern,
  );
  const Condition = { ...limits.data, "ForAllValues:StringLike": { "dynamodb:LeadingKeys": kept } };
  return { ...statement, Condition, ...(kept.length === 0 ? { Action: [] } : {}) };
};

/** Changes every statement of every policy in a copy of the app's template; those without an action go. */
function narrow(assembly: string, change: (statement: Statement) => Statement): void {
  for (const file of readdirSync(assembly).filter((name) => name.endsWith(".template.json"))) {
    const template = z
      .looseObject({ Resources: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(join(assembly, file), "utf8")));
    for (const [id, resource] of Object.entries(template.Resources)) {
      const parsed = policy.safeParse(resource);
      if (!parsed.success) continue;
      const document = parsed.data.Properties.PolicyDocument;
      document.Statement = document.Statement.map(change).filter(({ Action }) => Action.length > 0);
      template.Resources[id] = { ...z.looseObject({}).parse(resource), ...parsed.data };
    }
    writeFileSync(join(assembly, file), JSON.stringify(template));
  }
}

test.for([
  ["s3:PutObject", /s3:PutObject on resource: "arn:aws:s3:::[\w-]+\/o\/ws_\w+\/upl_\w+"/],
  ["dynamodb:PutItem", /dynamodb:PutItem on resource: "arn:aws:dynamodb:us-east-1:\d+:table\/[\w-]+"/],
] as const)("without %s in its role the function is refused in AWS's words", async ([action, words]) => {
  const assembly = mkdtempSync(join(tmpdir(), "wharf-assembly-"));
  try {
    cpSync(await ensureAssembly(), assembly, { recursive: true });
    narrow(assembly, withoutAction(action));
    await using poor = await startStory({ cloud: { assembly } });
    const token = action === "s3:PutObject" ? {} : { token: null };
    const answer = await poor.api(action === "s3:PutObject" ? "/v1/uploads" : "/v1/auth/token", {
      json:
        action === "s3:PutObject"
          ? { filename: "a.txt", size: 1 }
          : { client_id: poor.clientId, client_secret: poor.clientSecret },
      ...token,
    });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("arn:aws");
    const logged = poor.cloud.logs
      .lines()
      .map(({ text }) => text.replaceAll('\\"', '"'))
      .join("\n");
    expect(logged).toMatch(/User: arn:aws:sts::\d{12}:assumed-role\/\S+ is not authorized to perform: /);
    expect(logged).toMatch(words);
    expect(logged).toContain(`because no identity-based policy allows the ${action} action`);
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
});

test.for([
  [partitions.client, "/v1/auth/token"],
  [partitions.upload, "/v1/uploads"],
  [partitions.folder, "/v1/uploads"],
] as const)("without %s among its partitions the function is refused", async ([pattern, path]) => {
  const assembly = mkdtempSync(join(tmpdir(), "wharf-assembly-"));
  try {
    cpSync(await ensureAssembly(), assembly, { recursive: true });
    narrow(assembly, withoutPartition(pattern));
    await using poor = await startStory({ cloud: { assembly } });
    const isToken = path === "/v1/auth/token";
    const answer = await poor.api(path, {
      json: isToken
        ? { client_id: poor.clientId, client_secret: poor.clientSecret }
        : { filename: "a.txt", size: 1 },
      ...(isToken ? { token: null } : {}),
    });
    expect(answer.status).toBe(500);
    expect(
      poor.cloud.logs
        .lines()
        .map(({ text }) => text)
        .join("\n"),
    ).toMatch(/because no identity-based policy allows the dynamodb:\w+ action/);
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
});
