/** A large workspace that an agent hands to a customer: seen before, claimed once, and nothing left to the old side. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { rootFolder } from "#core/access/place.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { share } from "#core/links/contract.ts";
import { organization } from "#core/organizations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { claimable, newTransfer } from "#core/transfers/contract.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type ApiInit, createApiClient } from "#test/support/api-client.ts";
import { newFile } from "#test/support/file-writes.ts";
import { type Story, startStory } from "#test/support/story.ts";

const [FILES, FOLDERS, LINKS, ENDPOINTS, LOCKS, GRANTS, CLAIMERS] = [10_000, 300, 30, 20, 50, 200, 50];
/** Requests that are on their way at once: the machine's ceiling is not what this is about. */
const AT_ONCE = 8;
const HELD = allScopes.filter((one) => one !== "admin");
const answer = z.record(z.string(), z.unknown());

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

let story: Story;
beforeAll(async () => {
  story = await startStory({ scopes: [...allScopes] });
}, 120_000);
afterAll(() => story?.stop());

/** How somebody asks whose key or token it is. */
function by(credential: string) {
  const api = (path: string, init: ApiInit = {}) => story.api(path, { ...init, token: credential });
  const status = async (path: string, init: ApiInit = {}) => (await api(path, init)).status;
  const json = async <T>(schema: z.ZodType<T>, path: string, init: ApiInit = {}) => {
    const said = await api(path, init);
    const body = await said.json();
    if (said.status >= 400) throw new Error(`${path}: ${said.status} ${JSON.stringify(body)}`);
    return schema.parse(body);
  };
  return { api, status, json };
}

/** Files as finalize leaves them, in folders of folders; what isn't opened here has no bytes. */
async function fill(client_id: string, workspace_id: string): Promise<string[]> {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const paths = Array.from({ length: FOLDERS }, (_, at) => [`area-${at % 15}`, `part-${at}`]);
  const trails = new Map<number, Awaited<ReturnType<typeof makeFolders>>>();
  // One after the other above, since each makes what is missing.
  for (const [at, path] of paths.entries()) trails.set(at, await makeFolders(deps, workspace_id, path));
  return inParallel(numbers(FILES), AT_ONCE, async (at) => {
    const place = { client_id, workspace_id, trail: trails.get(at % FOLDERS) ?? [] };
    const { file_id, writes } = await newFile(place, { now: deps.now(), name: `${at}.txt`, text: "hello" });
    await story.table.transact(writes);
    return file_id;
  });
}

test("ten thousand files are handed over, and the old side has none of them by anything it holds", async () => {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const made = await createClient(deps, { name: "agent", scopes: HELD, role: "member" });
  const credentials = { clientId: made.client_id, clientSecret: made.client_secret };
  const signedIn = createApiClient({ origin: story.cloud.apiUrl, now: deps.now, ...credentials });
  const agent = by(await signedIn.token());
  const { workspace_id } = await agent.json(workspace, "/v1/workspaces", { json: { name: "delivery" } });
  const files = await fill(made.client_id, workspace_id);
  const first = (count: number) => files.slice(0, count);
  const links = await inParallel(first(LINKS), AT_ONCE, (id) =>
    agent.json(share, `/v1/files/${id}/shares`, { json: { expire_in: 86_400 } }),
  );
  const locks = await inParallel(first(LOCKS), AT_ONCE, async (id) => {
    const { lock_token } = await agent.json(answer, `/v1/files/${id}/lock`, { json: { ttl_seconds: 3_600 } });
    return { id, lock_token };
  });
  const receiver = await story.receiver();
  const events = ["file_changed", "upload_completed"];
  for (let at = 0; at < ENDPOINTS; at++)
    await agent.json(answer, "/v1/webhooks", { json: { url: `${receiver.url}/${at}`, events } });
  const grantees = await inParallel(numbers(GRANTS), AT_ONCE, async (at) => {
    const { client_id, client_secret } = await createClient(deps, {
      ...{ name: `reader-${at}`, scopes: ["files:read"], role: "guest" },
    });
    // On the workspace, on folders and on files.
    const on = at % 3 === 0 ? `workspaces/${workspace_id}` : `files/${files[at]}`;
    const json = { principal_id: client_id, role: "viewer" };
    await agent.json(answer, `/v1/${on}/grants`, { json });
    return { client_id, client_secret, file: files[at] ?? "" };
  });
  const expires_at = new Date(deps.now() + 86_400_000).toISOString();
  const key = await agent.json(answer, "/v1/keys", { json: { name: "script", scopes: HELD, expires_at } });
  const narrow = await agent.json(answer, "/v1/keys", {
    json: {
      ...{ name: "narrow", scopes: ["files:read"], expires_at },
      authorization_details: [
        { type: "file_access", actions: ["list", "read"], workspace: workspace_id, file: files[0] },
      ],
    },
  });
  const session = await agent.json(startAnswer.loose(), "/v1/uploads", {
    json: { workspace: workspace_id, filename: "late.txt", size: 5, upload_token: true },
  });
  const list = `/v1/workspaces/${workspace_id}/files?recursive=true&limit=10`;
  const cursor = (await agent.json(page.of(z.unknown()), list)).next_cursor;
  const feed = `/v1/events?workspace=${workspace_id}`;
  // What was done until here is told by then.
  await story.cloud.waitForIdle();
  const { next_cursor: heard } = await agent.json(
    z.looseObject({ next_cursor: z.string() }),
    `${feed}&after=latest`,
  );

  const { organization_id } = await story.json(organization, "/v1/orgs", { json: { name: "Customer" } });
  const zoe = await createPerson(deps, {
    ...{ email: "zoe@example.com", name: "Zoë", organization: organization_id, role: "owner" },
    key: { scopes: HELD, days: 30 },
  });
  const customer = by(zoe.api_key);
  const offered = await agent.json(newTransfer, "/v1/transfers", {
    json: { resource: { type: "workspace", id: workspace_id }, message: "Done." },
  });
  const claim = `/v1/claims/${offered.claim_token}`;
  let { preview } = await customer.json(claimable, claim);
  // On a machine that others keep busy it isn't counted to its end in the time that one answer has.
  for (let again = 0; again < 5 && !preview.complete; again++)
    ({ preview } = await customer.json(claimable, claim));
  expect(preview).toMatchObject({ name: "delivery", files: FILES, links: LINKS, endpoints: ENDPOINTS });
  expect([preview.complete, preview.bytes, preview.folders]).toEqual([true, FILES * 5, FOLDERS + 15]);

  const waiting = agent.status(`${feed}&after=${heard}&wait=20`);
  const all = await Promise.all(
    Array.from({ length: CLAIMERS }, () =>
      customer.status(claim, { json: { organization: organization_id } }),
    ),
  );
  expect(all.filter((status) => status === 200)).toHaveLength(1);
  expect(all.filter((status) => ![200, 409, 410, 429, 503].includes(status))).toEqual([]);

  const [file, lock, link] = [files[0] ?? "", locks[0], links[0]];
  const form = { "Lock-Token": String(lock?.lock_token) };
  const askedBy = async (who: ReturnType<typeof by>) =>
    Promise.all([
      ...[`/v1/workspaces/${workspace_id}`, list, `${list}&cursor=${cursor}`].map((path) => who.status(path)),
      ...[`/v1/files/${file}`, `/v1/files/${file}/versions`, `/v1/files/${file}/content`].map((path) =>
        who.status(path),
      ),
      ...[`/v1/files/${file}/shares`, `/v1/shares/${link?.share_id}`, `/v1/files/${file}/lock`].map((path) =>
        who.status(path),
      ),
      ...[feed, `${feed}&after=${heard}`, `/v1/workspaces/${workspace_id}/trash`].map((path) =>
        who.status(path),
      ),
      who.status(`/v1/shares/${link?.share_id}`, { method: "DELETE" }),
      who.status(`/v1/files/${file}`, { method: "PATCH", json: { tags: ["late"] }, headers: form }),
      who.status(`/v1/files/${file}/lock/renew`, { json: { lock_token: lock?.lock_token } }),
      who.status("/v1/uploads", { json: { workspace: workspace_id, filename: "x.txt", size: 1 } }),
      who.status(`/v1/uploads/${session.upload_id}/finalize`, { json: {} }),
      who.status("/v1/transfers", { json: { resource: { type: "workspace", id: workspace_id } } }),
    ]);
  expect(await askedBy(agent)).toEqual(Array(18).fill(404));
  expect(await askedBy(by(String(key["api_key"])))).toEqual(Array(18).fill(404));
  expect(await by(String(narrow["api_key"])).status(`/v1/files/${file}`)).toBe(404);
  expect(await by(String(session["upload_token"])).status(`/v1/uploads/${session.upload_id}`)).toBe(404);
  expect(await waiting).toBe(404);
  const some = grantees.filter((_, at) => at % 20 === 0);
  const readers = await inParallel(some, AT_ONCE, async ({ client_id, client_secret, file: its }) => {
    const their = { clientId: client_id, clientSecret: client_secret };
    const token = await createApiClient({ origin: story.cloud.apiUrl, now: deps.now, ...their }).token();
    return by(token).status(`/v1/files/${its}`);
  });
  expect(readers).toEqual(readers.map(() => 404));

  // She has it whole, its links go on, and endpoints of before hear nothing of what she does.
  const before = receiver.received.length;
  const opened = await inParallel(links, AT_ONCE, async ({ share_url }) => {
    return (await fetch(share_url, { redirect: "manual" })).status;
  });
  expect(opened).toEqual(Array(LINKS).fill(302));
  expect(await customer.status(`/v1/files/${file}`, { method: "PATCH", json: { tags: ["mine"] } })).toBe(200);
  let seen = 0;
  for (let after: string | null = ""; after !== null; ) {
    const more = after === "" ? "" : `&cursor=${after}`;
    const read: { items: { kind: string }[]; next_cursor: string | null } = await customer.json(
      page.of(z.looseObject({ kind: z.string() })),
      `/v1/workspaces/${workspace_id}/files?recursive=true&limit=100${more}`,
    );
    seen += read.items.filter(({ kind }) => kind === "file").length;
    after = read.next_cursor;
  }
  expect(seen).toBe(FILES);
  story.advance(61_000);
  await story.cloud.waitForIdle();
  expect(receiver.received.length).toBe(before);

  // The sweep ends what is left of before, page by page.
  for (let minutes = 0; minutes < 90; minutes++) {
    const [record] = await story.table.batchGet([keys.workspace(workspace_id)]);
    if (record?.["tidying"] === undefined) break;
    story.advance(61_000);
    await story.cloud.waitForIdle();
  }
  const granted = await story.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.resourceGrant(workspace_id, "").pk, prefix: under.resourceGrants },
  });
  expect(granted.items.map(({ principal_id }) => principal_id)).toEqual([zoe.person_id]);
  const held = await story.table.batchGet(locks.map(({ id }) => keys.node(id)));
  expect(held.filter(({ lock: kept }) => kept !== undefined)).toEqual([]);
  expect((await story.table.batchGet([keys.node(rootFolder(workspace_id))])).length).toBe(1);
}, 900_000);
