/** Two clients in one workspace: the one without `files:read` handles what it made itself, whatever it tries. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { page } from "#contract/common.ts";
import type { FinalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { type Story, startStory } from "#test/support/story.ts";

type Client = Awaited<ReturnType<Story["client"]>>;
const bytes = (content: string) => new TextEncoder().encode(content);

let team: Story;
let uploader: Client;
beforeAll(async () => {
  team = await startStory({ name: "team" });
  uploader = await team.client("uploader", [
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  ]);
  const deps = { table: team.table, now: team.cloud.clock.now };
  await shareWorkspace(deps, { clientId: uploader.clientId, workspaceId: team.workspaceId });
});
afterAll(() => team?.stop());

const start = {
  get workspace() {
    return team.workspaceId;
  },
};
const put = (client: Client | Story, filename: string, content: string): Promise<FinalizeAnswer> =>
  client.upload(bytes(content), { filename, start: { workspace: start.workspace } });

/** What whoever holds the link downloads. */
async function opened(url: string | null): Promise<string | number> {
  const answer = await fetch(url ?? "");
  return answer.status === 200 ? answer.text() : answer.status;
}

describe("a file that the uploader made and the team wrote to", () => {
  let squatted: FinalizeAnswer;
  let second: FinalizeAnswer;
  let third: FinalizeAnswer;
  beforeAll(async () => {
    squatted = await put(uploader, "report.txt", "the uploader's");
    second = await put(team, "report.txt", "the team's secret");
    third = await put(team, "report.txt", "the team's newest");
    expect([second.file_id, third.file_id]).toEqual([squatted.file_id, squatted.file_id]);
  });
  const file = () => `/v1/files/${squatted.file_id}`;

  test("its links lead to its own version, those from before and new ones", async () => {
    expect(await opened(squatted.share_url)).toBe("the uploader's");
    const made = await uploader.json(share, `${file()}/shares`, { json: {} });
    expect(made.version_id).toBe(squatted.version_id);
    expect(await opened(made.share_url)).toBe("the uploader's");
    const shown = await fetch(made.share_url, { headers: { Accept: "text/html" } });
    expect(await shown.text()).toContain("14 bytes");
    expect(await opened(second.share_url)).toBe("the team's newest");
  });

  test("it sees its own links and none of the team's", async () => {
    const listed = await uploader.api(`${file()}/shares`);
    const { items } = (await listed.json()) as { items: { share_id: string }[] };
    expect(items.map(({ share_id }) => share_id)).toContain(squatted.share_id);
    for (const { share_id } of [second, third]) {
      expect(items.map((item) => item.share_id)).not.toContain(share_id);
      expect((await uploader.api(`/v1/shares/${share_id}`)).status).toBe(404);
      expect((await uploader.api(`/v1/shares/${share_id}`, { method: "DELETE" })).status).toBe(404);
    }
    expect(await opened(second.share_url)).toBe("the team's newest");
  });

  test("nothing that it does reaches the file or the team's versions", async () => {
    const versions = `${file()}/versions`;
    const tries: [string, string, unknown?, Record<string, string>?][] = [
      ["GET", file()],
      ["GET", `${file()}/content`],
      ["GET", versions],
      ["GET", `${versions}/${second.version_id}/content`],
      ["PATCH", file(), { name: "mine.txt" }],
      ["DELETE", file()],
      ["POST", `${versions}/${squatted.version_id}/restore`, {}],
      ["POST", `${versions}/${second.version_id}/restore`, {}],
      ["DELETE", `${versions}/${second.version_id}`],
      ["GET", `${file()}/lock`],
      ["POST", `${file()}/lock`, {}],
      ["POST", `${file()}/lock/wait`, { wait_seconds: 1 }],
      ["POST", `${file()}/lock/renew`, { lock_token: "x" }],
      ["DELETE", `${file()}/lock`, undefined, { "Lock-Token": "x" }],
      ["POST", `${file()}/lock/break`, { reason: "mine" }],
      ["POST", "/v1/locks/batch", { file_ids: [squatted.file_id] }],
    ];
    for (const [method, path, json, headers = {}] of tries) {
      const { status } = await uploader.api(path, { method, json, headers });
      expect([method, path, [403, 404].includes(status) || status]).toEqual([method, path, true]);
    }
    const kept = (await (await team.api(versions)).json()) as { items: unknown[] };
    expect(kept.items).toHaveLength(3);
  });

  test("the name is taken for it, at the start, at finalize and in one request", async () => {
    const json = { filename: "report.txt", size: 1, workspace: team.workspaceId };
    expect((await uploader.api("/v1/uploads", { json })).status).toBe(409);
    const form = new FormData();
    form.set("file", new Blob(["x"]), "report.txt");
    form.set("workspace", team.workspaceId);
    expect((await uploader.api("/v1/files/upload", { method: "POST", body: form })).status).toBe(409);
    expect(await opened(third.share_url)).toBe("the team's newest");
  });

  test("it may delete its own old version, and its links end with that", async () => {
    const version = `${file()}/versions/${squatted.version_id}`;
    expect((await uploader.api(version, { method: "DELETE" })).status).toBe(204);
    expect(await opened(squatted.share_url)).toBe(410);
    expect((await team.json(share, `/v1/shares/${squatted.share_id}`)).state).toBe("deleted");
    const { items } = await team.json(page.of(share), `${file()}/shares`);
    const stateOf = (id: string | null) => items.find(({ share_id }) => share_id === id)?.state;
    expect([stateOf(squatted.share_id), stateOf(third.share_id)]).toEqual(["deleted", "active"]);
    expect((await uploader.api(`${file()}/shares`, { json: {} })).status).toBe(404);
    expect(await opened(third.share_url)).toBe("the team's newest");
  });
});

test("a session that was started before the team wrote ends in 409, and leaves the team's version", async () => {
  const first = await put(uploader, "race.txt", "first");
  const started = await uploader.start("race.txt", 4, { workspace: team.workspaceId });
  await fetch(started.parts[0]?.url ?? "", { method: "PUT", body: "late" });
  const theirs = await put(team, "race.txt", "the team's");
  expect(theirs.file_id).toBe(first.file_id);
  const late = await uploader.api(`/v1/uploads/${started.upload_id}/finalize`, { json: {} });
  expect(late.status).toBe(409);
  expect(await opened(theirs.share_url)).toBe("the team's");
});

test("what it made itself it goes on handling, also when the team has restored an old version of it", async () => {
  const one = await put(uploader, "daily.txt", "one");
  const two = await put(uploader, "daily.txt", "two");
  const file = `/v1/files/${one.file_id}`;
  const restore = await team.api(`${file}/versions/${one.version_id}/restore`, { json: {} });
  expect(restore.status).toBe(200);
  const three = await put(uploader, "daily.txt", "three");
  expect([two.file_id, three.file_id]).toEqual([one.file_id, one.file_id]);
  expect(await opened(two.share_url)).toBe("two");
  const lock = await uploader.api(`${file}/lock`, { json: {} });
  expect(lock.status).toBe(201);
  const { lock_token } = (await lock.json()) as { lock_token: string };
  const headers = { "Lock-Token": lock_token };
  expect((await uploader.api(`${file}/lock/renew`, { json: { lock_token } })).status).toBe(200);
  const moved = await uploader.api(file, { method: "PATCH", json: { name: "moved.txt" }, headers });
  expect(moved.status).toBe(200);
  expect((await uploader.api(`${file}/lock`, { method: "DELETE", headers })).status).toBe(204);
  expect((await uploader.api(`${file}/versions/${two.version_id}/restore`, { json: {} })).status).toBe(200);
  expect((await uploader.api(file, { method: "DELETE" })).status).toBe(204);
});

describe("a narrower token of a client that may read", () => {
  const narrow = async (scope: string) => {
    const json = { client_id: team.clientId, client_secret: team.clientSecret, scope };
    const answer = await team.api("/v1/auth/token", { token: null, json });
    return ((await answer.json()) as { access_token: string }).access_token;
  };

  test("learns no link that leads to more than it may see", async () => {
    const done = await put(team, "plain.txt", "plain");
    const token = await narrow("files:write shares:write");
    expect((await team.api(`/v1/shares/${done.share_id}`, { token })).status).toBe(404);
    const listed = await team.api(`/v1/files/${done.file_id}/shares`, { token });
    expect(await listed.json()).toEqual({ items: [], next_cursor: null });
  });

  test.for(["files:write", "files:write shares:write"])(
    "with %s, finalize's repeat shows no link",
    async (scope) => {
      const started = await team.start(`repeat-${scope}.txt`, 1);
      await fetch(started.parts[0]?.url ?? "", { method: "PUT", body: "x" });
      const path = `/v1/uploads/${started.upload_id}/finalize`;
      const headers = { "Idempotency-Key": `first ${scope}` };
      const first = await team.api(path, { json: {}, headers });
      const { share_url } = (await first.json()) as FinalizeAnswer;
      expect(share_url).toMatch(/\/s\//);
      const token = await narrow(scope);
      const none = { share_url: null, share_id: null, expires_at: null };
      expect(await (await team.api(path, { json: {}, token })).json()).toMatchObject(none);
      // Who may know of the link is told that there is one; who may not, that there is none for it.
      expect(await (await team.api(path, { json: { share: false }, token })).json()).toMatchObject(none);
      expect(await (await team.api(path, { json: { share: false } })).json()).toMatchObject({
        ...{ code: "terms_mismatch", terms: ["share"] },
      });
      const replayed = await team.api(path, { json: {}, headers, token });
      expect(replayed.headers.get("idempotency-replayed")).toBe("true");
      expect(await replayed.json()).toMatchObject(none);
      expect(await (await team.api(path, { json: {} })).json()).toMatchObject({ share_url });
    },
  );

  test("gets no recorded answer that was made for a broader one", async () => {
    const done = await put(team, "shared.txt", "shared");
    const form = new FormData();
    form.set("file", new Blob(["x"]), "form.txt");
    const headers = { "Idempotency-Key": "broad" };
    const token = await narrow("files:write shares:write");
    const path = `/v1/files/${done.file_id}/shares`;
    expect((await team.api(path, { json: {}, headers })).status).toBe(201);
    const again = await team.api(path, { json: {}, headers, token });
    expect(again.status).toBe(403);
    expect(await again.json()).toMatchObject({
      code: "forbidden",
      required_scopes: expect.arrayContaining(["files:read"]),
    });
    const upload = { method: "POST", body: form, headers: { "Idempotency-Key": "form" } };
    expect(await (await team.api("/v1/files/upload", upload)).json()).toMatchObject({
      share_url: expect.stringContaining("/s/"),
    });
    const shown = await team.api("/v1/files/upload", { ...upload, token });
    expect(await shown.json()).toMatchObject({ share_url: null, share_id: null });
  });
});
