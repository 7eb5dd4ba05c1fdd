import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { folderId } from "@wharf/local-cloud/folder-id.ts";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { expect, onTestFinished, test } from "vitest";
import { endpointFile } from "#start/endpoint-file.ts";
import { newClientNote } from "#start/new-client-note.ts";
import { clientFile } from "#start/stored-client.ts";
import { eventually } from "#test/support/eventually.ts";

interface Started {
  process: ChildProcess;
  /** What it has printed so far. */
  output(): string;
}

/** Runs `npm start` as npm would, and waits until it is ready or over. */
function start(...args: string[]): Promise<Started> {
  return watch(spawn(process.execPath, ["start/main.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] }));
}

async function watch(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Started> {
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  await new Promise<void>((resolve) => {
    child.stdout.on("data", () => /Stop: Ctrl-C/.test(output) && resolve());
    child.on("close", () => resolve());
  });
  return { process: child, output: () => output };
}

async function end({ process: child }: Started, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, "close");
  child.kill(signal);
  const [code] = await closed;
  return code;
}

/** Runs `npm run logs` as npm would. */
const logs = (dataDir: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ["start/print-logs.ts", "--data", dataDir, ...args]);

/** Runs `npm run env` as npm would. */
const env = (...args: string[]) => promisify(execFile)(process.execPath, ["start/print-env.ts", ...args]);

/** The lines of the greeting that are to be pasted. */
const linesToPaste = ({ output }: Started) => output().match(/^(TOKEN=|LINK=|curl ).*$/gm) ?? [];

test("what is printed works when pasted, and a second start finds it all again", {
  timeout: 120_000,
}, async () => {
  const dataDir = temporaryDirectory();
  const first = await start("--port", "0", "--data", dataDir);
  const lines = linesToPaste(first);
  expect(lines).toHaveLength(3);
  const { stdout } = await promisify(execFile)("bash", ["-c", `{\n${lines.join("\n")}\n} 2>&1 | cat`]);
  expect(stdout).toMatch(/^\{.*\}\nHello from Wharf\n$/);
  expect(statSync(join(dataDir, "client.json")).mode & 0o777).toBe(0o600);
  expect(await end(first, "SIGINT")).toBe(0);

  const second = await start("--port", "0", "--data", dataDir);
  const client = /client id +(\S+)\n +client secret +(\S+)/;
  expect(second.output()).toMatch(client);
  expect(client.exec(second.output())?.slice(1)).toEqual(client.exec(first.output())?.slice(1));
  const api = /ready at (\S+)/.exec(second.output())?.[1];
  const script = `${linesToPaste(second)[0]}\ncurl -s ${api}/v1/workspaces -H "Authorization: Bearer $TOKEN"`;
  const workspaces = JSON.parse((await promisify(execFile)("bash", ["-c", script])).stdout);
  const list = `${linesToPaste(second)[0]}\ncurl -s ${api}/v1/workspaces/${workspaces.items[0].workspace_id}/files -H "Authorization: Bearer $TOKEN"`;
  expect((await promisify(execFile)("bash", ["-c", list])).stdout).toContain("hello.txt");

  // A line each, without what opens the link.
  await eventually(() =>
    expect(first.output()).toMatch(/POST {3}\/v1\/files\/upload {2}200 {2}\d+ ms {2}\S+\n/),
  );
  expect(first.output()).toMatch(/GET {4}\/s\/… {2}302 {2}\d+ ms/);
  expect(first.output()).not.toMatch(/healthz|\/s\/[\w-]/);
  expect((await logs(dataDir, "--level", "info")).stdout).toMatch(
    /INFO {2}api .*route=POST \/v1\/files\/upload/,
  );
  const requestId = /files\/upload {2}200 {2}\d+ ms {2}(\S+)\n/.exec(first.output())?.[1] ?? "";
  const ofOne = (await logs(dataDir, "--request", requestId, "-n", "0")).stdout.trimEnd().split("\n");
  expect(ofOne.filter((line) => !line.endsWith(requestId))).toEqual([]);
  expect(ofOne.length).toBeGreaterThan(1);

  const third = await start("--port", "0", "--data", dataDir);
  expect(third.output()).toContain(`is in use by process ${second.process.pid}`);
  expect(third.process.exitCode).toBe(1);
  const taken = await start("--port", String(new URL(api ?? "").port), "--memory");
  expect(taken.output()).toMatch(/port \d+, for the API, is taken/);
  expect(taken.process.exitCode).toBe(1);
  const neighbour = await start("--port", String(Number(new URL(api ?? "").port) - 1), "--memory");
  expect(neighbour.output()).toMatch(
    /port \d+, for S3 and the other AWS services \(the one after --port \d+\), is/,
  );
  const both = await start("--memory", "--data", dataDir);
  expect(both.output()).toMatch(/^--memory keeps nothing and --data \S+ keeps it there: take one of the two/);
  expect(both.process.exitCode).toBe(2);
  expect(await end(second, "SIGTERM")).toBe(0);

  rmSync(join(dataDir, "client.json"));
  const other = await start("--port", "0", "--data", dataDir, "--quiet");
  const id = client.exec(first.output())?.[1] ?? "";
  expect(other.output()).toContain(`admin -- --local --data ${dataDir} rotate-secret --client cli_…`);
  const admin = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["bin/admin.ts", "--local", "--data", dataDir, ...args]);
  expect((await admin("list-clients")).stdout).toContain(id);
  const { client_secret } = JSON.parse((await admin("rotate-secret", "--client", id)).stdout);
  const url = `${/ready at (\S+)/.exec(other.output())?.[1]}/v1/auth/token`;
  const json = { client_id: id, client_secret };
  const headers = { "content-type": "application/json" };
  expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(json) })).status).toBe(200);
  expect(await end(other, "SIGTERM")).toBe(0);
  expect(other.output()).not.toContain(" ms ");
});

test("over an emulator, npm run env has the client that was printed for it", async () => {
  const dataDir = temporaryDirectory();
  const emulator = "http://127.0.0.1:5000";
  const told = { apiUrl: "http://localhost:4400", awsUrl: emulator, region: "us-east-1", table: "t" };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const running = { pid: process.pid, folder: folderId(dataDir), client: clientFile(emulator) };
  writeFileSync(endpointFile(dataDir), JSON.stringify({ ...told, credentials, ...running }));
  const keep = (name: string, client_id: string) =>
    writeFileSync(join(dataDir, name), JSON.stringify({ client_id, client_secret: "whs_x" }));
  keep("client.json", "cli_of_this_process");
  keep(clientFile(emulator), "cli_of_the_emulator");
  expect((await env("--data", dataDir)).stdout).toContain("WHARF_CLIENT_ID='cli_of_the_emulator'\n");
});

test("npm run env tells its options, and takes no other", async () => {
  expect((await env("--help")).stdout).toMatch(/--data DIR/);
  await expect(env("--dat", "x")).rejects.toMatchObject({
    ...{ code: 2, stdout: "" },
    stderr: expect.stringMatching(/^Unknown option '--dat'.*--data DIR/s),
  });
});

test("a new client says of those from before only what is so", () => {
  const note = (endpoint: string | undefined) =>
    newClientNote("client.json was missing", { dataDir: "/d", endpoint });
  expect(note(undefined)).toContain("those from before stay valid. ");
  expect(note("http://127.0.0.1:5000")).toContain("unless http://127.0.0.1:5000 was emptied or started anew");
});

test("a second start on the same two ports names both", async () => {
  const servers = [createServer(), createServer()];
  onTestFinished(() => void servers.map((server) => server.close()));
  const bind = (server: Server | undefined, port: number) =>
    new Promise<number>((resolve, reject) => {
      server?.once("error", reject).listen(port, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  // Whoever has the next one has it taken as well.
  const port = await bind(servers[0], 0);
  await bind(servers[1], port + 1).catch(() => {});
  const { output, process: child } = await start("--port", String(port), "--memory");
  expect(output()).toBe(
    `Wharf can't start: port ${port}, for the API, is taken, and port ${port + 1}, for S3 and the other AWS services (the one after --port ${port}), is taken; stop what listens there, or choose another pair with npm start -- --port N\n`,
  );
  expect(child.exitCode).toBe(1);
});

test("a folder that is moved or removed under it is told of at once, and no call is put off", {
  timeout: 60_000,
}, async () => {
  const home = temporaryDirectory();
  const [data, away] = [join(home, "data"), join(home, "away")];
  const started = await start("--port", "0", "--data", data);
  const [, api = "", aws = ""] = /ready at (\S+)[\s\S]*AWS services +(\S+)/.exec(started.output()) ?? [];
  renameSync(data, away);
  const answer = await fetch(`${api}/v1/workspaces`);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([500, null]);
  expect(await answer.json()).toMatchObject({
    code: "internal",
    detail: expect.stringContaining(`${data} is gone: `),
  });
  const s3 = await fetch(`${aws}/bucket/key`);
  expect([s3.status, await s3.text()]).toEqual([500, expect.stringContaining(`${data} is gone: `)]);
  await eventually(() => expect(started.output()).toContain(`The folder ${data} is gone: `));

  renameSync(away, data);
  await eventually(() => expect(started.output()).toContain(`${data} is whole again`));
  expect((await fetch(`${api}/v1/workspaces`)).status).toBe(401);
  rmSync(data, { recursive: true, force: true });
  await eventually(() => expect(started.output().match(/is gone: /g)).toHaveLength(2));
  expect(await end(started, "SIGTERM")).toBe(0);
  expect(started.output()).not.toContain("    at ");
});

test("a second start that finds no lock says that the first has the files open, and changes none", {
  timeout: 60_000,
}, async () => {
  const data = temporaryDirectory();
  const first = await start("--port", "0", "--data", data);
  for (const [lost, holder] of [
    ["lock.sqlite", `process ${first.process.pid}`],
    ["pid", "another process"],
  ] as const) {
    for (const name of ["lock.sqlite", lost]) rmSync(join(data, name), { force: true });
    const second = await start("--port", "0", "--data", data);
    expect(second.output()).toMatch(
      new RegExp(`dynamodb.sqlite is in use by ${holder}; stop that one, or choose`),
    );
    expect(second.output()).not.toMatch(/remove|backup/);
    expect(second.process.exitCode).toBe(1);
    expect(existsSync(join(data, "pid"))).toBe(lost !== "pid");
  }
  expect(readFileSync(join(data, "run-state"), "utf8").trim()).toBe("running");
  expect(await end(first, "SIGTERM")).toBe(0);
});

test("a client that the API refuses is put aside and said, and the new one works", {
  timeout: 120_000,
}, async () => {
  const dataDir = temporaryDirectory();
  const file = join(dataDir, "client.json");
  expect(await end(await start("--port", "0", "--data", dataDir), "SIGTERM")).toBe(0);
  const wrong = { ...JSON.parse(readFileSync(file, "utf8")), client_secret: "of another cloud" };
  writeFileSync(file, JSON.stringify(wrong));

  const second = await start("--port", "0", "--data", dataDir);
  expect(second.output()).toContain(`${file} held a client that isn't known here`);
  expect(JSON.parse(readFileSync(`${file}.refused`, "utf8"))).toEqual(wrong);
  const script = `${linesToPaste(second)[0]}\necho "$TOKEN"`;
  expect((await promisify(execFile)("bash", ["-c", script])).stdout).toMatch(/^\S{20,}\n$/);
  expect(await end(second, "SIGTERM")).toBe(0);
});

/** A call whose body never comes; resolves once the API has asked for it. */
async function startCall({ output }: Started): Promise<{ got(): string; closed: Promise<unknown> }> {
  const api = /ready at (\S+)/.exec(output())?.[1] ?? "";
  const socket = connect(Number(new URL(api).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let got = "";
  socket.on("data", (chunk) => (got += chunk));
  const closed = once(socket, "close");
  socket.write(
    "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
  );
  await eventually(() => expect(got).toContain("100 Continue"));
  return { got: () => got, closed };
}

test("Ctrl-C by way of npm, which comes twice, lets calls end and tells the rest to come again", {
  timeout: 60_000,
}, async () => {
  const started = await start("--port", "0", "--memory");
  const call = await startCall(started);
  const ended = once(started.process, "close");
  started.process.kill("SIGINT");
  started.process.kill("SIGINT");
  await call.closed;
  expect(call.got()).toMatch(/HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n.*"code":"unavailable"/s);
  expect(call.got()).toMatch(/\r\nConnection: close\r\n/);
  expect(await ended).toEqual([0, null]);
  expect(started.output()).toContain("Stopping: calls that run have 5 s to end.");
});

test("a second Ctrl-C ends it at once", { timeout: 60_000 }, async () => {
  const started = await start("--port", "0", "--memory");
  const call = await startCall(started);
  await eventually(() => {
    started.process.kill("SIGINT");
    expect(started.process.exitCode).toBe(130);
  });
  await call.closed;
  expect(call.got()).not.toContain("503");
});

test("few open files are told of at the start", { timeout: 60_000 }, async () => {
  const command = `ulimit -n 400; exec "${process.execPath}" start/main.ts --port 0 --memory`;
  const started = await watch(spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] }));
  expect(started.output()).toContain("may open 400 files, so each port takes 66 connections at once");
  expect(await end(started, "SIGTERM")).toBe(0);
});

test.each([
  [["--help"], 0, "--memory"],
  [["--port", "x"], 2, "--port x is no port"],
  [["--prot", "1"], 2, "Unknown option '--prot'"],
  [["--endpoint", "localhost"], 2, "localhost is no endpoint; take an origin such as http://127.0.0.1:4566"],
  [["--endpoint", "http://127.0.0.1:1", "--memory"], 1, "no AWS emulator answers at http://127.0.0.1:1"],
])("%j is answered", async (args, code, text) => {
  const started = await start(...args);
  expect(started.output()).toContain(text);
  expect(started.process.exitCode).toBe(code);
});
