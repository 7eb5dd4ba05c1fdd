/**
 * `npm run test:start`: what a newcomer does with `npm start`, as a process of its own.
 *
 * Starts it on an empty directory, pastes the three lines of curl that it prints into a shell, stops it with Ctrl-C,
 * starts it again, finds the file, and stops it as a script does, by SIGTERM to npm. Prints how long both starts
 * took; asserts nothing about time but bounds.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { directEnv } from "#test/support/direct-env.ts";

/** Real milliseconds after which a start or stop counts as hung. */
const PATIENCE_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONTENT = "Hello from Wharf\n";

interface Started {
  child: ChildProcess;
  output: string;
  seconds: number;
}

/** A port whose neighbour is free too: the API takes the one, AWS's services the other. */
async function freePair(): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const port = portOf(first);
    const second = await listen(port + 1).catch(() => undefined);
    await close(first);
    if (second === undefined) continue;
    await close(second);
    return port;
  }
}

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return address.port;
}

const close = (server: ReturnType<typeof createServer>) =>
  new Promise<void>((resolve) => server.close(() => resolve()));

/** Runs `npm start`, or its command alone, and resolves when it says that it is ready. */
function start([command, ...args]: [string, ...string[]], port: number, data: string): Promise<Started> {
  const from = performance.now();
  const child = spawn(command, [...args, "--port", String(port), "--data", data], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, as a terminal gives each job.
    detached: true,
  });
  let output = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready: ${output}`)), PATIENCE_MS);
    const hear = (chunk: Buffer) => {
      output += chunk;
      if (!output.includes("Stop: Ctrl-C")) return;
      clearTimeout(timer);
      resolve({ child, output, seconds: (performance.now() - from) / 1_000 });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
}

/** Ends what was started by a signal to it alone, waits for the cloud's own process too, and returns the exit code. */
async function stop(child: ChildProcess, name: NodeJS.Signals): Promise<number | null> {
  const cloud = Number(readFileSync(join(data, "pid"), "utf8"));
  const ended = once(child.removeAllListeners("exit"), "exit");
  child.kill(name);
  const end = performance.now() + PATIENCE_MS;
  while (isAlive(cloud)) {
    if (performance.now() > end) throw new Error(`${name} did not stop it`);
    await sleep(50);
  }
  await ended;
  return child.exitCode;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The lines that stand there to be pasted, in order. */
function pasted(output: string): string {
  const lines = output.split("\n").filter((line) => line.includes("curl "));
  assert.equal(lines.length, 3, `three lines of curl, not ${lines.length}:\n${output}`);
  return lines.join("\n");
}

function uploadByCurl(output: string): void {
  if (spawnSync("curl", ["--version"]).error !== undefined) {
    console.log("skipped: pasting the curl lines (there is no curl)");
    return;
  }
  const shell = spawnSync("bash", ["-c", pasted(output)], {
    encoding: "utf8",
    timeout: PATIENCE_MS,
    env: directEnv,
  });
  assert.equal(shell.status, 0, shell.stderr);
  assert.equal(shell.stdout, CONTENT, shell.stderr);
  console.log("pasted the three lines of curl: the file came back by its link");
}

/** The names in the client's workspace. */
async function listFiles(output: string): Promise<string[]> {
  const [, origin] = /ready at (\S+)/.exec(output) ?? [];
  const [, client_id] = /client id\s+(\S+)/.exec(output) ?? [];
  const [, client_secret] = /client secret\s+(\S+)/.exec(output) ?? [];
  const call = async <T>(schema: z.ZodType<T>, path: string, init: RequestInit): Promise<T> => {
    const answer = await fetch(`${origin}${path}`, init);
    assert.equal(answer.status, 200, `${path}: ${answer.status}`);
    return schema.parse(await answer.json());
  };
  const { access_token } = await call(z.object({ access_token: z.string() }), "/v1/auth/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_id, client_secret }),
  });
  const headers = { authorization: `Bearer ${access_token}` };
  const workspaces = z.object({
    items: z.array(z.object({ workspace_id: z.string(), is_default: z.boolean() })),
  });
  const { items } = await call(workspaces, "/v1/workspaces", { headers });
  const own = items.find(({ is_default }) => is_default)?.workspace_id;
  const files = z.object({ items: z.array(z.object({ name: z.string() })) });
  const listed = await call(files, `/v1/workspaces/${own}/files`, { headers });
  return listed.items.map(({ name }) => name);
}

const data = mkdtempSync(join(tmpdir(), "wharf-newcomer-"));
let running: ChildProcess | undefined;
try {
  const port = await freePair();
  // Without npm, whose exit code after Ctrl-C depends on which of the two is quicker.
  const first = await start([process.execPath, "start/main.ts"], port, data);
  running = first.child;
  assert.match(first.output, new RegExp(`ready at http://localhost:${port}\n`));
  assert.match(first.output, new RegExp(`AWS services +http://127.0.0.1:${port + 1}\n`));
  uploadByCurl(first.output);
  const before = await listFiles(first.output);
  assert.equal(await stop(first.child, "SIGINT"), 0, "exit code after Ctrl-C");
  console.log("Ctrl-C stopped it with exit code 0");

  const second = await start(["npm", "start", "--"], port, data);
  running = second.child;
  assert.deepEqual(await listFiles(second.output), before);
  console.log(`a second start found ${before.length === 0 ? "the same workspace" : before.join(", ")}`);
  await stop(second.child, "SIGTERM");
  console.log("SIGTERM to npm stopped all");
  console.log(
    `ready after ${first.seconds.toFixed(1)} s, the second time after ${second.seconds.toFixed(1)} s`,
  );
} finally {
  if (running?.exitCode === null && running.signalCode === null && running.pid !== undefined)
    process.kill(-running.pid, "SIGKILL");
  rmSync(data, { recursive: true, force: true });
}
