/** The programs under examples/, run as their readers run them. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
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

test("Node sends a file in one request", async () => {
  const content = Buffer.from("from Node\n");
  expect(await uploadedBy(process.execPath, "node/upload.mjs", content)).toEqual(content);
});

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
});
