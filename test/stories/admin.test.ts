/** `npm run admin` against a running local cloud. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGION } from "@wharf/local-cloud";
import { folderId } from "@wharf/local-cloud/folder-id.ts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as z from "zod";
import { runAdmin } from "#admin/run.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
let data: string;
beforeAll(async () => {
  story = await startStory();
  data = mkdtempSync(join(tmpdir(), "wharf-admin-"));
  tell(data);
});
afterAll(async () => {
  await story?.stop();
  if (data !== undefined) rmSync(data, { recursive: true, force: true });
});

/** Leaves word in a folder as `npm start` does. */
function tell(folder: string, changes: object = {}): void {
  const { awsUrl, rootCredentials: credentials } = story.cloud;
  const where = { awsUrl, region: REGION, table: story.tableName, credentials };
  const told = { ...where, pid: process.pid, folder: folderId(folder), ...changes };
  writeFileSync(join(folder, "endpoint.json"), JSON.stringify(told));
}

/** Runs a command line; what it printed as JSON and as words. */
async function admin(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runAdmin(
    [...args, "--local", "--data", data],
    {},
    {
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
    },
  );
  return { code, out, err: err.join("\n") };
}

const made = z.object({ client_id: z.string(), client_secret: z.string(), workspace_id: z.string() });
const create = async (...args: string[]) => {
  const { out } = await admin("create-client", ...args);
  return made.parse(JSON.parse(out[0] ?? ""));
};
const statusOf = async (client_id: string, client_secret: string) =>
  (await story.api("/v1/auth/token", { token: null, json: { client_id, client_secret } })).status;

test("a client is made, listed, given a new secret, and revoked", async () => {
  const { client_id, client_secret } = await create("--name", "bot", "--scopes", "files:write,shares:write");
  expect(client_secret).toMatch(/^whs_/);
  expect(await statusOf(client_id, client_secret)).toBe(200);

  const listed = await admin("list-clients");
  const rows = listed.out.map((line) => z.looseObject({ client_id: z.string() }).parse(JSON.parse(line)));
  expect(rows.map((row) => row.client_id)).toEqual(expect.arrayContaining([client_id, story.clientId]));
  expect(listed.out.join("")).not.toContain(client_secret);

  const rotated = await admin("rotate-secret", "--client", client_id);
  const next = z.object({ client_secret: z.string() }).parse(JSON.parse(rotated.out[0] ?? "")).client_secret;
  expect([await statusOf(client_id, client_secret), await statusOf(client_id, next)]).toEqual([200, 200]);
  const retired = await admin("retire-secrets", "--client", client_id);
  expect(JSON.parse(retired.out[0] ?? "")).toEqual({ client_id, secrets_ended: 1 });
  expect([await statusOf(client_id, client_secret), await statusOf(client_id, next)]).toEqual([401, 200]);
  expect((await admin("revoke-client", "--client", client_id)).code).toBe(0);
  expect(await statusOf(client_id, next)).toBe(401);
});

test("a person is made a member, and its key answers", async () => {
  const email = "zoe@example.com";
  const made = await admin(
    "create-person",
    "--email",
    "Zoe@EXAMPLE.com",
    "--name",
    "Zoë Łuk",
    "--days",
    "30",
  );
  expect(made.code).toBe(0);
  const key = z.object({ person_id: z.string(), api_key: z.string(), organization_id: z.string() });
  const { person_id, api_key, organization_id } = key.parse(JSON.parse(made.out[0] ?? ""));
  const list = await story.api("/v1/orgs", { token: api_key });
  expect(z.object({ items: z.array(z.unknown()) }).parse(await list.json()).items).toEqual([
    expect.objectContaining({ organization_id, name: "default", role: "member" }),
  ]);
  const again = await admin("create-person", "--email", email, "--name", "Another", "--role", "owner");
  expect([again.code, again.err]).toEqual([1, expect.stringContaining(person_id)]);

  const organizations = (await admin("list-organizations")).out.map((line) => JSON.parse(line));
  expect(organizations).toEqual([expect.objectContaining({ organization_id, name: "default" })]);
  const members = await admin("list-members", "--organization", organization_id);
  expect(members.out.map((line) => JSON.parse(line))).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ principal_id: person_id, type: "person", email: "Zoe@example.com" }),
      expect.objectContaining({ principal_id: story.clientId, type: "client", role: "member" }),
    ]),
  );
  expect([...made.err, ...members.out].join("")).not.toContain(api_key);
});

test("a policy is shown and set, also one that lets nobody in any more", async () => {
  const of = FIRST_ORGANIZATION;
  const answers = async (...args: string[]) => {
    const { code, out } = await admin(...args);
    return [code, ...out.map((line) => z.looseObject({}).parse(JSON.parse(line)))] as const;
  };
  const set = (policy: object, ...more: string[]) =>
    answers("set-policy", "--of", of, "--policy", JSON.stringify(policy), ...more);
  const [code, first] = await answers("show-policy", "--of", of);
  expect([code, first?.["version"], first?.["policy"]]).toEqual([0, 0, {}]);
  const away = { access: { allowed_cidrs: ["198.51.100.0/24"] } };
  const [, shut] = await set(away, "--version", "0");
  expect(shut).toMatchObject({ version: 1, policy: away, changed_by: "administrator" });
  const path = `/v1/workspaces/${story.workspaceId}/files`;
  expect((await story.api(path)).status).toBe(403);
  expect((await admin("set-policy", "--of", of, "--policy", "{}", "--version", "0")).code).toBe(1);
  const [, open] = await set({});
  expect(open).toMatchObject({ version: 2, policy: {} });
  expect((await story.api(path)).status).toBe(200);
});

test("a workspace is shared with another client", async () => {
  const { client_id, client_secret } = await create("--name", "reader", "--scopes", "files:read");
  const answer = await story.api("/v1/auth/token", { token: null, json: { client_id, client_secret } });
  const token = z.object({ access_token: z.string() }).parse(await answer.json()).access_token;
  const list = () => story.api(`/v1/workspaces/${story.workspaceId}/files`, { token });
  expect((await list()).status).toBe(404);
  const shared = await admin("share-workspace", "--client", client_id, "--workspace", story.workspaceId);
  expect(shared.out.map((line) => JSON.parse(line))).toEqual([
    { client_id, workspace_id: story.workspaceId, workspace: expect.any(String) },
  ]);
  expect((await list()).status).toBe(200);
});

test.for([
  [2, "No command", ["destroy-everything"]],
  [2, "--name is needed", ["create-client", "--scopes", "admin"]],
  [2, "No scope", ["create-client", "--name", "x", "--scopes", "root"]],
  [2, "--name", ["create-client", "--name", "../x", "--scopes", "admin"]],
  [2, "Unknown option", ["list-clients", "--what"]],
  [2, '--role "king"', ["create-client", "--name", "x", "--scopes", "admin", "--role", "king"]],
  [2, '--days "366"', ["create-person", "--email", "a@example.com", "--name", "A", "--days", "366"]],
  [2, '--days "1e1"', ["create-person", "--email", "a@example.com", "--name", "A", "--days", "1e1"]],
  [2, '--name "A "', ["create-person", "--email", "a@example.com", "--name", "A "]],
  [1, '"a" is no e-mail address', ["create-person", "--email", "a", "--name", "A"]],
  [2, "--policy is no JSON", ["set-policy", "--of", FIRST_ORGANIZATION, "--policy", "{"]],
  [2, "--policy: ", ["set-policy", "--of", FIRST_ORGANIZATION, "--policy", '{"links":{"allow":"all"}}']],
  [2, "--version", ["set-policy", "--of", FIRST_ORGANIZATION, "--policy", "{}", "--version", "new"]],
  [1, "No organization", ["show-policy", "--of", "org_01JZZZZZZZZZZZZZZZZZZZZZZZ"]],
  [1, 'No organization has the id "acme"', ["list-members", "--organization", "acme"]],
  [1, "No organization", ["create-client", "--name", "x", "--scopes", "admin", "--organization", "org_1"]],
  [2, '--keep "both"', ["retire-secrets", "--client", "cli_1", "--keep", "both"]],
  [1, "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ", ["revoke-client", "--client", "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ"]],
  [1, 'No client has the id "nobody"', ["rotate-secret", "--client", "nobody"]],
  [1, "ids (ws_…) are needed", ["share-workspace", "--client", "cli_1", "--workspace", "local"]],
] as const)("exit code %i with %j for a command that can't be done", async ([code, words, args]) => {
  const ended = await admin(...args);
  expect(ended.code).toBe(code);
  expect(ended.out).toEqual([]);
  expect(ended.err).toContain(words);
  expect(ended.err).not.toContain("    at ");
});

test("without a cloud on the directory it says how to start one", async () => {
  const empty = mkdtempSync(join(tmpdir(), "wharf-admin-"));
  try {
    const err: string[] = [];
    const to = { out: () => {}, err: (line: string) => void err.push(line) };
    expect(await runAdmin(["list-clients", "--local", "--data", empty], {}, to)).toBe(1);
    expect(err.join("\n")).toContain("npm start");
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});

test("a copy of the folder of a running cloud, and one whose cloud was killed, lead to no cloud", async () => {
  const copy = join(mkdtempSync(join(data, "of-")), "copy");
  cpSync(join(data, "endpoint.json"), join(copy, "endpoint.json"));
  const killed = mkdtempSync(join(data, "killed-"));
  const { pid } = spawnSync("true");
  tell(killed, { pid });
  for (const folder of [copy, killed])
    expect(await refused("list-clients", "--local", "--data", folder)).toEqual([
      1,
      expect.stringContaining(`No local cloud runs on ${folder}: `),
    ]);
});

/** Runs a command line as it is; the exit code and what was said of the fault. */
async function refused(...args: string[]) {
  const err: string[] = [];
  const code = await runAdmin(args, {}, { err: (line) => void err.push(line) });
  return [code, err.join("\n")];
}

test("what AWS lacks is said in words that help", async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/nowhere");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  try {
    const list = ["list-clients", "--table", "wharf"];
    expect(await refused(...list)).toEqual([1, expect.stringMatching(/^No AWS region: say --region/)]);
    expect(await refused(...list, "--region", "eu-west-1")).toEqual([
      1,
      expect.stringMatching(/^No AWS credentials/),
    ]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a table that isn't there is named as the fault", async () => {
  const folder = mkdtempSync(join(data, "another-"));
  tell(folder, { table: "another" });
  expect(await refused("list-clients", "--local", "--data", folder)).toEqual([
    1,
    expect.stringMatching(/^There is no such table/),
  ]);
});

test("all of these commands need no more than docs/policies/administer.json", () => {
  const [statement] = z
    .object({ Statement: z.array(z.object({ Action: z.array(z.string()) })) })
    .parse(JSON.parse(readFileSync("docs/policies/administer.json", "utf8"))).Statement;
  const allowed = statement?.Action.map((action) => action.replace("dynamodb:", ""));
  const called = story.cloud.traces().flatMap(({ caller, action }) => (caller === "root" ? [action] : []));
  expect(called).toContain("TransactWriteItems");
  // A transaction needs the permissions of its items: puts, updates, deletions and checks, which are all there.
  expect([...(allowed ?? []), "TransactWriteItems"]).toEqual(expect.arrayContaining([...new Set(called)]));
});
