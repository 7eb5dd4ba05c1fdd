/**
 * A key for one folder, for creating and nothing else: it can't learn whether anything else exists. Each question is
 * asked about something that is there and about the same where there is nothing: answers and AWS calls are the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Client, type Given, read, startWorld, type World } from "#test/support/world.ts";

const NOBODYS = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const SCOPES = ["files:read", "files:write", "files:delete", "locks:write", "shares:write"] as const;

let world: World;
let team: Client;
let folder: string;
let there: { file: string; share: string; upload: string; hidden: string };
beforeAll(async () => {
  world = await startWorld();
  team = await world.client(...SCOPES, "clients:write", "grants:write", "locks:break");
  const sent = await upload(team.request, "drop/taken.txt", {});
  folder = sent.folder_id;
  const hidden = await upload(team.request, "drop/hidden/h.txt", {});
  const other = await world.client(...SCOPES);
  await give(folder, other.client_id, "editor");
  const open = await other.request("/v1/uploads", {
    json: { filename: "o.txt", size: 1, folder_id: folder },
  });
  const session = z.object({ upload_id: z.string() }).parse(await open.json());
  there = {
    file: sent.file_id,
    share: sent.share_id ?? "",
    upload: session.upload_id,
    hidden: hidden.folder_id,
  };
});
afterAll(() => world.close());

type Request = Client["request"];

async function upload(request: Request, path: string, fields: Record<string, string>) {
  const form = new FormData();
  form.set("file", new Blob(["hello"]), path);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return read(finalizeAnswer, request("/v1/files/upload", { method: "POST", body: form }));
}

/** An uploader by a grant, and one by a key whose restriction leaves it `create` alone. */
const uploaders: [string, () => Promise<Request>][] = [
  [
    "a client with the role uploader",
    async () => {
      const client = await world.client(...SCOPES);
      // A workspace of its own would be its to list.
      await give(folder, client.client_id, "uploader");
      return client.request;
    },
  ],
  [
    "a key for creating in one folder, of a client that may do all",
    async () => {
      const expires_at = new Date(world.deps.now() + 86_400_000).toISOString();
      const details = [{ type: "file_access", actions: ["create"], folder }];
      const json = { name: "drop", scopes: ["files:write"], authorization_details: details, expires_at };
      const made = await team.request("/v1/keys", { json });
      const { api_key } = z.object({ api_key: z.string() }).parse(await made.json());
      return (path: string, given: Given = {}) =>
        world.request(path, { ...given, headers: { authorization: `Bearer ${api_key}`, ...given.headers } });
    },
  ],
];

async function give(on: string, principal_id: string, role: string): Promise<void> {
  const answer = await team.request(`/v1/folders/${on}/grants`, { json: { principal_id, role } });
  expect(answer.status).toBe(201);
}

const form = (path: string, fields: Record<string, string>) => {
  const body = new FormData();
  body.set("file", new Blob(["hello"]), path);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return { method: "POST", body };
};

/** Pairs of requests: about what is there, and about nothing. */
const questions = (): [what: string, is: [string, Given], isnt: [string, Given]][] => [
  [
    "a name, by a session",
    ["/v1/uploads", { json: { filename: "taken.txt", size: 5, folder_id: folder } }],
    ["/v1/uploads", { json: { filename: "nobodys.txt", size: 5, folder_id: folder } }],
  ],
  ...(["fail", "rename", "version"] as const).map((if_exists): [string, [string, Given], [string, Given]] => [
    `a name, by a form, if_exists ${if_exists}`,
    ["/v1/files/upload", form("taken.txt", { folder_id: folder, if_exists })],
    ["/v1/files/upload", form("nobodys.txt", { folder_id: folder, if_exists })],
  ]),
  [
    "a name that is a folder's",
    ["/v1/files/upload", form("hidden", { folder_id: folder })],
    ["/v1/files/upload", form("nobody", { folder_id: folder })],
  ],
  [
    "a folder below, by its path",
    ["/v1/files/upload", form("hidden/x.txt", { folder_id: folder })],
    ["/v1/files/upload", form("nobody/x.txt", { folder_id: folder })],
  ],
  [
    "a folder below, from the root",
    ["/v1/files/upload", form("drop/hidden/x.txt", { workspace: team.workspace_id })],
    ["/v1/files/upload", form("drop/nobody/x.txt", { workspace: team.workspace_id })],
  ],
  [
    "a folder beside, from the root",
    ["/v1/uploads", { json: { filename: "hidden/x.txt", size: 1, workspace: team.workspace_id } }],
    ["/v1/uploads", { json: { filename: "nobody/x.txt", size: 1, workspace: team.workspace_id } }],
  ],
  [
    "a file, to write a version of",
    ["/v1/uploads", { json: { file_id: there.file, size: 1 } }],
    ["/v1/uploads", { json: { file_id: `file_${NOBODYS}`, size: 1 } }],
  ],
  ...[
    ["GET", ""],
    ["GET", "/content"],
    ["GET", "/versions"],
    ["DELETE", ""],
    ["PATCH", "", { name: "x" }],
    ["GET", "/lock"],
    ["POST", "/lock", {}],
    ["POST", "/shares", {}],
    ["GET", "/shares"],
    ["GET", "/access"],
    ["GET", "/grants"],
  ].map(([method = "", path = "", json]): [string, [string, Given], [string, Given]] => [
    `a file, by ${method} ${path}`,
    [`/v1/files/${there.file}${path}`, { method: String(method), json }],
    [`/v1/files/file_${NOBODYS}${path}`, { method: String(method), json }],
  ]),
  [
    "files, by a batch of locks",
    ["/v1/locks/batch", { json: { file_ids: [there.file] } }],
    ["/v1/locks/batch", { json: { file_ids: [`file_${NOBODYS}`] } }],
  ],
  [
    "a folder, by its id",
    [`/v1/workspaces/${team.workspace_id}/files?folder=${there.hidden}`, {}],
    [`/v1/workspaces/${team.workspace_id}/files?folder=fld_${NOBODYS}`, {}],
  ],
  [
    "a folder, by its path",
    [`/v1/workspaces/${team.workspace_id}/files?path=drop/hidden`, {}],
    [`/v1/workspaces/${team.workspace_id}/files?path=drop/nobody`, {}],
  ],
  ["another's session", [`/v1/uploads/${there.upload}`, {}], [`/v1/uploads/upl_${NOBODYS}`, {}]],
];

describe.each(uploaders)("%s", (_, make) => {
  let request: Request;
  beforeAll(async () => {
    request = await make();
    // What an environment reads once is read.
    for (const json of [{ filename: "warm.txt", size: 1, folder_id: folder }])
      await request("/v1/uploads", { json });
    await request("/v1/files/upload", form("warm.txt", { folder_id: folder }));
  });

  /** An answer without what names the request, and the AWS calls that it made. */
  async function asked([path, given]: [string, Given]): Promise<{ answer: unknown; calls: string[] }> {
    world.traces.length = 0;
    const answer = await request(path, given);
    const calls = world.traces.map(({ service, action }) => `${service} ${action}`);
    return { answer: faceless(answer.status, await answer.text(), [path, given]), calls: calls.sort() };
  }

  test("is told the same of what is there as of what isn't, at the same cost", async () => {
    const told: string[] = [];
    for (const [what, is, isnt] of questions()) {
      const [yes, no] = [await asked(is), await asked(isnt)];
      expect([what, yes]).toEqual([what, no]);
      told.push(what);
    }
    expect(told.length).toBeGreaterThan(20);
  });

  test("sees what it sent, under the name that it asked for", async () => {
    const sent = await upload(request, "q3.txt", { folder_id: folder });
    expect(sent.name).toBe("q3.txt");
    const again = await upload(request, "q3.txt", { folder_id: folder });
    expect([again.name, again.file_id === sent.file_id]).toEqual(["q3.txt", false]);
    const shown = z
      .object({ name: z.string() })
      .parse(await (await team.request(`/v1/files/${sent.file_id}`)).json());
    expect(shown.name).toMatch(/^q3-[a-z0-9]{10}\.txt$/);
  });
});

/** What differs because two requests were made: ids, times, and the names that were asked about. */
function faceless(status: number, text: string, [path, given]: [string, Given]): unknown {
  const names = /taken\.txt|nobodys\.txt|hidden|nobody/g;
  return [
    status,
    text
      .replaceAll(/(upl|file|ver|fld|shr|ws)_[0-9A-HJKMNP-TV-Z]{26}/g, "$1_")
      .replaceAll(/"[0-9a-f-]{36}"/g, '"request"')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time")
      .replaceAll(/https?:[^"]*/g, "url")
      .replaceAll(names, "name"),
    path.length > 0 && given !== undefined,
  ];
}
