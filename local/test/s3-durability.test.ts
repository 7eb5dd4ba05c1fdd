import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUCKET, MIB, startS3 } from "./s3-harness.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "local-cloud-s3-test-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

/** Begins to PUT an object and never ends. */
function sendHalf(endpoint: string): void {
  const socket = connect(Number(new URL(endpoint).port), "127.0.0.1", () => {
    socket.write(`PUT /${BUCKET}/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
    socket.write(Buffer.alloc(8 * MIB, "x"));
  });
  socket.on("error", () => {}); // the other side is about to go
}

const blobs = () => readdir(join(dir, "blobs"));

describe("state on disk", () => {
  it("survives a restart", async () => {
    {
      await using h = await startS3({ dir });
      await h.anonymous(`/${BUCKET}/kept`, { method: "PUT", body: "kept" });
    }
    await using h = await startS3({ dir });
    expect(await (await h.anonymous(`/${BUCKET}/kept`)).text()).toBe("kept");
  });

  it("holds no blob that no object needs", async () => {
    await using h = await startS3({ dir });
    for (const body of ["1", "2", "3"]) await h.anonymous(`/${BUCKET}/key`, { method: "PUT", body });
    await vi.waitFor(async () => expect(await blobs()).toHaveLength(1));
    const bad = { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" };
    await h.anonymous(`/${BUCKET}/key`, { method: "PUT", body: "4", headers: bad });
    expect(await blobs()).toHaveLength(1);
    await h.anonymous(`/${BUCKET}/key`, { method: "DELETE" });
    await vi.waitFor(async () => expect(await blobs()).toEqual([]));
  });

  it("serves an object to its end although it is deleted meanwhile", async () => {
    await using h = await startS3({ dir });
    const body = new Uint8Array(24 * MIB).fill(7);
    await h.anonymous(`/${BUCKET}/large`, { method: "PUT", body });
    const response = await h.anonymous(`/${BUCKET}/large`);
    await h.anonymous(`/${BUCKET}/large`, { method: "DELETE" });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    await vi.waitFor(async () => expect(await blobs()).toEqual([]));
  });

  it("is what it was when a process is killed amid an upload", async () => {
    const child = fork(new URL("./s3-process.ts", import.meta.url), [dir], { execArgv: [] });
    const [endpoint] = await once(child, "message");
    const url = `${endpoint}/${BUCKET}`;
    await fetch(`${url}/before`, { method: "PUT", body: "before" });
    sendHalf(endpoint);
    await vi.waitFor(async () => expect(await blobs()).toHaveLength(2));
    child.kill("SIGKILL");
    await once(child, "exit");
    await writeFile(join(dir, "blobs", "left-over"), "x");

    await using h = await startS3({ dir });
    expect(await (await h.anonymous(`/${BUCKET}/before`)).text()).toBe("before");
    expect((await h.anonymous(`/${BUCKET}/half`)).status).toBe(404);
    expect(await blobs()).toHaveLength(1);
    // Nobody waits for them, but a start can't know that: it only moves them.
    expect(await readdir(join(dir, "lost-blobs"))).toHaveLength(2);
  });

  it("has nothing half-written after a stop amid an upload", async () => {
    const h = await startS3({ dir });
    sendHalf(h.endpoint);
    await vi.waitFor(async () => expect(await blobs()).toHaveLength(1));
    await h[Symbol.asyncDispose]();
    expect(await blobs()).toEqual([]);
  });

  it("in memory leaves nothing behind", async () => {
    vi.stubEnv("TMPDIR", dir);
    const h = await startS3();
    await h.anonymous(`/${BUCKET}/key`, { method: "PUT", body: "x" });
    expect(await readdir(dir)).toHaveLength(1);
    await h[Symbol.asyncDispose]();
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("events", () => {
  it("that were not taken over come again after a restart", async () => {
    {
      await using h = await startS3({ dir, failEvents: true });
      const response = await h.anonymous(`/${BUCKET}/key`, { method: "PUT", body: "x" });
      expect(response.status).toBe(200);
      expect(h.errors).toHaveLength(1);
    }
    await using h = await startS3({ dir });
    expect(h.events).toEqual([]);
    h.s3.replayEvents();
    expect(h.events.map((event) => event.detail.object.key)).toEqual(["key"]);
    h.s3.replayEvents();
    expect(h.events).toHaveLength(1);
  });
});
