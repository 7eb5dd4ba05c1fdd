/** A link's life, as those who get it see it: over HTTP alone, by browsers and programs. */
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { event } from "#contract/events.ts";
import { share } from "#core/links/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

const BROWSER = { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const SECOND = 1_000;

let story: Story;

beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 3 } });
});
afterAll(() => story.stop());

/** Where the page that a browser's POST is answered with leads at once. */
const startedBy = (html: string) =>
  (/http-equiv="refresh" content="0; url=([^"]+)"/.exec(html)?.[1] ?? "").replaceAll("&#38;", "&");
const open = (url: string, init: RequestInit = {}) => fetch(url, { redirect: "manual", ...init });
const upload = async (filename: string, text: string) =>
  (await story.upload(Buffer.from(text), { filename, finalize: { share: false } })).file_id;
const shareOf = (fileId: string, terms: object = {}) =>
  story.json(share, `/v1/files/${fileId}/shares`, { json: terms });

test("finalize gives a link that a program follows and a person sees a page for", async () => {
  const done = await story.upload(Buffer.from("contents"), { filename: "report.pdf.txt" });
  const url = done.share_url ?? "";
  expect(url).toMatch(new RegExp(`^${story.origin}/s/[\\w-]{22}$`));
  expect(await (await fetch(url)).text()).toBe("contents");

  const page = await open(url, { headers: BROWSER });
  const html = await page.text();
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(html).toContain("<bdi>report.pdf.txt</bdi>");
  const [, href = ""] = /<a class="button" href="([^"]+)"/.exec(html) ?? [];
  const saved = await fetch(new URL(href, url), { headers: BROWSER });
  expect(saved.headers.get("content-disposition")).toMatch(/^attachment; filename="report.pdf.txt"/);
  expect(await saved.text()).toBe("contents");
  const seen = await story.json(share, `/v1/shares/${done.share_id}`);
  expect(seen).toMatchObject({ share_url: url, downloads: 2, state: "active" });
});

test("a link of one download gives one, however many ask at once", async () => {
  const { share_url, share_id } = await shareOf(await upload("once.txt", "x"), { max_downloads: 1 });
  expect((await open(share_url, { method: "HEAD" })).status).toBe(302);
  expect((await open(share_url, { headers: BROWSER })).status).toBe(200);
  const statuses = (await Promise.all(Array.from({ length: 6 }, () => open(share_url)))).map((a) => a.status);
  expect(statuses.sort()).toEqual([302, 410, 410, 410, 410, 410]);
  expect(await story.json(share, `/v1/shares/${share_id}`)).toMatchObject({ downloads: 1, state: "used_up" });
});

test("a password opens the link by the page's form, and wrong ones have to wait", async () => {
  const { share_url } = await shareOf(await upload("salaries.txt", "top secret"), { password: "grüße" });
  const post = (password: string) =>
    open(share_url, { method: "POST", body: new URLSearchParams({ password }), headers: BROWSER });
  expect(await (await open(share_url, { headers: BROWSER })).text()).not.toContain("salaries");
  expect((await open(share_url)).status).toBe(403);
  for (let n = 0; n < 5; n++) expect((await post(`guess ${n}`)).status).toBe(403);
  const waiting = await post("grüße");
  expect(waiting.status).toBe(429);
  // 5 s, less the time that has passed since the last guess.
  expect(["1", "2", "3", "4", "5"]).toContain(waiting.headers.get("retry-after"));
  story.advance(5 * SECOND);
  const opened = await post("grüße");
  expect(opened.status).toBe(200);
  const page = await opened.text();
  expect(page).not.toMatch(/wrong/i);
  expect(await (await fetch(startedBy(page))).text()).toBe("top secret");
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

test.skipIf(!hasIpv6)("who guesses a link's password keeps out no reader elsewhere", async () => {
  const { share_url } = await shareOf(await upload("envied.txt", "x"), { password: "right" });
  const post = async (host: string, password: string) =>
    (
      await open(share_url.replace("localhost", host), {
        method: "POST",
        body: new URLSearchParams({ password }),
      })
    ).status;
  for (let n = 0; n < 5; n++) expect(await post("127.0.0.1", `guess ${n}`)).toBe(403);
  expect(await post("127.0.0.1", "right")).toBe(429);
  expect(await post("[::1]", "right")).toBe(303);
});

test("a revoked link is dead at once, and so is that of a deleted file", async () => {
  const fileId = await upload("short-lived.txt", "x");
  const [first, second] = [await shareOf(fileId), await shareOf(fileId)];
  expect((await story.api(`/v1/shares/${first.share_id}`, { method: "DELETE" })).status).toBe(204);
  expect((await open(first.share_url)).status).toBe(410);
  expect((await open(second.share_url)).status).toBe(302);
  await story.api(`/v1/files/${fileId}`, { method: "DELETE" });
  expect((await open(second.share_url)).status).toBe(410);
});

describe("expiry", () => {
  test("comes at the second, for the URL behind the link too, and is told of within 2 minutes", async () => {
    const receiver = await story.receiver();
    await story.api("/v1/webhooks", { json: { url: receiver.url, events: ["link_expired"] } });
    const link = await shareOf(await upload("expiring.txt", "x"), { expire_in: 60 });
    const untilEnd = () => Date.parse(String(link.expires_at)) - story.cloud.clock.now();
    story.advance(untilEnd() - 10 * SECOND);
    const behind = (await open(link.share_url)).headers.get("location") ?? "";
    expect((await fetch(behind)).status).toBe(200);
    story.advance(untilEnd() + 1 * SECOND);
    expect((await open(link.share_url)).status).toBe(410);
    expect((await open(link.share_url, { headers: BROWSER })).status).toBe(410);
    expect((await fetch(behind)).status).toBe(403);
    story.advance(119 * SECOND);
    const [told] = await receiver.until(1, ({ body }) => body.includes(link.share_id));
    expect(event.parse(JSON.parse(told?.body ?? ""))).toMatchObject({
      file_id: link.file_id,
      data: { expires_at: link.expires_at },
    });
  });
});

test("no token of a link is logged or told", async () => {
  const receiver = await story.receiver();
  await story.api("/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  const { share_url } = await shareOf(await upload("quiet.txt", "x"), { password: "hush" });
  const token = share_url.slice(share_url.lastIndexOf("/") + 1);
  for (const password of ["wrong", "hush"])
    await open(share_url, { method: "POST", body: new URLSearchParams({ password }) });
  await open(`${share_url}x`);
  await receiver.until(1, ({ body }) => body.includes("link_accessed"));
  await story.cloud.waitForIdle();
  const logged = story.cloud.logs
    .lines()
    .map(({ text }) => text)
    .join("\n");
  expect(logged).toContain("POST /s/{token}");
  const told = receiver.received.map(({ body, headers }) => `${body}${JSON.stringify(headers)}`).join("\n");
  for (const secret of [token, "hush", "X-Amz-Signature"]) {
    expect(logged).not.toContain(secret);
    expect(told).not.toContain(secret);
  }
});
