/** A page of another origin uses the API by fetch: every call is asked for first, and answers are read as exposed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type Story, startStory } from "#test/support/story.ts";
import { shaOf } from "#test/support/uploads.ts";

/** `WWW-Authenticate`, as API Gateway lets it out. */
const CHALLENGE = "x-amzn-remapped-www-authenticate";
const PAGE = "https://app.example.com";

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

/** Headers that need no asking (Fetch: CORS-safelisted), as far as they occur here. */
const SAFE = new Set(["accept", "content-length"]);
const SIMPLE = new Set(["GET", "HEAD", "POST"]);

/** One request as a browser sends it for a page at `origin`; redirects are not followed. */
async function ask(url: string, init: RequestInit & { method: string }, origin: string): Promise<Response> {
  const asked = [...new Headers(init.headers).keys()].filter((name) => !SAFE.has(name));
  if (asked.length > 0 || !SIMPLE.has(init.method)) {
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": init.method,
        ...(asked.length > 0 ? { "access-control-request-headers": asked.sort().join(",") } : {}),
      },
    });
    const allowed = (name: string) =>
      (preflight.headers.get(`access-control-allow-${name}`) ?? "").toLowerCase().split(/,\s*/);
    expect([preflight.status < 300, allowed("origin")]).toEqual([true, ["*"]]);
    expect(allowed("methods")).toContain(init.method.toLowerCase());
    expect(allowed("headers")).toEqual(expect.arrayContaining(asked));
  }
  const answer = await fetch(url, {
    ...init,
    headers: { ...Object.fromEntries(new Headers(init.headers)), origin },
    redirect: "manual",
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  return answer;
}

/** `fetch` of a page: Fetch, 4.4: past a redirect to another origin the page is `null` and its token stays behind. */
async function browse(url: string, init: RequestInit & { method: string }): Promise<Response> {
  const answer = await ask(url, init, PAGE);
  const location = answer.headers.get("location");
  if (location === null) return answer;
  const headers = new Headers(init.headers);
  headers.delete("authorization");
  return ask(location, { ...init, headers }, "null");
}

/** The answer's header as a script may read it. */
function read(answer: Response, name: string): string | null {
  const exposed = (answer.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/,\s*/);
  return exposed.includes(name) ? answer.headers.get(name) : null;
}

const parse = async <T>(schema: z.ZodType<T>, answer: Response) => schema.parse(await answer.json());
const part = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) });
const session = z.object({ upload_id: z.string(), parts: z.array(part) });

const bearer = async () => ({ authorization: `Bearer ${await story.token()}` });

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  browse(`${story.origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

test("a page uploads by parts and by chunks, and downloads by the link", async () => {
  const granted = await post("/v1/auth/token", {
    client_id: story.clientId,
    client_secret: story.clientSecret,
  });
  const { access_token } = await parse(z.object({ access_token: z.string() }), granted);
  const auth = { authorization: `Bearer ${access_token}`, "x-request-id": "page-1" };

  const started = await post("/v1/uploads", { filename: "page.txt", size: 5 }, auth);
  expect([started.status, read(started, "x-request-id")]).toEqual([201, "page-1"]);
  const { upload_id, parts } = await parse(session, started);
  const put = await browse(parts[0]?.url ?? "", { method: "PUT", body: "hello" });
  expect([put.status, read(put, "etag")]).toEqual([200, expect.stringMatching(/^"\w+"$/)]);
  const finished = await post(
    `/v1/uploads/${upload_id}/finalize`,
    {},
    { ...auth, "idempotency-key": "page-2" },
  );
  const { share_url } = await parse(z.object({ share_url: z.string() }), finished);
  expect(await (await browse(share_url, { method: "GET" })).text()).toBe("hello");

  const sealed = await parse(
    session,
    await post("/v1/uploads", { filename: "sealed.txt", checksum: { sha256: shaOf("hello") } }, auth),
  );
  const { url = "", headers = {} } = sealed.parts[0] ?? {};
  expect(Object.keys(headers)).toEqual(["x-amz-checksum-sha256"]);
  expect((await browse(url, { method: "PUT", body: "hello", headers })).status).toBe(200);
  expect((await post(`/v1/uploads/${sealed.upload_id}/finalize`, {}, auth)).status).toBe(200);

  const other = await parse(session, await post("/v1/uploads", { filename: "chunks.txt" }, auth));
  const chunk = await browse(`${story.origin}/v1/uploads/${other.upload_id}/chunks?part=1`, {
    method: "PUT",
    headers: { ...auth, "content-type": "application/octet-stream" },
    body: "hello",
  });
  expect(chunk.status).toBe(200);
  expect((await post(`/v1/uploads/${other.upload_id}/finalize`, {}, auth)).status).toBe(200);
});

test("a visitor's page goes on with an upload that a server has started, by its token alone", async () => {
  const token = await bearer();
  const json = { filename: "visitor.txt", size: 5, upload_token: true, upload_token_expires_in: 600 };
  // What the page's own server does.
  const started = await story.api("/v1/uploads", { json });
  const { upload_id, upload_token } = await parse(
    z.object({ upload_id: z.string(), upload_token: z.string() }),
    started,
  );
  const auth = { authorization: `Bearer ${upload_token}` };
  const signed = await post(`/v1/uploads/${upload_id}/parts`, { count: 1 }, auth);
  const { parts } = await parse(z.object({ parts: z.array(part) }), signed);
  // A page can't set Content-Length; the browser does, from the body (Fetch, "forbidden request-header").
  const { url = "" } = parts[0] ?? {};
  expect((await browse(url, { method: "PUT", body: "hello, and more" })).status).toBe(403);
  expect((await browse(url, { method: "PUT", body: "hello" })).status).toBe(200);
  const state = await browse(`${story.origin}/v1/uploads/${upload_id}`, { method: "GET", headers: auth });
  expect(await state.json()).toMatchObject({ state: "open", bytes_received: 5 });
  const finished = await post(`/v1/uploads/${upload_id}/finalize`, {}, auth);
  const { file_id, share_url } = await parse(
    z.object({ file_id: z.string(), share_url: z.null() }),
    finished,
  );
  expect(share_url).toBeNull();
  const content = await browse(`${story.origin}/v1/files/${file_id}`, { method: "GET", headers: auth });
  expect([content.status, await content.json()]).toMatchObject([403, { code: "forbidden" }]);
  const own = await browse(`${story.origin}/v1/files/${file_id}`, { method: "GET", headers: token });
  expect(await own.json()).toMatchObject({ name: "visitor.txt", size: 5 });
});

test("a page reads what S3 says of the bytes, and its libraries may mark every call", async () => {
  const tracing = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "vendor=1",
    baggage: "user=1",
    "sentry-trace": "1-1-1",
    "x-requested-with": "XMLHttpRequest",
    "cache-control": "no-cache",
  };
  const started = await post(
    "/v1/uploads",
    { filename: "marked.txt", size: 5 },
    { ...tracing, ...(await bearer()) },
  );
  const { upload_id, parts } = await parse(session, started);
  await browse(parts[0]?.url ?? "", { method: "PUT", body: "hello" });
  const finished = await post(`/v1/uploads/${upload_id}/finalize`, {}, { ...tracing, ...(await bearer()) });
  const { share_url } = await parse(z.object({ share_url: z.string() }), finished);
  const range = { method: "GET", headers: { range: "bytes=1-2", "if-range": '"x"', "if-none-match": '"x"' } };
  const bytes = await browse(share_url, { ...range, headers: { ...tracing, range: "bytes=1-2" } });
  expect([bytes.status, await bytes.text()]).toEqual([206, "el"]);
  expect(read(bytes, "content-disposition")).toContain("marked.txt");
  expect(read(bytes, "content-range")).toBe("bytes 1-2/5");
  expect(read(bytes, "content-length")).toBe("2");
  expect(read(bytes, "accept-ranges")).toBe("bytes");
  expect(read(bytes, "etag")).toMatch(/^"/);
  await ask(share_url, range, PAGE);
});

test("a page can read why it was refused", async () => {
  const refused = await post("/v1/uploads", { filename: "page.txt" }, { authorization: "Bearer no" });
  expect([refused.status, await refused.json()]).toMatchObject([401, { code: "unauthenticated" }]);
  expect(read(refused, CHALLENGE)).toMatch(/^Bearer/);
});
