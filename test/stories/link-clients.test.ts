/** What each client gets of a link, and whether it uses the link up: recorded requests, sent byte by byte. */
import { connect } from "node:net";
import { gunzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { share } from "#core/links/contract.ts";
import { type RecordedClient, recordedClients } from "#test/support/recorded-clients.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
let fileId: string;

beforeAll(async () => {
  story = await startStory();
  const uploaded = await story.upload(Buffer.from("bytes"), {
    filename: "plan.txt",
    finalize: { share: false },
  });
  fileId = uploaded.file_id;
});
afterAll(() => story?.stop());

const shareOf = (terms: object) => story.json(share, `/v1/files/${fileId}/shares`, { json: terms });

/** What API Gateway compressed for a client that takes it. */
function decoded(body: Buffer, coding: string | undefined): string {
  if (coding === undefined || body.length === 0) return body.toString();
  return (coding === "gzip" ? gunzipSync(body) : inflateSync(body)).toString();
}

/** The answer's head and body to a request as it was recorded. */
async function replay(url: string, { method = "GET", query = "", headers }: RecordedClient) {
  const { host, hostname, port, pathname } = new URL(url);
  const lines = [`${method} ${pathname}${query} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of headers)
    if (name.toLowerCase() !== "connection") lines.push(`${name}: ${value}`);
  if (method === "POST") lines.push("Content-Length: 0");
  const socket = connect(Number(port), hostname);
  socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = Buffer.concat(chunks);
  const end = answer.indexOf("\r\n\r\n");
  const head = answer.subarray(0, end).toString();
  const value = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim();
  return {
    status: Number(head.split(" ")[1]),
    head,
    body: decoded(answer.subarray(end + 4), value("content-encoding")),
    location: value("location"),
  };
}

/** What the answer is, in the table's words. */
async function kindOf({ status, head, body, location }: Awaited<ReturnType<typeof replay>>, method?: string) {
  if (status === 302) return (await (await fetch(location ?? "")).text()) === "bytes" ? "bytes" : "no bytes";
  if (status === 204) return "nothing";
  expect([status, head]).toEqual([200, expect.stringMatching(/^content-type: text\/html/im)]);
  expect(head).toMatch(/^x-robots-tag: noindex/im);
  if (method === "HEAD") return "preview";
  expect(body).not.toContain(">bytes<");
  if (body.includes('http-equiv="refresh"')) return "started";
  expect(body).toContain('<meta property="og:title" content="plan.txt">');
  expect(body).toContain('<meta name="robots" content="noindex, nofollow">');
  return body.includes("<form") ? "page" : "preview";
}

test("the table has clients of every kind", () => {
  expect(new Set(recordedClients.map(({ who }) => who)).size).toBe(recordedClients.length);
  expect(recordedClients.length).toBeGreaterThan(25);
  expect(new Set(recordedClients.map(({ gets }) => gets)).size).toBe(5);
});

test.each(recordedClients)("$who gets: $gets", async (client) => {
  const { share_id, share_url } = await shareOf({ max_downloads: 1 });
  expect(await kindOf(await replay(share_url, client), client.method)).toBe(client.gets);
  const { downloads } = await story.json(share, `/v1/shares/${share_id}`);
  expect(downloads).toBe(["bytes", "started"].includes(client.gets) ? 1 : 0);
});

test("of a link with a password no preview tells of the file, whoever asks", async () => {
  const { share_id, share_url } = await shareOf({ password: "secret", max_downloads: 1 });
  for (const client of recordedClients) {
    if (client.method === "POST") continue;
    const { body } = await replay(share_url, client);
    expect([client.who, /plan|5 bytes/.test(body)]).toEqual([client.who, false]);
  }
  expect((await story.json(share, `/v1/shares/${share_id}`)).downloads).toBe(0);
});

test("another site's form uses nothing up", async () => {
  const { share_id, share_url } = await shareOf({ max_downloads: 1 });
  const button = recordedClients.find(({ gets }) => gets === "started");
  const headers = (button?.headers ?? []).map(
    ([name, value]) => [name, name === "Sec-Fetch-Site" ? "cross-site" : value] as const,
  );
  const lured = await replay(share_url, { who: "", source: "", gets: "page", method: "POST", headers });
  expect([lured.status, lured.location]).toEqual([303, share_url]);
  expect((await story.json(share, `/v1/shares/${share_id}`)).downloads).toBe(0);
});
