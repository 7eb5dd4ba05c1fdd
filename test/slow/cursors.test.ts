/** Cursors that no list gave, on every route that takes one: 400 invalid_cursor, or a page, and never an error of ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { rootFolder } from "#core/access/place.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { webhook } from "#core/endpoints/contract.ts";
import { cursorAfter } from "#core/kernel/cursor.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
const ids: Record<string, string> = {};
beforeAll(async () => {
  story = await startStory({ scopes: ["admin"] });
  const { file_id, folder_id } = await story.upload(Buffer.from("x"), { filename: "folder/a.txt" });
  const second = await story.json(startAnswer, "/v1/uploads", { json: { filename: "b.bin", size: 1 } });
  const receiver = await story.receiver();
  const hook = await story.json(webhook, "/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  const group = await story.json(
    z.looseObject({ group_id: z.string(), organization_id: z.string() }),
    "/v1/groups",
    {
      json: { name: "readers" },
    },
  );
  Object.assign(ids, { group: group.group_id, organization: group.organization_id });
  Object.assign(ids, { file: file_id, folder: folder_id, upload: second.upload_id, hook: hook.webhook_id });
});
afterAll(() => story?.stop());

const parameter = z.looseObject({ name: z.string(), in: z.string() });
const openapi = z.object({
  paths: z.record(
    z.string(),
    z.object({ get: z.object({ parameters: z.array(parameter).optional() }).optional() }),
  ),
});

/** Every GET that takes a cursor, by what the API says of itself, with ids that exist. */
async function lists(): Promise<{ path: string; by: string; kind: string }[]> {
  const { paths } = await story.json(openapi, "/openapi.json");
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const by = get?.parameters?.find(({ name }) => name === "cursor" || name === "after")?.name;
    if (by === undefined) return [];
    const whole = path
      .replace(/\/workspaces\/\{(id|ws)\}/, `/workspaces/${story.workspaceId}`)
      .replace("/files/{id}", `/files/${ids["file"]}`)
      .replace("/uploads/{id}", `/uploads/${ids["upload"]}`)
      .replace("/webhooks/{id}", `/webhooks/${ids["hook"]}`)
      .replace("/folders/{id}", `/folders/${ids["folder"]}`)
      .replace("/orgs/{id}", `/orgs/${ids["organization"]}`)
      .replace("/groups/{id}", `/groups/${ids["group"]}`);
    if (whole.includes("{")) throw new Error(`${path}: there is no such id here`);
    return [{ path: whole, by, kind: path }];
  });
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const bent = [
  "",
  " ",
  "x",
  "\0",
  "\ud800",
  "\uffff",
  "é".repeat(255),
  "😀".repeat(127),
  "#",
  "META",
  "SEQ#000000000001",
  "VER#",
  "STATE",
  "SECRET",
  "0",
  "-1",
  "1e9",
  "999999999999",
  "__proto__",
  "../x",
  "z".repeat(255),
];
/** The mark of a route's list, which a forger can make: it is a hash of ids that they may see. */
function marksOf(kind: string): string[] {
  const of: Record<string, string[]> = {
    "/v1/workspaces": ["workspaces"],
    "/v1/workspaces/{ws}/files": [`folder ${rootFolder(story.workspaceId)}`],
    "/v1/folders/{id}/children": [`folder ${ids["folder"]}`],
    "/v1/files/{id}/versions": [`versions ${ids["file"]}`],
    "/v1/files/{id}/shares": [`shares ${ids["file"]}`],
    "/v1/webhooks": [`webhooks ${story.clientId}`],
    "/v1/webhooks/{id}/deliveries": [`deliveries ${ids["hook"]} undefined undefined undefined undefined`],
    "/v1/events": [`events ${story.workspaceId}`],
    "/v1/orgs": [`organizations ${story.clientId}`],
    "/v1/orgs/{id}/members": [`members ${ids["organization"]} `],
    "/v1/orgs/{id}/policy/versions": [`policies ${ids["organization"]}`],
    "/v1/workspaces/{id}/policy/versions": [`policies ${story.workspaceId}`],
    "/v1/orgs/{id}/invitations": [`invitations ${ids["organization"]} `],
    "/v1/workspaces/{id}/trash": [`trash ${story.workspaceId}`],
    "/v1/orgs/{id}/trash": [`trash ${FIRST_ORGANIZATION}`],
    "/v1/clients": [`clients ${ids["organization"]}`],
    "/v1/keys": [`keys ${story.clientId}`],
    "/v1/groups": [`groups ${ids["organization"]}`],
    "/v1/groups/{id}/members": [`group ${ids["group"]}`],
    "/v1/me/grants": ["my grants"],
    "/v1/uploads": ["open uploads"],
    "/v1/transfers": [`transfers ${story.clientId}`],
    "/v1/workspaces/{id}/grants": [`grants ${story.workspaceId}`],
    "/v1/folders/{id}/grants": [`grants ${ids["folder"]}`],
    "/v1/files/{id}/grants": [`grants ${ids["file"]}`],
  };
  const marks = of[kind];
  if (marks === undefined) throw new Error(`${kind}: say its list's mark here`);
  return marks;
}

test("every list refuses a cursor that it can't have given", async () => {
  const all = await lists();
  expect(all.length).toBeGreaterThan(5);
  const wrong: string[] = [];
  for (const { path, by, kind } of all) {
    const forged = [
      ...["x", "=", "%00", "AAAA", "null", "a".repeat(2_000)],
      ...[null, 1, {}, [], ["a"], ["a", "b", "c"], [1, 2], ["", ""]].map(encode),
      ...marksOf(kind).flatMap((list) => bent.map((last) => cursorAfter(list, last))),
    ];
    for (let at = 0; at < forged.length; at += 50) {
      const answers = await Promise.all(
        forged.slice(at, at + 50).map(async (cursor) => {
          const query = new URLSearchParams({ [by]: cursor });
          const answer = await story.api(`${path}${path.includes("?") ? "&" : "?"}${query}`);
          const { code } = z.looseObject({ code: z.string().optional() }).parse(await answer.json());
          const fits =
            answer.status === 200 || (answer.status === 400 && /^invalid_(cursor|request)$/.test(code ?? ""));
          return fits ? [] : [`${kind} ${cursor}: ${answer.status} ${code}`];
        }),
      );
      wrong.push(...answers.flat());
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
});
