import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { due, keys, sha256 } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { nameProblem } from "#contract/names.ts";
import { rootFolder } from "#core/access/place.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { file, fileDetail, urlAnswer } from "#core/files/contract.ts";
import { folderPage } from "#core/files/list-contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const listing = folderPage;

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
  await world.addFile(client, "top.txt");
});
afterAll(() => world.close());

const patch = (id: string, json: unknown, headers: Record<string, string> = {}) =>
  client.request(`/v1/files/${id}`, { method: "PATCH", json, headers });
const list = (by: Client, query = "") =>
  read(listing, by.request(`/v1/workspaces/${by.workspace_id}/files${query}`));
const folders = ({ items }: z.infer<typeof listing>) =>
  items.flatMap((item) => (item.kind === "folder" ? [item.folder_id] : []));
const names = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name);

/** Makes a lease stand on a file, as an acquisition leaves it. */
async function lock(fileId: string, { token, expires_ms }: { token: string; expires_ms: number }) {
  const lease = {
    lock_id: "lock_1",
    token_hash: sha256(token),
    client_id: client.client_id,
    holder: "agent",
  };
  await world.deps.table.update({
    blind: "seeded",
    key: keys.node(fileId),
    update: {
      set: {
        ...due("lock", expires_ms, fileId),
        lock: {
          ...lease,
          generation: 1,
          acquired_ms: world.deps.now(),
          expires_ms,
          ttl_seconds: 60,
        },
        fencing: 1,
      },
    },
  });
}

describe("listing", () => {
  test("goes by the UTF-8 bytes of the names, page by page, folders among files", async () => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const given = ["b", "a", "Z", "é", "𝄞", "ｚ", "10", "9", "deep/er/file", "a b"];
    for (const path of given) await world.addFile(by, path);
    const expected = [...new Set(given.map((path) => path.split("/")[0] ?? ""))].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    expect(names(await list(by))).toEqual(expected);

    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 20; pages++) {
      const some = await list(by, `?limit=3${cursor}`);
      seen.push(...names(some));
      if (some.next_cursor === null) break;
      expect(some.items).toHaveLength(3);
      cursor = `&cursor=${some.next_cursor}`;
    }
    expect(seen).toEqual(expected);
  });

  test("finds a folder by path and by id, and shows what the API calls files and folders", async () => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const file_id = await world.addFile(by, "reports/2026/q3.pdf", "12345");
    const root = await list(by);
    expect(root.items).toEqual([
      {
        ...{ kind: "folder", folder_id: expect.any(String), name: "reports", path: "reports" },
        parent_id: rootFolder(by.workspace_id),
      },
    ]);
    const [reports] = folders(root);
    const byId = await list(by, `?folder=${reports}`);
    expect(names(byId)).toEqual(["2026"]);
    for (const path of ["reports/2026", "/reports/2026/", "%2Freports%2F2026"]) {
      const { items } = await list(by, `?path=${path}`);
      expect(items).toEqual([
        {
          kind: "file",
          file_id,
          workspace_id: by.workspace_id,
          folder_id: folders(byId)[0],
          name: "q3.pdf",
          path: "reports/2026/q3.pdf",
          size: 5,
          content_type: "text/plain",
          version_id: expect.stringMatching(/^ver_/),
          created_at: expect.any(String),
          created_by: by.client_id,
          updated_at: expect.any(String),
        },
      ]);
    }
    expect(names(await list(by, "?path=/"))).toEqual(["reports"]);
    const byName = await read(listing, by.request(`/v1/workspaces/${by.name}/files`));
    expect(names(byName)).toEqual(["reports"]);
  });

  test.each([
    ["a folder that isn't there", "?path=no/such", 404, "not_found"],
    ["a file as a folder", "?path=top.txt", 404, "not_found"],
    ["a folder of nobody", "?folder=fld_01JZZZZZZZZZZZZZZZZZZZZZZZ", 404, "not_found"],
    ["both ways at once", "?path=/&folder=fld_01JZZZZZZZZZZZZZZZZZZZZZZZ", 400, "invalid_request"],
    ["a path that climbs", "?path=a/../b", 400, "invalid_request"],
    ["an empty folder name", "?path=a//b", 400, "invalid_request"],
    ["a page too long", "?limit=101", 400, "invalid_request"],
    ["an unknown parameter", "?order=desc", 400, "unknown_field"],
    ["a cursor of another's making", "?cursor=AAAA", 400, "invalid_cursor"],
    ["what is neither true nor false", "?recursive=1", 400, "invalid_request"],
    ["it in capitals", "?recursive=True", 400, "invalid_request"],
    ["nothing said of it", "?recursive=", 400, "invalid_request"],
    ["it said twice", "?recursive=true&recursive=false", 400, "invalid_request"],
    ["a day", "?updated_since=2026-01-01", 400, "invalid_request"],
    ["a day that isn't", "?updated_since=2026-02-30T00:00:00Z", 400, "invalid_request"],
    ["a time of no zone", "?updated_since=2026-01-01T00:00:00", 400, "invalid_request"],
    ["a plus that is a space", "?updated_since=2026-01-01T00:00:00+02:00", 400, "invalid_request"],
    ["seconds", "?updated_since=1767225600", 400, "invalid_request"],
    ["a time to come", "?updated_since=2999-01-01T00:00:00Z", 400, "invalid_request"],
  ])("refuses %s", async (_, query, status, code) => {
    const answer = client.request(`/v1/workspaces/${client.workspace_id}/files${query}`);
    expect(await refusal(answer)).toEqual([status, code]);
  });

  test("says of a time that is none which ones there are, and of one to come that it is", async () => {
    const told = async (query: string) =>
      read(problem, client.request(`/v1/workspaces/${client.workspace_id}/files?updated_since=${query}`));
    expect(JSON.stringify(await told("yesterday"))).toContain("2026-01-01T00:00:00Z");
    expect((await told("2999-01-01T00:00:00Z")).detail).toMatch(/2999-01-01.* it is 20\d\d-.* now/);
  });

  test("refuses the cursor of a list of others, or of more or fewer", async () => {
    const by = await world.client("files:read");
    for (const path of ["x/1", "x/2", "x/y/3"]) await world.addFile(by, path);
    const since = "updated_since=2026-01-01T00:00:00Z";
    const given = ["", "recursive=true", since, `${since}&recursive=true`];
    for (const query of given) {
      const { next_cursor } = await list(by, `?path=x&limit=1&${query}`);
      for (const other of [...given, "tag=a"].filter((one) => one !== query)) {
        const path = `/v1/workspaces/${by.workspace_id}/files?path=x&${other}&cursor=${next_cursor}`;
        expect([query, other, ...(await refusal(by.request(path)))]).toEqual([
          ...[query, other, 400, "invalid_cursor"],
        ]);
      }
    }
    const { next_cursor } = await list(by, "?path=x&limit=1&recursive=true");
    // The same moment, however it is written; and the folder's own route, which gives the same list.
    const [folder] = folders(await list(by));
    const rest = `?recursive=true&cursor=${next_cursor}`;
    expect(await read(listing, by.request(`/v1/folders/${folder}/children${rest}`))).toEqual(
      await list(by, `${rest}&path=x`),
    );
    const first = await list(by, `?path=x&limit=1&${since}`);
    const offset = "updated_since=2026-01-01T02:00:00.000%2B02:00";
    expect(names(await list(by, `?path=x&${offset}&cursor=${first.next_cursor}`))).toEqual(["2"]);
  });

  test("refuses a cursor that was made up, and never fails over it", async () => {
    const by = await world.client("files:read");
    for (const path of ["x/1", "x/2", "x/y/3"]) await world.addFile(by, path);
    const { next_cursor } = await list(by, "?limit=1&recursive=true");
    const [mark, as_of, folder] = Buffer.from(next_cursor ?? "", "base64url")
      .toString("utf8")
      .split("\n");
    const send = async (...lines: (string | undefined)[]) => {
      const cursor = Buffer.from(lines.join("\n")).toString("base64url");
      return (await by.request(`/v1/workspaces/${by.workspace_id}/files?recursive=true&cursor=${cursor}`))
        .status;
    };
    const paths = ["", "/", "a//b", "/a", "x".repeat(256), `${"a/".repeat(33)}b`];
    for (const path of paths) expect([path, await send(mark, as_of, folder, path)]).toEqual([path, 400]);
    expect(await send(mark, as_of, "fld_x", "a")).toBe(400);
    expect(await send(mark, "zzzzzzzzzzzz", folder, "a")).toBe(400);
    expect(await send(mark, as_of, folder)).toBe(400);
    // Of folders that aren't there, or aren't below: as though they were gone.
    for (const path of ["a", "no/such/thing", "x/1/as a folder", `${"a/".repeat(32)}b`, "x/"])
      expect([path, await send(mark, as_of, `fld_${"0".repeat(26)}`, path)]).toEqual([path, 200]);
  });

  test("tells of what has changed since, by what the list before said, and of folders nothing", async () => {
    const by = await world.client("files:read", "files:write");
    const old = await world.addFile(by, "x/old");
    await world.addFile(by, "x/y/same");
    world.advance(300_000);
    const all = await list(by, "?recursive=true&limit=2");
    const rest = await list(by, `?recursive=true&limit=2&cursor=${all.next_cursor}`);
    expect(rest.as_of).toBe(all.as_of);
    expect([...all.items, ...rest.items].map(({ path }) => path)).toEqual(["x", "x/old", "x/y", "x/y/same"]);
    expect(Date.parse(all.as_of ?? "")).toBeLessThan(world.deps.now() - 60_000);
    const since = `updated_since=${all.as_of}`;
    expect((await list(by, `?recursive=true&${since}`)).items).toEqual([]);
    await world.addFile(by, "x/y/new");
    await by.request(`/v1/files/${old}`, { method: "PATCH", json: { description: "changed" } });
    const changed = await list(by, `?recursive=true&${since}`);
    expect(changed.items.map(({ path }) => path)).toEqual(["x/old", "x/y/new"]);
    // One folder's too; and both together.
    expect(names(await list(by, `?path=x&${since}`))).toEqual(["old"]);
    await by.request(`/v1/files/${old}`, { method: "PATCH", json: { tags: ["t"] } });
    expect((await list(by, `?recursive=true&tag=t&${since}`)).items).toMatchObject([{ file_id: old }]);
    expect((await list(by, "?recursive=true&tag=t")).items).toMatchObject([{ file_id: old }]);
    expect(await list(by, "?path=x")).not.toHaveProperty("as_of");
    // At that moment too: what is asked for is no later than what has changed.
    const { updated_at } = await read(file, by.request(`/v1/files/${old}`));
    expect(names(await list(by, `?path=x&updated_since=${updated_at}`))).toEqual(["old"]);
  });

  test("of all that is below has nothing that is in the trash, nor what is below what is", async () => {
    const by = await world.client("files:read", "files:write", "files:delete");
    const gone = await world.addFile(by, "x/gone");
    await world.addFile(by, "x/y/z/lost");
    await world.addFile(by, "x/stays");
    const paths = async () => (await list(by, "?recursive=true")).items.map(({ path }) => path);
    expect(await paths()).toEqual(["x", "x/gone", "x/stays", "x/y", "x/y/z", "x/y/z/lost"]);
    const [y] = folders(await list(by, "?path=x"));
    expect((await by.request(`/v1/files/${gone}`, { method: "DELETE" })).status).toBe(204);
    expect((await by.request(`/v1/folders/${y}`, { method: "DELETE" })).status).toBe(204);
    expect(await paths()).toEqual(["x", "x/stays"]);
    expect((await by.request(`/v1/folders/${y}/children?recursive=true`)).status).toBe(404);
    expect((await by.request(`/v1/trash/${y}/restore`, { method: "POST" })).status).toBe(200);
    expect(await paths()).toEqual(["x", "x/stays", "x/y", "x/y/z", "x/y/z/lost"]);
  });

  test("refuses the cursor of another folder", async () => {
    const by = await world.client("files:read");
    for (const path of ["x/1", "x/2", "y/1"]) await world.addFile(by, path);
    const { next_cursor } = await list(by, "?path=x&limit=1");
    expect(names(await list(by, `?path=x&cursor=${next_cursor}`))).toEqual(["2"]);
    const other = by.request(`/v1/workspaces/${by.workspace_id}/files?path=y&cursor=${next_cursor}`);
    expect(await refusal(other)).toEqual([400, "invalid_cursor"]);
  });

  test("shows the workspaces of the client alone, and all of them to an admin", async () => {
    const by = await world.client("files:read");
    const { items } = await read(page.of(workspace), by.request("/v1/workspaces"));
    const own = { workspace_id: by.workspace_id, name: expect.any(String), is_default: true };
    expect(items).toEqual([{ ...own, organization_id: FIRST_ORGANIZATION, member_access: "none" }]);

    const admin = await world.client("admin");
    const all: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 50; pages++) {
      const some = await read(page.of(workspace), admin.request(`/v1/workspaces?limit=2${cursor}`));
      all.push(...some.items.map((item) => item.workspace_id));
      if (some.next_cursor === null) break;
      cursor = `&cursor=${some.next_cursor}`;
    }
    expect(all).toEqual([...all].sort());
    expect(all).toEqual(expect.arrayContaining([by.workspace_id, admin.workspace_id]));
  });
});

describe("who may see what", () => {
  test("another client's files don't exist", async () => {
    const stranger = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "shares:write",
    );
    const id = await world.addFile(client, "private.txt");
    const folder = rootFolder(client.workspace_id);
    const attempts = [
      stranger.request(`/v1/files/${id}`),
      stranger.request(`/v1/files/${id}/content`),
      stranger.request(`/v1/files/${id}`, { method: "PATCH", json: { name: "mine" } }),
      stranger.request(`/v1/files/${id}`, { method: "DELETE" }),
      stranger.request(`/v1/files/${id}/shares`, { json: {} }),
      stranger.request(`/v1/files/${id}/shares`),
      stranger.request(`/v1/workspaces/${client.workspace_id}/files`),
      stranger.request(`/v1/workspaces/${stranger.workspace_id}/files?folder=${folder}`),
    ];
    for (const answer of await Promise.all(attempts)) expect(answer.status).toBe(404);
    expect((await client.request(`/v1/files/${id}`)).status).toBe(200);
  });

  test("without files:read a client handles only what it uploaded itself", async () => {
    const team = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "shares:write",
    );
    const upload = await team.withScopes(
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "shares:write",
    );
    const own = await world.addFile(team, "own.txt");
    const others = await world.addFile(
      { ...team, client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
      "others.txt",
    );
    for (const path of [`/v1/files/${own}`, `/v1/files/${own}/content`])
      expect((await upload(path)).status).toBe(403);
    expect((await upload(`/v1/files/${others}`, { method: "DELETE" })).status).toBe(404);
    expect((await upload(`/v1/files/${others}`, { method: "PATCH", json: { name: "x" } })).status).toBe(404);
    expect((await upload(`/v1/files/${others}/shares`, { json: {} })).status).toBe(404);
    expect((await upload(`/v1/files/${own}`, { method: "PATCH", json: { name: "x" } })).status).toBe(200);
    expect((await upload(`/v1/files/${own}/shares`, { json: {} })).status).toBe(201);
    expect((await upload(`/v1/files/${own}`, { method: "DELETE" })).status).toBe(204);
  });
});

test("a file's facts hold the checksum of its current version", async () => {
  const id = await world.addFile(client, "checked.txt", "abc");
  const answer = await client.request(`/v1/files/${id}`);
  const facts = await read(fileDetail, answer);
  expect(answer.headers.get("etag")?.startsWith(`"${facts.version_id}.`)).toBe(true);
  expect(facts.sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

/** `X-Amz-Date` as ISO 8601. */
const signedAt = (url: URL) =>
  (url.searchParams.get("X-Amz-Date") ?? "").replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");

test("what hasn't changed is 304, and a new name has changed both file and folder", async () => {
  const id = await world.addFile(client, "known/a.txt", "abc");
  const folder = `/v1/workspaces/${client.workspace_id}/files?path=known`;
  for (const path of [`/v1/files/${id}`, folder, "/v1/workspaces", `/v1/files/${id}/versions`]) {
    const first = await client.request(path);
    const etag = first.headers.get("etag") ?? "";
    const ask = (value: string) => client.request(path, { headers: { "if-none-match": value } });
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await ask(value);
      expect([path, value, again.status, again.headers.get("etag"), await again.text()]).toEqual([
        ...[path, value, 304, etag, ""],
      ]);
    }
    for (const value of ['"other"', `"x${etag.slice(1)}`, "", "x"])
      expect((await ask(value)).status).toBe(200);
  }
  const tagOf = async (path: string) => (await client.request(path)).headers.get("etag");
  const before = [await tagOf(`/v1/files/${id}`), await tagOf(folder)];
  await client.request(`/v1/files/${id}`, { method: "PATCH", json: { name: "b.txt" } });
  const renamed = [await tagOf(`/v1/files/${id}`), await tagOf(folder)];
  expect(renamed.filter((tag, n) => tag === before[n])).toEqual([]);
});

describe("content", () => {
  test.each([
    ["1", 1],
    ["300", 300],
  ])("works for as long as the caller wants: %s s", async (asked, seconds) => {
    const id = await world.addFile(client, `for-${asked}.txt`);
    const { version_id } = await read(fileDetail, client.request(`/v1/files/${id}`));
    for (const path of [`/v1/files/${id}/content`, `/v1/files/${id}/versions/${version_id}/content`]) {
      const answer = await client.request(`${path}?expires_in=${asked}`);
      expect([answer.status, (await read(urlAnswer, answer)).expires_in]).toEqual([302, seconds]);
      const location = new URL(answer.headers.get("location") ?? "");
      expect(location.searchParams.get("X-Amz-Expires")).toBe(asked);
    }
  });

  let made = 0;
  test.each(["0", "301", "-1", "1.5", "", "soon"])("never for %j s", async (asked) => {
    const id = await world.addFile(client, `never-${made++}.txt`);
    expect(await refusal(client.request(`/v1/files/${id}/content?expires_in=${asked}`))).toEqual([
      400,
      "invalid_request",
    ]);
    expect((await world.events("file_downloaded")).filter((one) => one.file_id === id)).toEqual([]);
  });

  test("redirects to bytes that download under the file's name, in ranges too", async () => {
    const id = await world.addFile(client, "straße & co.txt", "0123456789");
    const answer = await client.request(`/v1/files/${id}/content`);
    expect(answer.status).toBe(302);
    expect(answer.headers.get("etag")).toMatch(/^"ver_\w{26}"$/);
    const url = new URL(answer.headers.get("location") ?? "");
    expect(url.searchParams.get("X-Amz-Expires")).toBe("60");
    const { expires_in, expires_at } = await read(urlAnswer, answer);
    expect([expires_in, Date.parse(expires_at) - Date.parse(signedAt(url))]).toEqual([60, 60_000]);
    const whole = await fetch(url);
    expect(await whole.text()).toBe("0123456789");
    expect(whole.headers.get("content-disposition")).toBe(
      "attachment; filename=\"stra_e & co.txt\"; filename*=UTF-8''stra%C3%9Fe%20%26%20co.txt",
    );
    const part = await fetch(url, { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text()]).toEqual([206, "234"]);

    const [event, ...rest] = (await world.events("file_downloaded")).filter((one) => one.file_id === id);
    expect(rest).toEqual([]);
    expect(event).toMatchObject({
      workspace_id: client.workspace_id,
      actor: { type: "client", id: client.client_id },
      data: { name: "straße & co.txt", size: 10 },
    });
    expect(JSON.stringify(event)).not.toContain("X-Amz");
  });

  test("what browsers would render is served as plain bytes, to be saved", async () => {
    const by = uploader(client);
    for (const [name, content_type, served = "application/octet-stream"] of [
      ["styles.bin", "text/xsl"],
      ["mail.bin", "message/rfc822"],
      ["offline.bin", "text/cache-manifest"],
      ["page.bin", "multipart/related"],
      ["movie.bin", "application/x-shockwave-flash"],
      ["text.bin", "text/plain; charset=utf-8", "text/plain; charset=utf-8"],
    ] as const) {
      const { file_id } = await by.uploaded(name, "a", { content_type });
      const { headers } = await fetch(
        (await client.request(`/v1/files/${file_id}/content`)).headers.get("location") ?? "",
      );
      expect([headers.get("content-type"), headers.get("content-disposition")]).toEqual([
        served,
        expect.stringMatching(/^attachment; filename="\w+\.bin"/),
      ]);
    }
  });

  test("a HEAD tells of no download and gives a URL for a HEAD alone", async () => {
    const id = await world.addFile(client, "head.txt");
    const answer = await client.request(`/v1/files/${id}/content`, { method: "HEAD" });
    const url = answer.headers.get("location") ?? "";
    expect((await fetch(url, { method: "HEAD" })).headers.get("content-length")).toBe("5");
    expect((await fetch(url)).status).toBe(403);
    expect((await world.events("file_downloaded")).filter((one) => one.file_id === id)).toEqual([]);
  });
});

describe("moving", () => {
  test("renames, and tells from where to where", async () => {
    const id = await world.addFile(client, "draft.txt");
    const answer = await patch(id, { name: "final.txt" });
    expect(answer.status).toBe(200);
    const moved = await read(file, answer);
    expect(moved).toMatchObject({ file_id: id, name: "final.txt" });
    expect(await read(file, client.request(`/v1/files/${id}`))).toEqual(moved);
    const listed = names(await list(client));
    expect(listed).toContain("final.txt");
    expect(listed).not.toContain("draft.txt");
    const root = rootFolder(client.workspace_id);
    expect((await world.events("file_moved")).filter((one) => one.file_id === id)).toMatchObject([
      { data: { from: { name: "draft.txt", folder_id: root }, to: { name: "final.txt", folder_id: root } } },
    ]);
  });

  test("moves into a path whose folders it makes, into a folder by id, and back to the root", async () => {
    const id = await world.addFile(client, "wander.txt");
    const there = await read(file, patch(id, { folder: "far/away" }));
    expect(names(await list(client, "?path=far/away"))).toEqual(["wander.txt"]);
    await world.addFile(client, "near/other.txt");
    const near = await read(file, patch(id, { folder: "near" }));
    expect(near.folder_id).not.toBe(there.folder_id);
    const back = await read(file, patch(id, { folder: there.folder_id, name: "w.txt" }));
    expect(back).toMatchObject({ folder_id: there.folder_id, name: "w.txt" });
    const top = await read(file, patch(id, { folder: "/" }));
    expect(top.folder_id).toBe(rootFolder(client.workspace_id));
  });

  test("where it is already, nothing happens", async () => {
    const id = await world.addFile(client, "still.txt");
    expect((await patch(id, { name: "still.txt", folder: "/" })).status).toBe(200);
    expect((await world.events("file_moved")).filter((one) => one.file_id === id)).toEqual([]);
  });

  test("takes a name in its NFC form", async () => {
    const id = await world.addFile(client, "plain.txt");
    expect((await read(file, patch(id, { name: "e\u0301.txt" }))).name).toBe("\u00e9.txt");
  });

  test("gives a folder that is named like an id by its path from the root", async () => {
    const id = await world.addFile(client, "drop.txt");
    expect((await patch(id, { folder: "/job_4711" })).status).toBe(200);
    expect(names(await list(client, "?path=/job_4711"))).toEqual(["drop.txt"]);
    expect((await client.request(`/v1/workspaces/${client.workspace_id}/files?path=job_4711`)).status).toBe(
      400,
    );
  });

  test.each([
    ["//", /the part "" is empty/],
    ["a//b", /the part "" is empty/],
    ["fld_12", /begins as an id does/],
    ["../up", /the part "\.\." may not be/],
    [Array(33).fill("d").join("/"), /33 folders; at most 32/],
    ["x".repeat(1_027), /1026|1,026/],
    [7, /string/],
  ])("says what is wrong with the folder %j", async (folder, why) => {
    const id = await world.addFile(client, `wrong-${String(folder).length}-${typeof folder}.txt`);
    const told = await read(problem, patch(id, { folder }));
    expect(told).toMatchObject({ status: 400, code: "invalid_request" });
    expect(told.detail).toMatch(why);
  });

  test("keeps to the longest path, as an upload does, and makes no folder for a longer one", async () => {
    const by = uploader(client);
    const folder = Array.from({ length: 4 }, (_, level) => `${level}`.repeat(250)).join("/");
    const { file_id, folder_id } = await by.uploaded(`${folder}/${"n".repeat(20)}`);
    const { file_id: moved } = await by.uploaded("moved-too-deep.txt");
    const fresh = folder.replaceAll("3", "f");
    for (const [id, json] of [
      [file_id, { name: "n".repeat(21) }],
      [moved, { folder: folder_id, name: "n".repeat(21) }],
      [moved, { folder: fresh, name: "n".repeat(21) }],
    ] as const) {
      const told = await read(problem, patch(id, json));
      expect(told).toMatchObject({ status: 400, code: "invalid_request", max_path_bytes: 1_024 });
    }
    expect(
      await refusal(client.request(`/v1/workspaces/${client.workspace_id}/files?path=${fresh}`)),
    ).toEqual([404, "not_found"]);
    expect((await patch(moved, { folder: fresh, name: "n".repeat(20) })).status).toBe(200);
  });

  test("takes a name that is not allowed any more away", async () => {
    const id = await world.addFile(client, "old.pdf\u200e");
    expect(await read(file, client.request(`/v1/files/${id}`))).toMatchObject({ name: "old.pdf\u200e" });
    expect((await patch(id, { folder: "/kept" })).status).toBe(200);
    expect(await refusal(patch(id, { name: "new.pdf\u200e" }))).toEqual([400, "invalid_request"]);
    expect((await read(file, patch(id, { name: "old.txt" }))).name).toBe("old.txt");
  });

  test.each([
    ["a taken name", { name: "taken.txt" }, 409, "name_taken"],
    ["a folder's name", { name: "dir" }, 409, "name_taken"],
    ["a file in the path", { folder: "taken.txt/sub" }, 409, "name_taken"],
    ["a folder of nobody", { folder: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" }, 404, "not_found"],
    ["a folder's id cut short", { folder: "fld_12" }, 400, "invalid_request"],
    ["a file's id as a folder", { folder: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ" }, 400, "invalid_request"],
    ["nothing to do", {}, 400, "invalid_request"],
    ["an unknown field", { name: "x", parent: "y" }, 400, "unknown_field"],
    ["a slash", { name: "a/b" }, 400, "invalid_request"],
    ["dots", { name: ".." }, 400, "invalid_request"],
    ["a line break", { name: "a\r\nSet-Cookie: b" }, 400, "invalid_request"],
    ["a zero byte", { name: "a\0b" }, 400, "invalid_request"],
    ["half a surrogate pair", { name: "a\ud800" }, 400, "invalid_request"],
    ["256 bytes", { name: "é".repeat(128) }, 400, "invalid_request"],
    ["a path that climbs", { folder: "../../etc" }, 400, "invalid_request"],
    ["33 folders", { folder: Array(33).fill("deep").join("/") }, 400, "invalid_request"],
  ])("refuses %s", async (_, json, status, code) => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const id = await world.addFile(by, "file.txt");
    await world.addFile(by, "taken.txt");
    await world.addFile(by, "dir/inside.txt");
    expect(await refusal(by.request(`/v1/files/${id}`, { method: "PATCH", json }))).toEqual([status, code]);
    expect(names(await list(by))).toEqual(["dir", "file.txt", "taken.txt"]);
  });

  test("a script can't be renamed to pass for a document", async () => {
    const id = await world.addFile(client, "run.sh", "#!/bin/sh\necho hi\n");
    expect(await refusal(patch(id, { name: "invoice.pdf" }))).toEqual([422, "type_mismatch"]);
    expect((await patch(id, { name: "walk.sh" })).status).toBe(200);
    expect((await patch(id, { name: "walk.bash" })).status).toBe(200);
  });

  test("of many at once to one name, one gets it", async () => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const ids = await Promise.all(["1", "2", "3", "4"].map((name) => world.addFile(by, name)));
    const answers = await Promise.all(
      ids.map((id) => by.request(`/v1/files/${id}`, { method: "PATCH", json: { name: "king" } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(names(await list(by)).filter((name) => name === "king")).toHaveLength(1);
  });

  test("any allowed name is kept, listed and downloadable without leaving its header", async () => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const id = await world.addFile(by, "start");
    const name = fc
      .string({ unit: "binary", minLength: 1, maxLength: 60 })
      .map((text) => text.normalize("NFC"))
      .filter((text) => nameProblem(text) === undefined);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(name, fc.constantFrom('"; x="', "a\\", "%0d%0a", "'';*=", "می‌خواهم.txt")),
        async (to) => {
          expect((await by.request(`/v1/files/${id}`, { method: "PATCH", json: { name: to } })).status).toBe(
            200,
          );
          expect(names(await list(by))).toEqual([to]);
          const { headers } = await by.request(`/v1/files/${id}/content`);
          const served =
            (await fetch(headers.get("location") ?? "")).headers.get("content-disposition") ?? "";
          const [, plain, exact] =
            /^attachment; filename="([ -!#-[\]-~]*)"; filename\*=UTF-8''([\w!#$&+.^`|~%-]+)$/.exec(served) ??
            [];
          expect(plain).toBeDefined();
          expect(decodeURIComponent(exact ?? "")).toBe(to);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("the fence", () => {
  const writes: [string, (id: string, headers: Record<string, string>) => Promise<Response>][] = [
    ["move", (id, headers) => patch(id, { name: `moved-${id}` }, headers)],
    ["description", (id, headers) => patch(id, { description: "for the board" }, headers)],
    ["metadata", (id, headers) => patch(id, { metadata: { build: id } }, headers)],
    ["change of nothing", (id, headers) => patch(id, { description: null }, headers)],
    ["delete", (id, headers) => client.request(`/v1/files/${id}`, { method: "DELETE", headers })],
  ];

  test.each(writes)(
    "a %s is refused while another holds the lock, and goes with its token",
    async (_, write) => {
      const id = await world.addFile(client, `locked-${_}.txt`);
      await lock(id, { token: "holder", expires_ms: world.deps.now() + 60_000 });
      const refused = await write(id, {});
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
      expect(await refusal(refused)).toEqual([423, "file_locked"]);
      expect(await refusal(write(id, { "lock-token": "another" }))).toEqual([409, "lock_lost"]);
      expect((await write(id, { "lock-token": "holder" })).ok).toBe(true);
    },
  );

  test.each(writes)("a %s with a lease that has run out is told to stop", async (_, write) => {
    const id = await world.addFile(client, `late-${_}.txt`);
    await lock(id, { token: "holder", expires_ms: world.deps.now() - 1 });
    expect(await refusal(write(id, { "lock-token": "holder" }))).toEqual([409, "lock_lost"]);
    expect((await write(id, {})).status).toBe(423);
  });

  test.each(writes)("a %s is made only upon the version that If-Match names", async (_, write) => {
    const id = await world.addFile(client, `match-${_}.txt`);
    const etag = (await client.request(`/v1/files/${id}`)).headers.get("etag") ?? "";
    const stale = await read(problem, write(id, { "if-match": '"ver_01JZZZZZZZZZZZZZZZZZZZZZZZ"' }));
    expect(stale).toMatchObject({
      status: 412,
      code: "version_mismatch",
      version_id: /^"(\w+)\./.exec(etag)?.[1],
    });
    expect((await write(id, { "if-match": 'W/"x"' })).status).toBe(400);
    expect((await write(id, { "if-match": etag })).ok).toBe(true);
  });
});

describe("deleting", () => {
  test("frees the name, is told once, and is done once", async () => {
    const by = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const id = await world.addFile(by, "gone.txt", "12345");
    expect((await by.request(`/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
    for (const method of ["GET", "DELETE"])
      expect((await by.request(`/v1/files/${id}`, { method })).status).toBe(404);
    expect((await by.request(`/v1/files/${id}/content`)).status).toBe(404);
    expect((await list(by)).items).toEqual([]);
    expect((await world.events("file_deleted")).filter((one) => one.file_id === id)).toMatchObject([
      { actor: { type: "client", id: by.client_id }, data: { name: "gone.txt", size: 5 } },
    ]);
    await world.addFile(by, "gone.txt");
    expect(names(await list(by))).toEqual(["gone.txt"]);
  });

  test("of many deletes at once, one deletes", async () => {
    const id = await world.addFile(client, "race.txt");
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.request(`/v1/files/${id}`, { method: "DELETE" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    expect((await world.events("file_deleted")).filter((one) => one.file_id === id)).toHaveLength(1);
  });

  test("goes through however often another renames the file meanwhile", async () => {
    const id = await world.addFile(client, "moving.txt");
    const [deleted] = await Promise.all([
      client.request(`/v1/files/${id}`, { method: "DELETE" }),
      patch(id, { name: "moving-2.txt" }),
    ]);
    expect(deleted.status).toBe(204);
    const left = names(await list(client)).filter((name) => name.startsWith("moving"));
    expect(left).toEqual([]);
  });
});
