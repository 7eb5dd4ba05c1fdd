/** The receivers under examples/, each with deliveries of a real cloud. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Runs a receiver and returns the first line that it prints about an upload, and that upload's file. */
async function firstLine(program: string, script: string): Promise<{ line: string; file_id: string }> {
  const port = await freePort();
  const env = { ...process.env, WHARF_WEBHOOK_SECRET: secret, PORT: String(port) };
  const child = spawn(program, [example(script)], { env, stdio: ["ignore", "pipe", "ignore"] });
  try {
    await story.eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404));
    const json = { url: `http://127.0.0.1:${port}/webhooks/wharf`, events: ["upload_completed"], secret };
    expect((await story.api("/v1/webhooks", { json })).status).toBe(201);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { file_id } = await story.upload(Buffer.from(script), { filename: `${script}.txt` });
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      if (value.startsWith("uploaded")) return { line: value, file_id };
    }
  } finally {
    child.kill();
    await once(child, "exit");
  }
}

test.skipIf(!hasFlask)("Flask checks X-Signature and reads file_id (needs python3 with flask)", async () => {
  const { line, file_id } = await firstLine("python3", "flask_receiver.py");
  expect(line).toBe(`uploaded ${file_id}`);
});

test.skipIf(!hasExpress)("Express verifies and reads file_id (needs express)", async () => {
  const { line, file_id } = await firstLine(process.execPath, "express.mjs");
  expect(line).toBe(`uploaded ${file_id}`);
});

test("Hono and API Gateway verify what the cloud sends, and refuse it altered", async () => {
  vi.stubEnv("WHARF_WEBHOOK_SECRET", secret);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { handler } = await import("../../examples/receivers/api-gateway.ts");
  const endpoint = await story.receiver();
  await story.api("/v1/webhooks", { json: { url: endpoint.url, events: ["upload_completed"], secret } });
  const { file_id } = await story.upload(Buffer.from("hono"), { filename: "hono.txt" });
  const [delivery] = await endpoint.until(1);
  if (delivery === undefined) throw new Error("nothing came");
  const { headers, body } = delivery;

  const heard: object[] = [];
  const app = honoReceiver(secret, (event) => heard.push(event));
  const send = (text: string) => app.request("/webhooks/wharf", { method: "POST", headers, body: text });
  expect((await send(body)).status).toBe(204);
  expect((await send(body)).status).toBe(204);
  expect((await send(body.replace("hono.txt", "evil.txt"))).status).toBe(400);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ type: "upload_completed", file_id });

  const encoded = { headers, body: Buffer.from(body).toString("base64"), isBase64Encoded: true };
  expect(await handler(encoded)).toEqual({ statusCode: 204 });
  expect(await handler({ headers, body: `${body} `, isBase64Encoded: false })).toEqual({ statusCode: 400 });
});
