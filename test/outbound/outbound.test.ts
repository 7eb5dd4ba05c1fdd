/** What the way out makes of receivers, good and bad. Deadlines are short where they are what is waited for. */

import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createOutbound, type OutboundOptions } from "#core/outbound/outbound.ts";
import { selfSigned } from "#test/support/certificate.ts";
import { startRawServer, startTlsServer } from "#test/support/raw-server.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const TIMEOUT = 300;
/** For receivers that never answer; who does answer may take its time on a busy machine. */
const IMPATIENT = { timeoutMs: TIMEOUT } as const;
const IMPATIENT_TO_CONNECT = { connectTimeoutMs: TIMEOUT } as const;

function outboundTo(options: Partial<OutboundOptions> = {}) {
  const outbound = createOutbound({ ownHosts: [], allowLoopback: true, ...options });
  closers.push(outbound.close);
  return outbound;
}

const request = (url: string, endpoint = "hook_1") => ({
  url,
  headers: { "X-Event-Type": "x" },
  body: '{"ü":1}',
  endpoint,
});

async function receiver(behaviour?: Behaviour) {
  const started = await startReceiver(behaviour);
  closers.push(started.close);
  return started;
}

async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const { url, close } = await startRawServer(onConnection);
  closers.push(close);
  return url;
}

test("a request may have less time than all have", async () => {
  const target = await receiver(() => {});
  expect(await outboundTo().post({ ...request(target.url), timeoutMs: TIMEOUT })).toMatchObject({
    error_class: "timeout",
    error: `no answer within ${TIMEOUT} ms`,
  });
});

describe("answers", () => {
  test.each([200, 204, 301, 404, 410, 429, 500, 503])("%i", async (status) => {
    const target = await receiver((res) => void res.writeHead(status, { "retry-after": "7" }).end());
    const result = await outboundTo().post(request(target.url));
    expect(result).toMatchObject({ status, remote_ip: "127.0.0.1" });
    expect(result.headers?.["retry-after"]).toBe("7");
    expect(target.received[0]?.body).toBe('{"ü":1}');
    expect(target.received[0]?.headers).toMatchObject({ "content-length": "8", "x-event-type": "x" });
  });

  test("a redirect is not followed", async () => {
    const other = await receiver();
    const target = await receiver((res) => void res.writeHead(302, { location: other.url }).end());
    expect(await outboundTo().post(request(target.url))).toMatchObject({ status: 302 });
    expect(other.received).toHaveLength(0);
  });

  test("a switch of protocols that nobody asked for is an answer, and ends there", async () => {
    const address = await rawServer((socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nmore"),
      ),
    );
    expect(await outboundTo().post(request(address))).toMatchObject({ status: 101 });
  });

  test("proxy variables mean nothing", async () => {
    const proxy = await receiver();
    const target = await receiver();
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, proxy.url);
    closers.push(() => vi.unstubAllEnvs());
    expect(await outboundTo().post(request(target.url))).toMatchObject({ status: 204 });
    expect(proxy.received).toHaveLength(0);
  });

  test("4 KiB of a long answer are kept, and a character isn't cut in half", async () => {
    const target = await receiver((res) => void res.end(`x${"ü".repeat(6_000)}`));
    const { answer, status } = await outboundTo().post(request(target.url));
    expect([status, answer]).toEqual([200, `x${"ü".repeat(2_047)}`]);
  });

  test("100 MB are read to 16 KiB and no further", async () => {
    let written = 0;
    let closed: () => void = () => {};
    const ended = new Promise<void>((done) => {
      closed = done;
    });
    const target = await receiver((res) => {
      const chunk = Buffer.alloc(65_536, 120);
      res.on("close", () => closed());
      const write = () => {
        while (written < 100_000_000 && !res.destroyed) {
          written += chunk.length;
          if (!res.write(chunk)) return void res.once("drain", write);
        }
        res.end();
      };
      write();
    });
    const { status, answer } = await outboundTo().post(request(target.url));
    expect([status, answer?.length]).toEqual([200, 4_096]);
    await ended;
    // What was on its way in the sockets' buffers is more than what was read, and far less than all.
    expect(written).toBeLessThan(20_000_000);
  });

  test("a gzip bomb stays small", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const target = await receiver((res) => {
      res.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    const { status, answer } = await outboundTo().post(request(target.url));
    expect(status).toBe(200);
    expect(answer?.length).toBeLessThanOrEqual(4_096);
  });

  test("a success counts once its headers are in, whatever becomes of its body", async () => {
    const hanging = await receiver((res) => void res.writeHead(200).write("begin"));
    expect(await outboundTo().post(request(hanging.url))).toMatchObject({ status: 200, answer: "begin" });
    const breaking = await receiver((res) => {
      res.writeHead(200, { "content-length": "100" }).write("begin", () => res.destroy());
    });
    expect(await outboundTo().post(request(breaking.url))).toMatchObject({ status: 200, answer: "begin" });
  });
});

describe("no answer", () => {
  test("a hang before the headers", async () => {
    const target = await receiver(() => {});
    const result = await outboundTo(IMPATIENT).post(request(target.url));
    expect(result).toMatchObject({ error_class: "timeout" });
    expect(result.total_ms).toBeGreaterThanOrEqual(TIMEOUT - 5);
  });

  test("a hang within the headers", async () => {
    const address = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nX-Begin: "));
    expect(await outboundTo(IMPATIENT).post(request(address))).toMatchObject({ error_class: "timeout" });
  });

  test("a slow drip of headers", async () => {
    const address = await rawServer((socket) => {
      const text = `HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(2_000)}`;
      let at = 0;
      const timer = setInterval(() => socket.write(text.charAt(at++)), 10);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await outboundTo(IMPATIENT).post(request(address))).toMatchObject({ error_class: "timeout" });
  });

  test("a reset before the request", async () => {
    const address = await rawServer((socket) => socket.resetAndDestroy());
    // It comes before anybody has looked where the connection leads, or after.
    const all = await Promise.all(Array.from({ length: 100 }, () => outboundTo().post(request(address))));
    expect(new Set(all.map(({ error_class }) => error_class))).toEqual(new Set(["reset"]));
  });

  test("a reset after the request", async () => {
    const target = await receiver((_res, _one, req) => void req.socket.resetAndDestroy());
    expect(await outboundTo().post(request(target.url))).toMatchObject({ error_class: "reset" });
    expect(target.received).toHaveLength(1);
  });

  test("an end without an answer", async () => {
    const address = await rawServer((socket) => socket.on("data", () => socket.end()));
    expect(await outboundTo().post(request(address))).toMatchObject({ error_class: "reset" });
  });

  test("something that isn't HTTP", async () => {
    const address = await rawServer((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
    expect(await outboundTo().post(request(address))).toMatchObject({ error_class: "protocol" });
  });

  test("interim answers without end", async () => {
    const address = await rawServer((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"), 5);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await outboundTo(IMPATIENT).post(request(address))).toMatchObject({ error_class: "timeout" });
  });

  test("headers of more than 16 KiB", async () => {
    const address = await rawServer((socket) =>
      socket.on("data", () => socket.end(`HTTP/1.1 200 OK\r\n${"X-A: bbbbbbbb\r\n".repeat(4_000)}\r\n`)),
    );
    expect(await outboundTo().post(request(address))).toMatchObject({ error_class: "protocol" });
  });

  test("nobody at the port", async () => {
    const gone = await startReceiver();
    await gone.close();
    expect(await outboundTo().post(request(gone.url))).toMatchObject({ error_class: "connect" });
  });

  test("nobody at the first of two addresses: the second is tried, and told", async () => {
    const target = await receiver();
    const resolve = async () => ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
    const url = target.url.replace("127.0.0.1", "localhost");
    expect(await outboundTo({ resolve }).post(request(url))).toMatchObject({
      status: 204,
      remote_ip: "127.0.0.1",
    });
  });

  test("a name server that hangs", async () => {
    const outbound = outboundTo({
      ...IMPATIENT_TO_CONNECT,
      allowLoopback: false,
      resolve: () => new Promise(() => {}),
    });
    const result = await outbound.post(request("https://hooks.example.org/"));
    expect(result).toMatchObject({ error_class: "timeout", error: "no connection in time" });
  });
});

describe("TLS", () => {
  async function tlsServer(pair: { key: string; cert: string }): Promise<string> {
    const { url, close } = await startTlsServer(pair);
    closers.push(close);
    return url;
  }

  test("a certificate that holds", async () => {
    const pair = selfSigned("127.0.0.1");
    const outbound = outboundTo({ ca: pair.cert });
    const url = await tlsServer(pair);
    const first = await outbound.post(request(url));
    expect(first).toMatchObject({ status: 200, answer: "secure", remote_ip: "127.0.0.1" });
    expect(first.connection?.tls_ms).toBeGreaterThan(0);
    expect((await outbound.post(request(url))).connection).toBeUndefined();
  });

  test.each([
    ["nobody vouches for", selfSigned("127.0.0.1"), undefined],
    ["names another host", selfSigned("127.0.0.2"), "own"],
    ["has expired", selfSigned("127.0.0.1", { expired: true }), "own"],
  ] as const)("one that %s", async (_, pair, trust) => {
    const outbound = outboundTo(trust === undefined ? {} : { ca: pair.cert });
    expect(await outbound.post(request(await tlsServer(pair)))).toMatchObject({ error_class: "tls" });
  });

  test("no TLS at all", async () => {
    const target = await receiver();
    const url = target.url.replace("http:", "https:");
    expect(await outboundTo().post(request(url))).toMatchObject({ error_class: "tls" });
  });

  test("a handshake that hangs", async () => {
    const address = await rawServer(() => {});
    expect(
      await outboundTo(IMPATIENT_TO_CONNECT).post(request(address.replace("http:", "https:"))),
    ).toMatchObject({
      error_class: "timeout",
    });
  });
});

describe("kept connections", () => {
  test("serve the next attempt of the same endpoint, and of no other", async () => {
    const target = await receiver();
    const outbound = outboundTo();
    const first = await outbound.post(request(target.url, "hook_1"));
    const second = await outbound.post(request(target.url, "hook_1"));
    expect(target.connections()).toBe(1);
    expect(first.connection?.connect_ms).toBeGreaterThanOrEqual(0);
    expect(second).toMatchObject({ status: 204, remote_ip: "127.0.0.1" });
    expect(second.connection).toBeUndefined();
    await outbound.post(request(target.url, "hook_2"));
    expect(target.connections()).toBe(2);
  });

  test("that the receiver closes at the moment of the request cost no attempt", async () => {
    const target = await receiver();
    const outbound = outboundTo();
    const kept = new Set<number>();
    // A worker that has had enough closes without a look at what has just come.
    target.behave((res, { connection }, req) => {
      if (kept.has(connection)) return void req.socket.destroy();
      kept.add(connection);
      res.writeHead(204).end();
    });
    for (let attempt = 0; attempt < 5; attempt++)
      expect(await outbound.post(request(target.url))).toMatchObject({ status: 204 });
    expect(target.connections()).toBe(5);
    expect(target.received).toHaveLength(9);
  });

  test.each([
    ["ends", (socket: Socket) => void socket.end()],
    ["is reset", (socket: Socket) => void socket.resetAndDestroy()],
  ])("are replaced where one %s, with all others of the endpoint", async (_, close) => {
    const target = await receiver();
    const outbound = outboundTo();
    const posts = () => Promise.all([1, 2, 3].map(() => outbound.post(request(target.url))));
    await posts();
    const before = target.connections();
    target.behave((res, { connection }, req) =>
      connection <= before ? close(req.socket) : void res.writeHead(204).end(),
    );
    expect(await posts()).toMatchObject([{ status: 204 }, { status: 204 }, { status: 204 }]);
  });

  test("that break are replaced once: a fresh one that breaks is a failure", async () => {
    const target = await receiver();
    const outbound = outboundTo();
    await outbound.post(request(target.url));
    target.behave((_res, _one, req) => void req.socket.resetAndDestroy());
    expect(await outbound.post(request(target.url))).toMatchObject({ error_class: "reset" });
    expect(target.received).toHaveLength(3);
  });

  test.each([
    [
      "breaks after the first byte",
      (socket: Socket) => void socket.write("H", () => socket.destroy()),
      "reset",
    ],
    ["answers what isn't HTTP", (socket: Socket) => void socket.end("SSH-2.0-OpenSSH_9.9\r\n"), "protocol"],
  ])("whose receiver %s are not tried again", async (_, answer, error_class) => {
    const target = await receiver();
    const outbound = outboundTo();
    await outbound.post(request(target.url));
    target.behave((_res, _one, req) => answer(req.socket));
    expect(await outbound.post(request(target.url))).toMatchObject({ error_class });
    expect(target.received).toHaveLength(2);
  });

  test("on which nobody answers are waited for no longer than others, and not tried again", async () => {
    const target = await receiver();
    const outbound = outboundTo({ timeoutMs: 1_000 });
    await outbound.post(request(target.url));
    target.behave(() => {});
    expect(await outbound.post(request(target.url))).toMatchObject({ error_class: "timeout" });
    expect(target.received).toHaveLength(2);
  });

  test("end where the receiver says so", async () => {
    const target = await receiver((res) => void res.writeHead(204, { connection: "close" }).end());
    const outbound = outboundTo();
    await outbound.post(request(target.url));
    await outbound.post(request(target.url));
    expect(target.connections()).toBe(2);
  });

  test("that an answer was not read from to its end are closed", async () => {
    const target = await receiver((res) => void res.end("x".repeat(100_000)));
    const outbound = outboundTo();
    await outbound.post(request(target.url));
    await outbound.post(request(target.url));
    expect(target.connections()).toBe(2);
  });
});
