/** What an origin has beside its API, for browsers and for those who look for its owner. */
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { createApp } from "#http/app.ts";
import type { Operator } from "#pages/operator.ts";
import { site } from "#pages/site-routes.ts";
import { type Story, startStory } from "#test/support/story.ts";
import { startWorld, type World } from "#test/support/world.ts";

const BROWSER = { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  story.api(path, { token: null, headers, method });

/** The answer as it comes over the wire, which fetch would decode. */
function wire(path: string, headers: Record<string, string>) {
  return new Promise<{ coding: string | undefined; bytes: number }>((resolve, reject) => {
    const request = get(`${story.origin}${path}`, { headers }, async (answer) => {
      let bytes = 0;
      for await (const chunk of answer) bytes += chunk.length;
      resolve({ coding: answer.headers["content-encoding"], bytes });
    });
    request.on("error", reject);
  });
}

test("the start page says what this is and leads to the docs, which are there", async () => {
  const page = await ask("/");
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const html = await page.text();
  const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, href = ""]) => href);
  expect(links.length).toBeGreaterThan(2);
  for (const href of links) {
    const [address = "", place] = href.split("#");
    const target = await fetch(address);
    expect([href, target.status]).toEqual([href, 200]);
    if (place !== undefined) expect(await target.text()).toContain(`id="${place}"`);
  }
});

test("an address that leads nowhere is a page for people and a problem for programs", async () => {
  for (const path of ["/nothing", "/v1/nothing", "/s/", "/a/b/"]) {
    const page = await ask(path, BROWSER);
    const html = await page.text();
    expect([path, page.status, page.headers.get("content-type")]).toEqual([
      path,
      404,
      "text/html; charset=utf-8",
    ]);
    const [, home = ""] = /<a href="([^"]+)">start page/.exec(html) ?? [];
    expect([path, new URL(home, `${story.origin}/prod${path}`).pathname]).toEqual([path, "/prod/"]);
    expect(problem.parse(await (await ask(path)).json())).toMatchObject({ status: 404, code: "not_found" });
  }
  const wrong = await ask("/v1/files/upload", BROWSER);
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  expect(await wrong.text()).toContain("<h1>");
});

test("robots, icon and no security.txt where nobody is named", async () => {
  const robots = await ask("/robots.txt");
  expect(robots.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await robots.text()).toMatch(/^User-agent: \*\nDisallow: \/v1\/\n/);
  const icon = await ask("/favicon.ico");
  expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
  expect((await ask("/.well-known/security.txt")).status).toBe(404);
});

describe("docs", () => {
  test.each(["/docs", "/openapi.json"])("%s is compressed for who takes it", async (path) => {
    const plain = await wire(path, {});
    expect(plain.coding).toBeUndefined();
    const small = await wire(path, { "Accept-Encoding": "gzip, deflate, br" });
    expect(small.coding).toBe("gzip");
    expect(small.bytes).toBeLessThan(plain.bytes / 4);
    const fetched = await ask(path);
    expect(Buffer.byteLength(await fetched.text())).toBe(plain.bytes);
  });

  test.each(["/docs", "/openapi.json"])("%s is not sent again to who has it", async (path) => {
    const etag = (await ask(path)).headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    for (const known of [etag, etag.replace("W/", ""), `"other", ${etag}`, "*"]) {
      const again = await ask(path, { "If-None-Match": known });
      expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, etag, ""]);
    }
    expect((await ask(path, { "If-None-Match": '"other"' })).status).toBe(200);
  });
});

describe("an operator", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.close());

  const appOf = (operator: Operator) => createApp({ ...world.deps, operator }, [site]);

  test("is named on the start page, with what leads to them", async () => {
    const app = appOf({
      name: "Acme <IT>",
      contact: "mailto:share@example.com",
      guides: "https://wiki.example.com/wharf",
    });
    const html = await (await app.request("/")).text();
    expect(html).toContain("Acme &#60;IT&#62; runs it");
    expect(html).toContain('<a href="mailto:share@example.com">share@example.com</a>');
    expect(html).toContain('<a href="https://wiki.example.com/wharf">Guides</a>');
  });

  test("has a security.txt of RFC 9116", async () => {
    const answer = await appOf({ securityContact: "mailto:security@example.com" }).request(
      "/.well-known/security.txt",
    );
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const fields = (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/: (.*)/));
    expect(fields.map(([name]) => name)).toEqual(["Contact", "Expires", "Preferred-Languages", "Canonical"]);
    const { Contact, Expires = "" } = Object.fromEntries(fields);
    expect(Contact).toBe("mailto:security@example.com");
    const days = (Date.parse(Expires) - world.deps.now()) / 86_400_000;
    expect(days > 28 && days <= 30).toBe(true);
  });
});
