/** The receivers under examples/, each with deliveries of a real cloud. */
import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "#test/support/free-port.ts";
import { type Story, startStory } from "#test/support/story.ts";
import { receiver as honoReceiver } from "../../examples/receivers/hono.ts";

const example = (path: string) => fileURLToPath(new URL(`../../examples/receivers/${path}`, import.meta.url));
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const hasFlask = has("python3", "-c", "import flask");
const hasExpress = has(process.execPath, "--input-type=module", "-e", "import 'express'");
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

/** Runs a receiver as a program of its own; `printed` resolves to the next line about an upload. */
async function runReceiver(program: string, script: string, folder = example("")) {
  const port = await freePort();
  const env = { ...process.env, WHARF_WEBHOOK_SECRET: secret, PORT: String(port) };
  const child = spawn(program, [join(folder, script)], { env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = `http://127.0.0.1:${port}/webhooks/wharf`;
  await story.eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404));
  return {
    url,
    async printed(): Promise<string> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${script} ended`);
        if (value.startsWith("uploaded")) return value;
      }
    },
    async stop() {
      child.kill();
      await once(child, "exit");
    },
  };
}

const body = (changes: object = {}) =>
  JSON.stringify({ id: "evt_1", type: "upload_completed", file_id: "file_1", ...changes });
const now = () => Math.floor(Date.now() / 1000);
/** Headers as Wharf would send them for this body, but for the changes. */
function signed(text: string, changes: Record<string, string | undefined> = {}, at = now(), id = "evt_1") {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${at}.${text}`).digest("base64");
  const all = {
    ...{ "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at) },
    ...{ "webhook-signature": `v1,${mac}`, "x-event-type": "upload_completed", ...changes },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
}

/** What nobody but an attacker sends, or a mistake. */
const hostile: [name: string, text: string, headers: Record<string, string>][] = [
  ["no headers", body(), {}],
  ["no signature", body(), signed(body(), { "webhook-signature": undefined })],
  ["no id", body(), signed(body(), { "webhook-id": undefined })],
  ["no time", body(), signed(body(), { "webhook-timestamp": undefined })],
  ["a signature that isn't ASCII", body(), signed(body(), { "webhook-signature": "v1,\u00fc\u00ff" })],
  ["an id that isn't ASCII", body(), signed(body(), { "webhook-id": "\u00fc" })],
  ["a time that is no number", body(), signed(body(), { "webhook-timestamp": "soon" })],
  ["a time of many digits", body(), signed(body(), { "webhook-timestamp": "9".repeat(400) })],
  ["a signature of another body", body({ file_id: "file_2" }), signed(body())],
  ["a signature of an hour ago", body(), signed(body(), {}, now() - 3_600)],
  ["a signature of an hour ahead", body(), signed(body(), {}, now() + 3_600)],
  ["another's id", body(), signed(body(), { "webhook-id": "evt_2" })],
  ["X-Signature alone", body(), { "x-signature": createHmac("sha256", secret).update(body()).digest("hex") }],
  ["an empty body", "", signed(body())],
  ["a thousand signatures", body(), signed(body(), { "webhook-signature": "v1,AAAA ".repeat(500).trim() })],
];

/** A receiver answers 401 to all that isn't genuine, goes by what is signed, and acts once on each id. */
async function withstands(
  send: (text: string, headers: Record<string, string>) => Promise<number>,
): Promise<void> {
  const answers: Record<string, number> = {};
  for (const [name, text, headers] of hostile) answers[name] = await send(text, headers);
  expect(answers).toEqual(Object.fromEntries(hostile.map(([name]) => [name, 401])));
  expect(await send(body(), signed(body()))).toBe(204);
  // The same event under another unsigned type, and again: neither is an upload of its own.
  const other = body({ id: "evt_3", type: "file_deleted" });
  expect(await send(other, signed(other, { "x-event-type": "upload_completed" }))).toBe(204);
  expect(await send(body(), signed(body(), {}, now() + 1))).toBe(204);
  const last = body({ id: "evt_4", file_id: "file_4" });
  expect(await send(last, signed(last, {}, now(), "evt_4"))).toBe(204);
}

test.skipIf(!hasFlask)("Flask verifies, and withstands (needs python3 with flask)", () =>
  servesAndWithstands("python3", "flask_receiver.py"),
);
test.skipIf(!hasExpress)("Express, copied as it says, verifies, and withstands (needs express)", () =>
  servesAndWithstands(process.execPath, "express.mjs", expressFolder()),
);

/** A folder as its text has readers make it: both files copied, and what npm 11 writes at `npm init -y`. */
function expressFolder(): string {
  const folder = temporaryDirectory();
  for (const file of [example("express.mjs"), example("../../sdk/verify-webhook.mjs")])
    copyFileSync(file, join(folder, basename(file)));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "receiver", type: "commonjs" }));
  symlinkSync(example("../../node_modules"), join(folder, "node_modules"));
  return folder;
}

async function servesAndWithstands(program: string, script: string, folder?: string): Promise<void> {
  const running = await runReceiver(program, script, folder);
  try {
    await withstands((text, headers) => post(running.url, text, headers));
    expect([await running.printed(), await running.printed()]).toEqual([
      "uploaded file_1",
      "uploaded file_4",
    ]);
    const json = { url: running.url, events: ["upload_completed"], secret };
    expect((await story.api("/v1/webhooks", { json })).status).toBe(201);
    const { file_id } = await story.upload(Buffer.from(script), { filename: `${script}.txt` });
    expect(await running.printed()).toBe(`uploaded ${file_id}`);
  } finally {
    await running.stop();
  }
}

/** By node:http, whose headers may hold any byte. */
function post(url: string, text: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", headers }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    });
    req.on("error", reject).end(text);
  });
}

test("Hono and API Gateway verify what the cloud sends, and refuse it altered", async () => {
  vi.stubEnv("WHARF_WEBHOOK_SECRET", secret);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { handler } = await import("../../examples/receivers/api-gateway.ts");
  const endpoint = await story.receiver();
  await story.api("/v1/webhooks", { json: { url: endpoint.url, events: ["upload_completed"], secret } });
  const { file_id } = await story.upload(Buffer.from("hono"), { filename: "hono.txt" });
  const [delivery] = await endpoint.until(1);
  if (delivery === undefined) throw new Error("nothing came");
  const { headers, body: text } = delivery;

  const heard: object[] = [];
  const app = honoReceiver(secret, (event) => heard.push(event));
  const send = (sent: string) => app.request("/webhooks/wharf", { method: "POST", headers, body: sent });
  expect((await send(text)).status).toBe(204);
  expect((await send(text)).status).toBe(204);
  expect((await send(text.replace("hono.txt", "evil.txt"))).status).toBe(401);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ type: "upload_completed", file_id });

  const encoded = { headers, body: Buffer.from(text).toString("base64"), isBase64Encoded: true };
  expect(await handler(encoded)).toEqual({ statusCode: 204 });
  expect(await handler({ headers, body: `${text} `, isBase64Encoded: false })).toEqual({ statusCode: 401 });

  const told: object[] = [];
  const tough = honoReceiver(secret, (event) => told.push(event));
  await withstands(async (one, given) => {
    const headers = new Headers(given);
    return (await tough.request("/webhooks/wharf", { method: "POST", headers, body: one })).status;
  });
  expect(told).toMatchObject([{ id: "evt_1" }, { id: "evt_3", type: "file_deleted" }, { id: "evt_4" }]);
  await withstands(async (one, given) => {
    return (await handler({ headers: given, body: one, isBase64Encoded: false })).statusCode;
  });
});
