import { AwsError } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import { share } from "#core/links/contract.ts";
import { hashPassword } from "#core/links/password.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { prefersHtml } from "#http/prefers-html.ts";
import { sayDuration } from "#pages/spoken.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const FORM_TYPE = "application/x-www-form-urlencoded";
const MINUTE = 60_000;

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
});
afterAll(() => world.close());

interface Terms {
  name?: string;
  content?: string;
  expire_in?: number;
  max_downloads?: number;
  password?: string;
}

let made = 0;
/** A link to a new file. */
async function link({ name = `file-${++made}.txt`, content, ...terms }: Terms = {}) {
  const file_id = await world.addFile(client, name, content);
  const added = await read(share, client.request(`/v1/files/${file_id}/shares`, { json: terms }));
  if (terms.password !== undefined) await cheapen(added.share_url, terms.password);
  return added;
}
/** Makes a link's tries cost next to nothing: what is asked here is what they come to. */
async function cheapen(url: string, password: string) {
  await world.deps.table.update({
    key: keys.link(url.split("/").at(-1) ?? ""),
    update: { set: { password: await hashPassword(password, { N: 2, r: 8, p: 1 }) } },
    condition: "attribute_exists(#password)",
  });
}
const state = async (id: string) => {
  const { state: now, downloads } = await read(share, client.request(`/v1/shares/${id}`));
  return [now, downloads];
};
const see = (url: string, headers: Record<string, string> = {}) =>
  world.request(url, { headers: { accept: BROWSER, ...headers } });
/** Where the page that a browser's POST is answered with leads at once. */
const startedBy = (html: string) =>
  (/http-equiv="refresh" content="0; url=([^"]+)"/.exec(html)?.[1] ?? "").replaceAll("&#38;", "&");
const told = async (type: string, shareId: string) =>
  (await world.events(type)).filter((one) => one.share_id === shareId);

describe("for programs", () => {
  test("a link leads to the bytes, is counted and told of", async () => {
    const { share_url, share_id, file_id } = await link({ name: "näme.txt", content: "payload" });
    const answer = await world.request(share_url, { headers: { "x-request-id": "req-1" } });
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get("location") ?? "");
    expect(location.searchParams.get("X-Amz-Expires")).toBe("60");
    const bytes = await fetch(location);
    expect(await bytes.text()).toBe("payload");
    expect(bytes.headers.get("content-disposition")).toContain("filename*=UTF-8''n%C3%A4me.txt");
    expect(await state(share_id)).toEqual(["active", 1]);
    expect(await told("link_accessed", share_id)).toMatchObject([
      { file_id, request_id: "req-1", actor: { type: "link", id: share_id } },
    ]);
  });

  test("costs two round trips one after the other, once it has been opened in this process", async () => {
    const { share_url } = await link();
    world.traces.length = 0;
    await world.request(share_url);
    const inOrder = ["BatchGetItem", "BatchGetItem", "TransactWriteItems"];
    expect(world.traces.map(({ action }) => action)).toEqual(inOrder);
    world.traces.length = 0;
    await world.request(share_url);
    const [first, ...rest] = world.traces;
    expect(first?.action).toBe("BatchGetItem");
    expect(rest.map(({ action }) => action).sort()).toEqual(["BatchGetItem", "TransactWriteItems"]);
  });

  test("costs one more below folders, which are looked at before it is counted, at any depth", async () => {
    for (const path of ["one/a.txt", `${Array.from({ length: 10 }, (_, n) => n).join("/")}/a.txt`]) {
      const id = await world.addFile(client, path);
      const { share_url } = await read(share, client.request(`/v1/files/${id}/shares`, { json: {} }));
      world.traces.length = 0;
      expect((await world.request(share_url)).status).toBe(302);
      const calls = world.traces.map(({ action }) => action);
      expect(calls).toEqual(["BatchGetItem", "BatchGetItem", "TransactWriteItems"]);
    }
  });

  test("a HEAD uses nothing up, and its URL downloads nothing", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content: "12345" });
    const answer = await world.request(share_url, { method: "HEAD" });
    expect(answer.status).toBe(302);
    const location = answer.headers.get("location") ?? "";
    expect((await fetch(location, { method: "HEAD" })).headers.get("content-length")).toBe("5");
    expect((await fetch(location)).status).toBe(403);
    expect(await state(share_id)).toEqual(["active", 0]);
    expect(await told("link_accessed", share_id)).toEqual([]);
  });

  test.each(["AAAAAAAAAAAAAAAAAAAAAA", "x", "..%2F..", "a".repeat(4000), "%00"])(
    "a guessed token leads nowhere: %s",
    async (token) => {
      expect(await refusal(world.request(`/s/${token}`))).toEqual([404, "not_found"]);
      expect(await refusal(world.request(`/s/${token}`, { headers: { "x-share-password": "p" } }))).toEqual([
        404,
        "not_found",
      ]);
      expect((await see(`/s/${token}`)).headers.get("content-type")).toContain("text/html");
    },
  );
});

describe("max_downloads", () => {
  test("lets that many through, however many come at once", async () => {
    const { share_url, share_id } = await link({ max_downloads: 3 });
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => world.request(share_url)));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(statuses.filter((status) => status === 302)).toHaveLength(3);
    expect(statuses.filter((status) => status === 410)).toHaveLength(9);
    expect(await state(share_id)).toEqual(["used_up", 3]);
    expect(await told("link_accessed", share_id)).toHaveLength(3);
    expect((await read(problem, world.request(share_url)))["reason"]).toBe("used_up");
  });

  test("is not used up by looking at the page", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1 });
    for (let look = 0; look < 3; look++) expect((await see(share_url)).status).toBe(200);
    expect(await state(share_id)).toEqual(["active", 0]);
    expect((await see(`${share_url}?download=1`)).status).toBe(302);
    expect((await see(share_url)).status).toBe(410);
  });
});

test("downloads that get in each other's way are told to come again, and are no fault of the API's", async () => {
  const { share_url } = await link();
  onTestFinished(() => world.setFault());
  world.setFault(({ action }) =>
    action === "TransactWriteItems"
      ? { error: new AwsError("TransactionConflictException", "Transaction is ongoing for the item", 400) }
      : undefined,
  );
  const told = await world.request(share_url);
  expect([told.status, told.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(problem.parse(await told.json()).code).toBe("rate_limited");
});

describe("what a link takes", () => {
  test.each(["?download=", "?download", "?download=0", "?download=true", "?download=1&download=1"])(
    "%s is refused, and counts nothing",
    async (query) => {
      const { share_url, share_id } = await link();
      expect(await refusal(world.request(`${share_url}${query}`))).toEqual([400, "invalid_request"]);
      expect((await see(`${share_url}${query}`)).status).toBe(400);
      expect(await state(share_id)).toEqual(["active", 0]);
    },
  );

  test("what trackers add to a link is nobody's business", async () => {
    const { share_url } = await link();
    expect((await world.request(`${share_url}?utm_source=mail&utm_source=x&download=1`)).status).toBe(302);
  });

  test("a POST without a body is a form without fields", async () => {
    const { share_url, share_id } = await link();
    expect((await world.request(share_url, { method: "POST" })).status).toBe(303);
    expect((await world.request(share_url, { form: {} })).status).toBe(303);
    expect(await state(share_id)).toEqual(["active", 2]);
    const kept = await link({ password: "plain" });
    expect(await refusal(world.request(kept.share_url, { method: "POST" }))).toEqual([403, "wrong_password"]);
    expect(await refusal(world.request(share_url, { form: { pasword: "x" } }))).toEqual([
      400,
      "unknown_field",
    ]);
  });
});

describe("a download that goes on", () => {
  const PLACE = "198.51.100.7";
  const get = async (url: string, range?: string, more: Given = {}) => {
    const headers = { ...(range === undefined ? {} : { range }), ...more.headers };
    return (await world.request(url, { sourceIp: PLACE, ...more, headers })).status;
  };
  const content = "0123456789".repeat(10);

  test("counts nothing more, though the link is used up", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    expect(await get(share_url)).toBe(302);
    expect(await get(share_url)).toBe(410);
    const on = await world.request(share_url, { sourceIp: PLACE, headers: { range: "bytes=40-" } });
    expect(on.status).toBe(302);
    const rest = await fetch(on.headers.get("location") ?? "", { headers: { range: "bytes=40-" } });
    expect([rest.status, await rest.text()]).toEqual([206, content.slice(40)]);
    expect(await state(share_id)).toEqual(["used_up", 1]);
    expect(await told("link_accessed", share_id)).toHaveLength(1);
  });

  test.each([
    ["from its first byte", "bytes=0-"],
    ["in several ranges", "bytes=5-9,20-29"],
    ["from an end that is its beginning", "bytes=-100"],
    ["in a unit that nobody knows", "lines=5-"],
    ["backwards", "bytes=9-5"],
    ["in no numbers", "bytes=five-"],
    ["in a unit that S3 may not know", "BYTES=5-"],
  ])("is another one %s", async (_, range) => {
    const { share_url, share_id } = await link({ max_downloads: 2, content });
    expect([await get(share_url), await get(share_url, range)]).toEqual([302, 302]);
    expect(await state(share_id)).toEqual(["used_up", 2]);
    expect(await get(share_url, range)).toBe(410);
  });

  test("goes on 50 times, and for an hour", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    onTestFinished(world.stopClock());
    await get(share_url);
    for (let n = 0; n < 50; n++) expect(await get(share_url, "bytes=-1")).toBe(302);
    expect(await get(share_url, "bytes=99-")).toBe(410);
    const other = await link({ max_downloads: 1, content });
    await get(other.share_url);
    world.advance(60 * MINUTE - 1);
    expect(await get(other.share_url, "bytes=1-")).toBe(302);
    world.advance(1);
    expect(await get(other.share_url, "bytes=1-")).toBe(410);
    expect(await state(share_id)).toEqual(["used_up", 1]);
  });

  test("goes on from where it began alone: one address, or one network of IPv6", async () => {
    const { share_url } = await link({ max_downloads: 1, content });
    await get(share_url, undefined, { sourceIp: "2001:db8:1:2:aaaa::1" });
    expect(await get(share_url, "bytes=1-", { sourceIp: "2001:db8:1:2:bbbb::2" })).toBe(302);
    expect(await get(share_url, "bytes=1-", { sourceIp: "2001:db8:1:3::1" })).toBe(410);
    expect(await get(share_url, "bytes=1-")).toBe(410);
    const other = await link({ max_downloads: 1, content });
    await get(other.share_url);
    expect(await get(other.share_url, "bytes=1-", { sourceIp: `::ffff:${PLACE}` })).toBe(302);
    expect(await get(other.share_url, "bytes=1-", { sourceIp: "no address" })).toBe(410);
  });

  test("counts once for parallel ranges, whichever comes first", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    const parts = ["bytes=50-74", "bytes=25-49", "bytes=0-24", "bytes=75-99"];
    expect(await Promise.all(parts.map((range) => get(share_url, range)))).toEqual([302, 302, 302, 302]);
    expect(await state(share_id)).toEqual(["used_up", 1]);
    expect(await get(share_url, "bytes=0-24")).toBe(410);
    const late = await link({ max_downloads: 1, content });
    for (const range of parts) expect(await get(late.share_url, range)).toBe(302);
    expect(await state(late.share_id)).toEqual(["used_up", 1]);
  });

  test("that began with a range is that range: whoever asks for the whole begins another", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    for (const range of ["bytes=60-79", "bytes=0-59"]) {
      const part = await world.request(share_url, { sourceIp: PLACE, headers: { range } });
      const url = part.headers.get("location") ?? "";
      const whole = await fetch(url);
      await whole.bytes();
      expect([range, whole.status, (await fetch(url, { headers: { range: "bytes=1-" } })).status]).toEqual([
        ...[range, 403, 403],
      ]);
      expect((await fetch(url, { headers: { range } })).status).toBe(206);
    }
    expect(await state(share_id)).toEqual(["used_up", 1]);
    for (const asked of [undefined, "bytes=0-", "bytes=0-99", "bytes=-100", "bytes=0-9,20-29"]) {
      const other = await link({ max_downloads: 1, content });
      expect([await get(other.share_url, "bytes=1-"), await get(other.share_url, asked)]).toEqual([302, 410]);
      const two = await link({ max_downloads: 2, content });
      expect([await get(two.share_url, "bytes=1-"), await get(two.share_url, asked)]).toEqual([302, 302]);
      expect(await state(two.share_id)).toEqual(["used_up", 2]);
    }
  });

  test("counts anew where nothing began, or began too long ago", async () => {
    const { share_url, share_id } = await link({ max_downloads: 3, content });
    await get(share_url, "bytes=10-");
    world.advance(61 * MINUTE);
    await get(share_url, "bytes=10-");
    expect(await state(share_id)).toEqual(["active", 2]);
  });

  test("ends with the link, its file and its password", async () => {
    const [revoked, deleted] = [
      await link({ max_downloads: 1, content }),
      await link({ max_downloads: 1, content }),
    ];
    const expiring = await link({ max_downloads: 1, content, expire_in: 60 });
    for (const { share_url } of [revoked, deleted, expiring]) expect(await get(share_url)).toBe(302);
    await client.request(`/v1/shares/${revoked.share_id}`, { method: "DELETE" });
    await client.request(`/v1/files/${deleted.file_id}`, { method: "DELETE" });
    const reason = async (url: string) =>
      (await read(problem, world.request(url, { sourceIp: PLACE, headers: { range: "bytes=1-" } })))[
        "reason"
      ];
    expect(await reason(revoked.share_url)).toBe("revoked");
    expect(await reason(deleted.share_url)).toBe("deleted");
    world.advance(MINUTE);
    expect(await reason(expiring.share_url)).toBe("expired");
    const locked = await link({ max_downloads: 1, content, password: "plain" });
    const known = { headers: { "x-share-password": "plain" } };
    expect(await get(locked.share_url, undefined, known)).toBe(302);
    expect(await get(locked.share_url, "bytes=1-", known)).toBe(302);
    expect(await get(locked.share_url, "bytes=1-")).toBe(403);
    expect(await get(locked.share_url, "bytes=1-", { headers: { "x-share-password": "no" } })).toBe(403);
  });

  test("a HEAD begins nothing", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    expect(await get(share_url, "bytes=1-", { method: "HEAD" })).toBe(302);
    expect(await state(share_id)).toEqual(["active", 0]);
  });

  test("gets the part that was decided on, and nothing else by its URL", async () => {
    const { share_url, share_id } = await link({ max_downloads: 1, content });
    const first = await world.request(share_url, { sourceIp: PLACE });
    const whole = await fetch(first.headers.get("location") ?? "");
    const etag = whole.headers.get("etag") ?? "";
    expect(await whole.text()).toBe(content);
    for (const known of [undefined, etag]) {
      const headers = { range: "bytes=40-", ...(known === undefined ? {} : { "if-range": known }) };
      const on = await world.request(share_url, { sourceIp: PLACE, headers });
      expect(on.status).toBe(302);
      const url = on.headers.get("location") ?? "";
      const part = await fetch(url, { headers });
      expect([part.status, await part.text()]).toEqual([206, content.slice(40)]);
      for (const other of [{}, { range: "bytes=0-" }, { range: "bytes=1-" }])
        expect((await fetch(url, { headers: { ...headers, range: "", ...other } })).status).toBe(403);
      if (known !== undefined)
        expect((await fetch(url, { headers: { ...headers, "if-range": '"other"' } })).status).toBe(403);
    }
    for (const stale of ['"stale"', `W/${etag}`, "Wed, 01 Jan 2020 00:00:00 GMT", ""]) {
      const headers = { range: "bytes=40-", "if-range": stale };
      const again = await world.request(share_url, { sourceIp: PLACE, headers });
      expect([stale, again.status]).toEqual([stale, 410]);
    }
    expect(await state(share_id)).toEqual(["used_up", 1]);
  });

  test("can be looked at by HEAD, used up or not", async () => {
    const { share_url } = await link({ max_downloads: 1, content });
    const head = (range?: string, more: Given = {}) => get(share_url, range, { method: "HEAD", ...more });
    expect([await head(), await head("bytes=1-")]).toEqual([302, 302]);
    await get(share_url);
    expect([await head(), await head("BYTES=1-"), await head("bytes=1-")]).toEqual([410, 410, 302]);
    expect(await head("bytes=1-", { sourceIp: "198.51.100.8" })).toBe(410);
  });

  test("is remembered without its address", async () => {
    const { share_url } = await link({ content });
    await get(share_url);
    expect(JSON.stringify(await world.dump())).not.toContain(PLACE);
  });
});

describe("expiry", () => {
  test("kills the link at its second, before any sweep", async () => {
    const { share_url, share_id, expires_at } = await link({ expire_in: 60 });
    world.advance(Date.parse(String(expires_at)) - world.deps.now() - 1000);
    const late = await world.request(share_url);
    expect(late.status).toBe(302);
    const seconds = Number(new URL(late.headers.get("location") ?? "").searchParams.get("X-Amz-Expires"));
    expect(seconds).toBe(1);
    world.advance(Date.parse(String(expires_at)) - world.deps.now());
    expect((await read(problem, world.request(share_url)))["reason"]).toBe("expired");
    expect((await see(share_url)).status).toBe(410);
    expect((await world.request(share_url, { method: "HEAD" })).status).toBe(410);
    expect((await state(share_id))[0]).toBe("expired");
  });

  test("is told of once, whoever sweeps and however often", async () => {
    const { share_id, expires_at, file_id } = await link({ expire_in: 60, max_downloads: 5 });
    const revoked = await link({ expire_in: 60 });
    const living = await link({ expire_in: 600 });
    await client.request(`/v1/shares/${revoked.share_id}`, { method: "DELETE" });
    await sweepLinks(world.deps);
    expect(await told("link_expired", share_id)).toEqual([]);
    world.advance(MINUTE);
    await Promise.all([sweepLinks(world.deps), sweepLinks(world.deps)]);
    expect(await sweepLinks(world.deps)).toBe(0);
    expect(await told("link_expired", share_id)).toMatchObject([
      { file_id, actor: { type: "system" }, data: { expires_at, downloads: 0, max_downloads: 5 } },
    ]);
    expect(await told("link_expired", revoked.share_id)).toEqual([]);
    expect(await told("link_expired", living.share_id)).toEqual([]);
    await client.request(`/v1/shares/${share_id}`, { method: "DELETE" });
    expect((await state(share_id))[0]).toBe("expired");
  });
});

test("a deleted file's link is dead at once", async () => {
  const { share_url, file_id } = await link();
  expect((await world.request(share_url)).status).toBe(302);
  await client.request(`/v1/files/${file_id}`, { method: "DELETE" });
  expect((await read(problem, world.request(share_url)))["reason"]).toBe("deleted");
  expect((await see(share_url)).status).toBe(410);
});

describe("passwords", () => {
  const password = "pässwörd €";
  const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    world.request(url, { form, headers });

  test("open by a form, as people type it, and by a header", async () => {
    const { share_url, share_id } = await link({ password });
    const answer = await post(share_url, { password: password.normalize("NFD") }, { accept: BROWSER });
    expect(answer.status).toBe(200);
    expect((await fetch(startedBy(await answer.text()))).status).toBe(200);
    const ascii = await link({ password: "plain" });
    const headers = { "x-share-password": "plain" };
    expect((await world.request(ascii.share_url, { headers })).status).toBe(302);
    expect((await world.request(ascii.share_url, { headers, method: "HEAD" })).status).toBe(302);
    expect(await state(ascii.share_id)).toEqual(["active", 1]);
    expect(await state(share_id)).toEqual(["active", 1]);
  });

  test("a link without one takes any", async () => {
    const { share_url } = await link();
    expect((await world.request(share_url, { headers: { "x-share-password": "any" } })).status).toBe(302);
  });

  test("none or a wrong one opens nothing, and the page says nothing of the file", async () => {
    const { share_url, share_id } = await link({ password, name: "salaries.txt" });
    expect(await refusal(world.request(share_url))).toEqual([403, "wrong_password"]);
    expect(await refusal(world.request(share_url, { method: "GET" }))).toEqual([403, "wrong_password"]);
    expect(await refusal(post(share_url, { password: "guess" }))).toEqual([403, "wrong_password"]);
    expect(await refusal(post(share_url, { password: "x".repeat(300) }))).toEqual([403, "wrong_password"]);
    const page = await see(share_url);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('<form method="post"');
    expect(html).not.toContain("salaries");
    const wrong = await post(share_url, { password: "guess" }, { accept: BROWSER });
    expect(wrong.status).toBe(403);
    expect(await wrong.text()).toContain('role="alert"');
    const asked = await see(`${share_url}?download=1`);
    expect(asked.status).toBe(403);
    expect(await asked.text()).not.toContain('role="alert"');
    expect(await state(share_id)).toEqual(["active", 0]);
  });

  test("wrong ones are throttled, longer each time, and a right one waits too", async () => {
    const { share_url } = await link({ password, expire_in: 3600 });
    onTestFinished(world.stopClock());
    const guess = (text: string) => post(share_url, { password: text });
    for (let n = 0; n < 5; n++) expect((await guess(`${n}`)).status).toBe(403);
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      const refused = await guess(password);
      expect(await refusal(refused)).toEqual([429, "rate_limited"]);
      const wait = Number(refused.headers.get("retry-after"));
      waits.push(wait);
      world.advance(wait * 1000);
      expect((await guess("wrong")).status).toBe(403);
    }
    expect(waits).toEqual([5, 10, 20, 40]);
    expect((await post(share_url, { password }, { accept: BROWSER })).status).toBe(429);
    world.advance(80_000);
    expect((await guess(password)).status).toBe(303);
    expect((await guess("wrong again")).status).toBe(403);
  });

  test("guesses at once can't outrun the throttle", async () => {
    const { share_url } = await link({ password });
    onTestFinished(world.stopClock());
    const guesses = Array.from({ length: 8 }, (_, n) => post(share_url, { password: `${n}` }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 403)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
    expect((await post(share_url, { password })).status).toBe(429);
  });

  test("right ones at once open the link, however many, and are counted nowhere", async () => {
    const { share_url } = await link({ password });
    const right = Array.from({ length: 6 }, () => post(share_url, { password }));
    expect(new Set((await Promise.all(right)).map(({ status }) => status))).toEqual(new Set([303]));
    const { pk } = keys.link(share_url.slice(share_url.lastIndexOf("/") + 1));
    for (const item of (await world.dump()).filter((one) => one["pk"] === pk)) {
      expect(item).not.toHaveProperty("tried");
      expect(item).not.toHaveProperty("tries_until_ms");
    }
  });

  test("a right one is admitted as a wrong one would be: not where its source has used up what it had", async () => {
    const { share_url } = await link({ password });
    onTestFinished(world.stopClock());
    for (let n = 0; n < 4; n++) expect((await post(share_url, { password: `${n}` })).status).toBe(403);
    expect(await rightBehind(share_url, async () => post(share_url, { password: "5" }))).toBe(429);
  });

  /** What a right one is answered that has been checked when a wrong one beside it is counted first. */
  async function rightBehind(url: string, wrong: () => Promise<Response>): Promise<number> {
    const { promise: counted, resolve } = Promise.withResolvers<void>();
    let held = 0;
    world.setFault(async ({ action, body = "" }) => {
      if (action === "UpdateItem" && body.includes("#right_ms") && held++ === 0) await counted;
      return undefined;
    });
    onTestFinished(() => world.setFault());
    const right = post(url, { password });
    expect((await wrong()).status).toBe(403);
    resolve();
    return (await right).status;
  }

  test("one source's guesses keep no other out, and each has its own count", async () => {
    const { share_url } = await link({ password });
    onTestFinished(world.stopClock());
    const from = async (sourceIp: string, text: string) =>
      (await world.request(share_url, { form: { password: text }, sourceIp })).status;
    for (let n = 0; n < 6; n++) await from("2001:db8:1:2::1", `${n}`);
    expect(await from("2001:db8:1:2:ffff::1", password)).toBe(429);
    expect(await from("2001:db8:1:3::1", password)).toBe(303);
    expect(await from("198.51.100.1", "wrong")).toBe(403);
    expect(await from("198.51.100.1", password)).toBe(303);
    expect(JSON.stringify(await world.dump())).not.toContain("198.51.100.1");
  });

  describe("tried from everywhere", () => {
    const place = (n: number) => `2001:db8:0:${n.toString(16)}::1`;
    const guess = (url: string, sourceIp: string, text = "wrong") =>
      world.request(url, { form: { password: text }, sourceIp });
    /** As if `tries` had just been made; each costs a tenth of a second of scrypt. */
    const spend = (url: string, tries: number) =>
      world.deps.table.update({
        blind: "seeded",
        key: keys.link(url.slice(url.lastIndexOf("/") + 1)),
        update: { set: { tries_until_ms: world.deps.now() + tries * 30_000 } },
      });

    test("are slowed down together, and never shut out who comes once", async () => {
      const { share_url, share_id } = await link({ password, expire_in: 86_400 });
      onTestFinished(world.stopClock());
      const [known, reader] = ["192.0.2.98", "192.0.2.99"];
      expect((await guess(share_url, known, password)).status).toBe(303);
      expect((await guess(share_url, place(0))).status).toBe(403);
      await spend(share_url, 100);
      // Who has guessed before waits for the common part, who comes for the first time does not.
      const again = await guess(share_url, place(0));
      expect([again.status, again.headers.get("retry-after")]).toEqual([429, "30"]);
      expect((await guess(share_url, reader, password)).status).toBe(303);
      await spend(share_url, 200);
      const late = await guess(share_url, place(1), password);
      expect([late.status, late.headers.get("retry-after")]).toEqual([429, "30"]);
      // Who had the right one within a day needs nothing of what others have spent.
      expect((await guess(share_url, reader, password)).status).toBe(303);
      world.advance(30_000);
      expect((await guess(share_url, place(1), password)).status).toBe(303);
      expect((await state(share_id))[1]).toBe(4);
      world.advance(100 * 30_000);
      expect((await guess(share_url, place(0))).status).toBe(403);
    });

    test("a right one that isn't its source's first any more finds no room for first tries", async () => {
      const { share_url } = await link({ password });
      onTestFinished(world.stopClock());
      await spend(share_url, 100);
      expect(await rightBehind(share_url, async () => post(share_url, { password: "wrong" }))).toBe(429);
    });

    test("right ones take nothing", async () => {
      const { share_url } = await link({ password });
      onTestFinished(world.stopClock());
      await spend(share_url, 199);
      for (let n = 0; n < 3; n++) expect((await guess(share_url, place(n), password)).status).toBe(303);
      const headers = { "x-share-password": "plain" };
      const plain = await link({ password: "plain" });
      await spend(plain.share_url, 199);
      for (let n = 0; n < 2; n++) {
        const head = { headers, method: "HEAD", sourceIp: place(n) };
        expect((await world.request(plain.share_url, head)).status).toBe(302);
      }
    });

    test.each([0, 197])("can't outrun the count at once, with %d tried before", async (tried) => {
      const { share_url } = await link({ password });
      onTestFinished(world.stopClock());
      await spend(share_url, tried);
      const room = Math.min(6, 200 - tried);
      const burst = Array.from({ length: 6 }, (_, n) => guess(share_url, place(n)));
      const statuses = (await Promise.all(burst)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 403)).toHaveLength(room);
      expect(statuses.filter((status) => status === 429)).toHaveLength(6 - room);
    });

    test("leave nothing behind once they are refused", async () => {
      const { share_url } = await link({ password });
      onTestFinished(world.stopClock());
      await spend(share_url, 200);
      const items = (await world.dump()).length;
      world.traces.length = 0;
      for (let n = 0; n < 5; n++) expect((await guess(share_url, place(n))).status).toBe(429);
      expect(new Set(world.traces.map(({ action }) => action))).toEqual(new Set(["GetItem", "BatchGetItem"]));
      expect(await world.dump()).toHaveLength(items);
    });
  });

  test.each([
    ["one that is too long", { form: { password: "x".repeat(1025) } }],
    ["one that is too long in a header", { headers: { "x-share-password": "x".repeat(257) } }],
    ["U+0000 at its end", { form: { password: "right\0" } }],
    ["two", { body: Buffer.from("password=a&password=right"), headers: { "content-type": FORM_TYPE } }],
  ])("%s is refused, whatever the link", async (_, given) => {
    const links = [await link({ password: "right" }), await link()];
    for (const url of [...links.map(({ share_url }) => share_url), "/s/AAAAAAAAAAAAAAAAAAAAAA"])
      expect(await refusal(world.request(url, given))).toEqual([400, "invalid_request"]);
    for (const { share_id } of links) expect(await state(share_id)).toEqual(["active", 0]);
  });

  test("as long as one may be opens, however it is composed", async () => {
    const longest = "\u00e9".repeat(256);
    const { share_url } = await link({ password: longest });
    expect((await post(share_url, { password: longest.normalize("NFD") })).status).toBe(303);
  });

  test("an empty one is none, and no try", async () => {
    const { share_url } = await link({ password: "right" });
    for (let n = 0; n < 6; n++) {
      const headers = { "x-share-password": "" };
      expect(await refusal(world.request(share_url, { headers }))).toEqual([403, "wrong_password"]);
      expect(await refusal(post(share_url, { password: "" }))).toEqual([403, "wrong_password"]);
    }
    expect((await post(share_url, { password: "right" })).status).toBe(303);
  });

  test.each([
    ["its form", { "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }],
    ["its blind fetch", { "sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site" }],
    ["a neighbour's blind fetch", { "sec-fetch-mode": "no-cors", "sec-fetch-site": "same-site" }],
    [
      "its form in an old browser",
      { origin: "https://evil.example", accept: BROWSER, "accept-language": "en" },
    ],
    [
      "a page's without an origin, in an old browser",
      { origin: "null", accept: BROWSER, "accept-language": "en" },
    ],
  ])("what another site sends is no try: %s", async (_, headers) => {
    const { share_url } = await link({ password: "right", max_downloads: 1 });
    for (const guess of ["1", "2", "3", "4", "5", "right"]) {
      const lured = await post(share_url, { password: guess }, headers);
      expect([lured.status, lured.headers.get("location")]).toEqual([303, share_url]);
    }
    expect((await post(share_url, { password: "right" })).headers.get("location")).toContain(
      "X-Amz-Signature",
    );
  });

  test("a dead link says so with and without it", async () => {
    const [expired, deleted] = [
      await link({ password: "right", expire_in: 60 }),
      await link({ password: "right", expire_in: 600 }),
    ];
    await client.request(`/v1/files/${deleted.file_id}`, { method: "DELETE" });
    world.advance(61_000);
    for (const { share_url } of [expired, deleted]) {
      for (const given of [{}, { form: { password: "wrong" } }, { form: { password: "right" } }])
        expect(await refusal(world.request(share_url, given))).toEqual([410, "link_gone"]);
      expect((await see(share_url)).status).toBe(410);
    }
  });

  test("none is tried on a dead link", async () => {
    const { share_url, share_id } = await link({ password });
    await client.request(`/v1/shares/${share_id}`, { method: "DELETE" });
    expect((await post(share_url, { password })).status).toBe(410);
    expect((await post(share_url, { password: "wrong" })).status).toBe(410);
  });

  test.each([
    ["JSON", { json: { password: "x" } }, 415],
    ["a form as large as a file", { form: { password: "x".repeat(20_000) } }, 413],
  ])("%s is no form", async (_, given, status) => {
    const { share_url } = await link({ password });
    expect((await world.request(share_url, given)).status).toBe(status);
  });
});

describe("the page", () => {
  test("shows name, size, expiry and a button", async () => {
    const { share_url } = await link({ name: "q3.pdf", content: "x".repeat(3456), max_downloads: 4 });
    const html = await (await see(share_url)).text();
    expect(html).toContain("<h1><bdi>q3.pdf</bdi></h1>");
    expect(html).toContain("3.5 kB");
    expect(html).toMatch(/<dd>in 24 hours <small><time datetime="2\d{3}-/);
    expect(html).toContain("4 of 4");
    expect(html).toContain('<form method="post"><button class="button">Download</button></form>');
    const endless = await link();
    expect(await (await see(endless.share_url)).text()).toContain('<a class="button" href="?download=1"');
  });

  test("runs no script but its own, loads nothing, and is kept, framed and indexed nowhere", async () => {
    const { share_url } = await link();
    const { headers } = await see(share_url);
    const policy = headers.get("content-security-policy") ?? "";
    for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("form-action 'self';");
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex, nofollow",
    });
  });

  test.each(["style", "script"])("its %s is the one that its policy allows", async (element) => {
    const { share_url } = await link();
    const page = await see(share_url);
    const html = await page.text();
    const all = [...html.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, "g"))];
    expect(all).toHaveLength(1);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(all[0]?.[1]));
    expect(page.headers.get("content-security-policy")).toContain(
      `${element}-src 'sha256-${Buffer.from(digest).toString("base64")}';`,
    );
    expect(html).not.toMatch(/ on\w+=| src=/);
  });

  test("takes hostile names for text", async () => {
    const name = `<img src=x onerror=alert(1)>"'&amp;\u202egpj.exe`;
    const { share_url } = await link({ name });
    const html = await (await see(share_url)).text();
    expect(html).not.toContain("<img");
    expect(html).not.toContain("\u202e");
    expect(html).toContain(
      "<bdi>&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;amp;&#60;U+202E&#62;gpj.exe</bdi>",
    );
  });

  test.each([
    ["تقرير 2026.pdf", "<bdi>تقرير 2026</bdi><bdi>.pdf</bdi>", "\u2068تقرير 2026\u2069.pdf"],
    ["דוח.xlsx", "<bdi>דוח</bdi><bdi>.xlsx</bdi>", "\u2068דוח\u2069.xlsx"],
    ["report.2026.pdf", "<bdi>report.2026.pdf</bdi>", "report.2026.pdf"],
  ])("keeps the extension of %s at its end", async (name, heading, title) => {
    const { share_url } = await link({ name });
    const html = await (await see(share_url)).text();
    expect(html).toContain(`<h1>${heading}</h1>`);
    expect(html).toContain(`<title>Download ${title}</title>`);
  });

  test("of a long name shows both ends, and the whole on demand", async () => {
    const name = `${"👩‍💻 report ".repeat(12)}final.pdf`;
    const { share_url } = await link({ name });
    const html = await (await see(share_url)).text();
    const [, heading = ""] = /<h1><bdi>(.*?)<\/bdi><\/h1>/.exec(html) ?? [];
    expect([...new Intl.Segmenter("en").segment(heading)].length).toBeLessThanOrEqual(61);
    expect(heading).toMatch(/^👩‍💻 report .*….*final\.pdf$/);
    expect(html).toContain(`<summary>Whole name</summary><bdi>${name}</bdi></details>`);
  });

  test("after the button says what is left, and leads to the same bytes again", async () => {
    const { share_url, share_id } = await link({ max_downloads: 2, content: "twice" });
    const started = await world.request(share_url, { form: {}, headers: { accept: BROWSER } });
    const html = await started.text();
    expect([started.status, html]).toEqual([200, expect.stringContaining("1 of 2")]);
    for (let n = 0; n < 2; n++) expect(await (await fetch(startedBy(html))).text()).toBe("twice");
    expect(await state(share_id)).toEqual(["active", 1]);
  });

  test("after too many wrong passwords counts down, and says until when", async () => {
    const { share_url } = await link({ password: "right" });
    onTestFinished(world.stopClock());
    const guess = () => world.request(share_url, { form: { password: "no" }, headers: { accept: BROWSER } });
    for (let n = 0; n < 5; n++) await guess();
    const waiting = await guess();
    const html = await waiting.text();
    const until = new Date(world.deps.now() + 5000).toISOString();
    expect([waiting.status, waiting.headers.get("retry-after")]).toEqual([429, "5"]);
    expect(html).toContain(
      `<span data-wait="5">in 5 seconds, at <time datetime="${until}" data-clock>${until.slice(11, 19)} UTC</time></span>`,
    );
  });

  test("of a dead link says why", async () => {
    const { share_url, share_id } = await link();
    await client.request(`/v1/shares/${share_id}`, { method: "DELETE" });
    const page = await see(share_url);
    expect([page.status, await page.text()]).toEqual([410, expect.stringContaining("withdrawn")]);
    const guessed = await see("/s/AAAAAAAAAAAAAAAAAAAAAA");
    expect([guessed.status, await guessed.text()]).toEqual([404, expect.stringContaining("no such link")]);
  });
});

test.each([
  [BROWSER, true],
  ["text/html", true],
  ["TEXT/HTML;q=0.5", true],
  ["text/html, application/xhtml+xml, */*", true],
  ["application/json, text/html;q=0.9", true],
  ["*/*", false],
  [undefined, false],
  ["", false],
  ["text/html;q=0, */*", false],
  ["text/html;q=0.1, */*", false],
  ["application/json", false],
  ["text/plain, */*;q=0.1", false],
  ["text/html;q=bogus", false],
])("Accept %j is a browser's: %s", (accept, expected) => {
  expect(prefersHtml(accept)).toBe(expected);
});

test.each([
  [86_400_000 - 900, "24 hours"],
  [7 * 86_400_000 - 900, "7 days"],
  [29_999, "less than a minute"],
  [60_000, "1 minute"],
  [3_600_000, "1 hour"],
  [90 * 60_000, "90 minutes"],
  [47.4 * 3_600_000, "47 hours"],
  [47.6 * 3_600_000, "2 days"],
])("%d ms are said as %s", (ms, said) => {
  expect(sayDuration(ms)).toBe(said);
});
