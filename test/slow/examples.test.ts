/** The programs under examples/, run as their readers run them. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { file } from "#core/files/contract.ts";
import { directEnv } from "#test/support/direct-env.ts";
import { type Story, startStory } from "#test/support/story.ts";

const run = promisify(execFile);
const example = (path: string) => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const hasCurl = ["bash", "curl"].every((program) => spawnSync(program, ["--version"]).status === 0);
const hasRequests = spawnSync("python3", ["-c", "import requests"]).status === 0;

let story: Story;
let folder: string;
let env: Record<string, string | undefined>;
beforeAll(async () => {
  story = await startStory();
  folder = mkdtempSync(join(tmpdir(), "wharf-examples-"));
  env = {
    ...directEnv,
    WHARF_URL: story.origin,
    WHARF_CLIENT_ID: story.clientId,
    WHARF_CLIENT_SECRET: story.clientSecret,
  };
});
afterAll(async () => {
  await story?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Runs a program over a file and downloads by the link that it prints. */
async function uploadedBy(program: string, script: string, content: Buffer): Promise<Buffer> {
  const path = join(folder, "build.bin");
  writeFileSync(path, content);
  const { stdout } = await run(program, [example(script), path], { env, timeout: 60_000 });
  const link = stdout.trim();
  expect(link).toMatch(/\/s\/[\w-]+$/);
  return Buffer.from(await (await fetch(link)).arrayBuffer());
}

test("Node sends a file in one request, and its type is what it is", async () => {
  const path = join(folder, "notes.txt");
  writeFileSync(path, "from Node\n");
  const { stdout } = await run(process.execPath, [example("node/upload.mjs"), path], { env });
  const answer = await fetch(stdout.trim());
  expect([await answer.text(), answer.headers.get("content-type")]).toEqual(["from Node\n", "text/plain"]);
});

test("a page without a script sends what a visitor has chosen", async () => {
  const server = spawn(process.execPath, [example("form/server.mjs"), "0"], { env });
  try {
    const [address] = await once(server.stdout, "data");
    const html = await (await fetch(String(address).trim())).text();
    expect(html).not.toContain("<script");
    const text = (escaped = "") =>
      escaped.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
    const body = new FormData();
    for (const [, name, value] of html.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g))
      body.set(text(name), text(value));
    body.set("file", new Blob(["%PDF-1.7\n"]), "mine.pdf");
    const action = text(/action="([^"]*)"/.exec(html)?.[1]);
    expect((await fetch(action, { method: "POST", body })).status).toBe(204);
    await story.cloud.waitForIdle();
    const listed = z.object({ items: z.array(z.object({ name: z.string(), size: z.number() })) });
    const files = `/v1/workspaces/${story.workspaceId}/files?path=visitors`;
    const { items } = await story.json(listed, files);
    expect(items).toMatchObject([{ name: expect.stringMatching(/^[0-9a-f-]{36}\.pdf$/), size: 9 }]);
  } finally {
    server.kill();
  }
});

test.skipIf(!hasRequests)("an agent whose lease can't be renewed says so and writes nothing", async () => {
  const { file_id, version_id } = await story.upload(Buffer.from("begin\n"), { filename: "agents.txt" });
  const gateway = await startPoorGateway(story.origin);
  const agent = run("python3", [example("python/append.py"), file_id, "line"], {
    env: { ...env, WHARF_URL: gateway.url },
  });
  agent.child.stderr?.once("data", gateway.letContentThrough);
  await expect(agent).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The lock is gone: its renewal was answered 503 /),
  });
  await gateway.close();
  expect(await story.json(file, `/v1/files/${file_id}`)).toMatchObject({ version_id });
});

/**
 * The API as behind a gateway that lets no renewal through, and no content until told so. Leases are told to be 3 s
 * long, so that nobody waits for a minute.
 */
async function startPoorGateway(origin: string) {
  const { promise: isGone, resolve: letContentThrough } = Promise.withResolvers<void>();
  const server = createServer(async (req, res) => {
    const { url = "", method = "GET" } = req;
    if (url.endsWith("/renew")) return void res.writeHead(503).end("busy");
    if (url.endsWith("/content")) await isGone;
    const { host, connection, ...headers } = z.record(z.string(), z.string()).parse(req.headers);
    const sent = method === "GET" ? null : new Uint8Array(await buffer(req));
    const answer = await fetch(origin + url, { method, headers, body: sent, redirect: "manual" });
    const text = await answer.text();
    const location = answer.headers.get("location");
    res.writeHead(answer.status, {
      "content-type": answer.headers.get("content-type") ?? "",
      ...(location === null ? {} : { location }),
    });
    res.end(text.replace(/"renew_after_seconds":\d+/, '"renew_after_seconds":1'));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    letContentThrough,
    close: async () => void (await promisify(server.close.bind(server))()),
  };
}

test.skipIf(!hasCurl).each([
  ["two parts", Buffer.alloc(17 * 1_048_576, "from curl ")],
  ["an empty file", Buffer.alloc(0)],
])("curl sends %s (needs bash and curl)", async (_, content) => {
  expect((await uploadedBy("bash", "curl/upload.sh", content)).equals(content)).toBe(true);
});

test.skipIf(!hasRequests)("Python sends two parts (needs python3 with requests)", async () => {
  const content = Buffer.alloc(17 * 1_048_576, "from Python ");
  expect((await uploadedBy("python3", "python/upload.py", content)).equals(content)).toBe(true);
});

test.skipIf(!hasRequests)("Python sends an empty file", async () => {
  expect(await uploadedBy("python3", "python/upload.py", Buffer.alloc(0))).toEqual(Buffer.alloc(0));
});

test.each([
  ["node/upload.mjs", process.execPath, true],
  ["curl/upload.sh", "bash", hasCurl],
  ["python/upload.py", "python3", hasRequests],
  ["python/append.py", "python3", hasRequests],
])("%s says how it is used, and what the API says of a wrong secret", async (script, program, there) => {
  if (!there) return;
  const failed = async (args: string[], wrong: Record<string, string> = {}) =>
    run(program, [example(script), ...args], { env: { ...env, ...wrong } }).then(
      ({ stdout }) => `succeeded: ${stdout}`,
      ({ stderr, stdout }: { stderr: string; stdout: string }) => stderr + stdout,
    );
  expect(await failed([])).toContain(script.split("/")[1]);
  const path = join(folder, "small.txt");
  writeFileSync(path, "small");
  const args = script.includes("append") ? ["file_01JZZZZZZZZZZZZZZZZZZZZZZZ", "line"] : [path];
  const told = await failed(args, { WHARF_CLIENT_SECRET: "whs_wrong", WHARF_URL: `${story.origin}/` });
  expect(told).toMatch(/client|secret/i);
  expect(await failed(args, { WHARF_CLIENT_SECRET: "" })).toMatch(
    /^WHARF_CLIENT_SECRET is not set\. .*npm run --silent env.*create-client/,
  );
});
