/**
 * `npm run test:moto`: Wharf over moto's S3, DynamoDB, SQS and EventBridge instead of its own.
 *
 * Needs `moto_server` on the PATH (`pip install 'moto[server]'`), or its path in MOTO_SERVER; skipped without.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { event } from "#contract/events.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/free-port.ts";
import { type Story, startStory } from "#test/support/story.ts";
import { missingParts, sendParts } from "#test/support/upload-parts.ts";

const MOTO = process.env["MOTO_SERVER"] ?? "moto_server";
// Asked for by name alone: what it proves hangs on the moto that is there.
const isAsked = process.env["WHARF_MOTO"] === "1" && spawnSync(MOTO, ["--help"]).status === 0;
const MIB = 1_048_576;
const WAIT = { timeoutMs: 60_000 };
const created = z.object({ webhook_id: z.string(), secret: z.string() });

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What `npm start` prints over the emulator, until it is ready; then it is stopped. */
async function greetingOf(endpoint: string, dataDir: string): Promise<string> {
  const child = spawn(process.execPath, ["start/main.ts", "--port", "0", "--data", dataDir], {
    env: { ...process.env, AWS_ENDPOINT_URL: endpoint },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (output.includes("Stop: Ctrl-C")) child.kill("SIGINT");
  });
  expect((await closed)[0]).toBe(0);
  return output;
}

/** Empties the emulator. */
async function reset(endpoint: string): Promise<void> {
  await fetch(`${endpoint}/moto-api/reset`, { method: "POST" });
}

describe.skipIf(!isAsked)(
  "over moto (npm run test:moto, where there is a moto_server)",
  { timeout: 180_000 },
  () => {
    let moto: ChildProcess;
    let endpoint: string;

    beforeAll(async () => {
      const port = await freePort();
      endpoint = `http://127.0.0.1:${port}`;
      moto = spawn(MOTO, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
      await eventually(() => fetch(endpoint), WAIT);
    });
    afterAll(() => void moto.kill());
    // What moto cancels, it cancels for everybody: nothing of one test may be under way in another.
    beforeEach(() => reset(endpoint));

    const start = () => startStory({ cloud: { endpoint }, name: `ci-${randomBytes(4).toString("hex")}` });

    async function hook(story: Story) {
      const receiver = await story.receiver();
      const { secret } = await story.json(created, "/v1/webhooks", {
        json: { url: receiver.url, events: ["*"] },
      });
      const told = (fileId: string, type: string) =>
        eventually(() => {
          const found = receiver.received.find(({ body }) => {
            const { file_id, type: its } = event.parse(JSON.parse(body));
            return file_id === fileId && its === type;
          });
          if (found === undefined) throw new Error(`no ${type} of ${fileId} yet`);
          new Webhook(secret).verify(found.body, found.headers);
          return event.parse(JSON.parse(found.body));
        }, WAIT);
      return { told };
    }

    test("a file travels: upload, link, download, signed webhook", async () => {
      await using story = await start();
      const { told } = await hook(story);
      const bytes = randomBytes(11 * MIB + 7);
      const started = await story.start("reports/q3 für alle.bin", bytes.length, { part_size: 5 * MIB });
      const part = (number: number) => bytes.slice((number - 1) * 5 * MIB, number * 5 * MIB);
      await sendParts(story, started, [1, 3], part);
      const status = await story.json(uploadStatus, `/v1/uploads/${started.upload_id}`);
      expect(missingParts(status)).toEqual([2]);
      await sendParts(story, started, [2], part);
      const finalize = () =>
        story.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json: {} });
      const answer = await finalize();
      expect(await finalize()).toEqual(answer);

      const download = await story.api(`${answer.share_url}?download=1`, { token: null, redirect: "follow" });
      expect(digest(await download.bytes())).toBe(digest(bytes));
      await told(answer.file_id, "upload_completed");
      await told(answer.file_id, "link_accessed");
    });

    test("npm start finds its client again, and makes one where the emulator was emptied", async () => {
      const dataDir = mkdtempSync(join(tmpdir(), "wharf-moto-"));
      onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
      const start = () => greetingOf(endpoint, dataDir);
      const client = (text: string) => /client id +(\S+)/.exec(text)?.[1];
      const [first, second] = [await start(), await start()];
      expect(first).toContain(`AWS services    ${endpoint}`);
      expect(first).toContain("IAM and bucket policies: the emulator checks neither");
      expect(client(first)).toMatch(/^cli_/);
      expect(client(second)).toBe(client(first));
      // An emulator that was emptied knows nobody.
      await reset(endpoint);
      const third = await start();
      expect(client(third)).toMatch(/^cli_/);
      expect(client(third)).not.toBe(client(first));
    });

    test("one request carries a small file, and a delete is told of", async () => {
      await using story = await start();
      const { told } = await hook(story);
      const form = new FormData();
      form.set("file", new File(["Hello from Wharf\n"], "hello.txt"));
      const { file_id, share_url } = await story.json(finalizeAnswer, "/v1/files/upload", {
        method: "POST",
        body: form,
      });
      expect(await (await story.api(share_url ?? "", { token: null, redirect: "follow" })).text()).toBe(
        "Hello from Wharf\n",
      );
      expect((await story.api(`/v1/files/${file_id}`, { method: "DELETE" })).status).toBe(204);
      expect(await told(file_id, "file_deleted")).toMatchObject({ workspace_id: story.workspaceId });
    });
  },
);
