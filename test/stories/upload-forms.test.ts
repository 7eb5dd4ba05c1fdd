/** A visitor's form is a whole upload: no credential, no script, no second call. On the functions that are deployed. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type StartAnswer, startAnswer, uploadStatus } from "#core/uploads/contract.ts";
import { postForm } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const run = promisify(execFile);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const hasRequests = spawnSync("python3", ["-c", "import requests"]).status === 0;

let story: Story;
let folder: string;
beforeAll(async () => {
  story = await startStory();
  folder = mkdtempSync(join(tmpdir(), "wharf-forms-"));
});
afterAll(async () => {
  await story?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const start = (json: Record<string, unknown>) =>
  story.json(startAnswer, "/v1/uploads", { json: { form: true, ...json } });
const status = (id: string) => story.json(uploadStatus, `/v1/uploads/${id}`);

/** What has become of an upload, once it is no longer open; and the bytes of its file. */
async function outcomeOf({ upload_id }: StartAnswer): Promise<{ state: string; text: string }> {
  await story.cloud.waitForIdle();
  const { state, file_id } = await status(upload_id);
  if (state !== "completed") return { state, text: "" };
  const { headers } = await story.api(`/v1/files/${file_id}/content`);
  return { state, text: await (await fetch(headers.get("location") ?? "")).text() };
}

test.skipIf(!hasCurl)("curl -F alone sends a file (needs curl)", async () => {
  const session = await start({ filename: "visitors/curl.txt" });
  const path = join(folder, "curl.txt");
  writeFileSync(path, "from curl");
  const fields = Object.entries(session.fields ?? {}).flatMap(([name, value]) => [
    ...["--form-string", `${name}=${value}`],
  ]);
  const { stdout } = await run("curl", [
    ...["-sS", "-o", "-", "-w", "%{http_code}", ...fields],
    ...["-F", `file=@${path}`, session.url ?? ""],
  ]);
  expect(stdout).toBe("204");
  expect(await outcomeOf(session)).toEqual({ state: "completed", text: "from curl" });
});

test.skipIf(!hasRequests)("Python sends a file (needs python3 with requests)", async () => {
  const session = await start({ filename: "visitors/python.txt", size: 11 });
  const program = [
    "import json, sys, requests",
    "form = json.load(sys.stdin)",
    'answer = requests.post(form["url"], data=form["fields"], files={"file": b"from Python"})',
    "print(answer.status_code)",
  ].join("\n");
  const running = run("python3", ["-c", program]);
  running.child.stdin?.end(JSON.stringify(session));
  expect((await running).stdout.trim()).toBe("204");
  expect(await outcomeOf(session)).toEqual({ state: "completed", text: "from Python" });
});

test("a page of another origin may read whether its form was taken", async () => {
  const session = await start({ filename: "visitors/page.txt" });
  const origin = "https://app.example.com";
  const asked = await fetch(session.url ?? "", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  expect(asked.headers.get("access-control-allow-methods")).toContain("POST");
  const body = new FormData();
  for (const [name, value] of Object.entries(session.fields ?? {})) body.set(name, value);
  body.set("file", new Blob(["from a page"]), "page.txt");
  const answer = await fetch(session.url ?? "", { method: "POST", headers: { origin }, body });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect(await outcomeOf(session)).toEqual({ state: "completed", text: "from a page" });
});

test("what was posted is told of by the same events as any upload, and is left nowhere else", async () => {
  const session = await start({ filename: "visitors/told.txt" });
  await postForm(session, "hello");
  expect((await outcomeOf(session)).state).toBe("completed");
  const events = z.object({ items: z.array(z.looseObject({ type: z.string(), data: z.looseObject({}) })) });
  const { items } = await story.json(events, `/v1/events?workspace=${session.workspace_id}`);
  expect(items.filter(({ data }) => data["upload_id"] === session.upload_id)).toMatchObject([
    { type: "upload_completed", data: { name: "told.txt", size: 5, share_id: null } },
  ]);
  await postForm(session, "once more");
  expect(await outcomeOf(session)).toEqual({ state: "completed", text: "hello" });
});

test("a client that is revoked has given out nothing: what comes by its forms is removed", async () => {
  const boss = await story.client("boss", ["admin"]);
  const other = await story.client("leaving");
  const json = { form: true, filename: "a.txt" };
  const session = await other.json(startAnswer, "/v1/uploads", { json });
  expect((await boss.api(`/v1/clients/${other.clientId}`, { method: "DELETE" })).status).toBe(200);
  await postForm(session, "hello");
  await story.cloud.waitForIdle();
  const listed = await story.s3.send(new ListObjectsV2Command({ Bucket: story.bucket, Prefix: "f/" }));
  expect(listed.Contents ?? []).toEqual([]);
});
