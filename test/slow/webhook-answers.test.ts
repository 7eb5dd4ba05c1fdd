/** A table of receivers, good and bad, each by an endpoint of its own, and what became of the delivery to each. */

import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deliveryDetail, deliveryPage } from "#core/delivery/contract.ts";
import { registeredWebhook, webhookDetail } from "#core/endpoints/contract.ts";
import { selfSigned } from "#test/support/certificate.ts";
import { startRawServer, startTlsServer } from "#test/support/raw-server.ts";
import { type Behaviour, startReceiver } from "#test/support/receiver.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Case {
  name: string;
  /** How an HTTP server answers, or where something below HTTP listens. */
  answers?: Behaviour;
  listens?: () => Promise<{ url: string; close(): Promise<void> }>;
  status: "succeeded" | "pending" | "failed";
  attempt: Record<string, unknown>;
  /** Bounds of the time to the next attempt, in ms. */
  next?: readonly [number, number];
  /** What becomes of the endpoint. */
  endpoint?: Record<string, unknown>;
  pause?: readonly [number, number];
}

const onSchedule = [4 * SECOND, 6 * SECOND] as const;
const atLeastAMinute = [MINUTE, MINUTE] as const;
const send =
  (status: number, headers: Record<string, string> = {}, body: string | Buffer = ""): Behaviour =>
  (res) =>
    void res.writeHead(status, headers).end(body);
/** Answers below HTTP. */
const raw =
  (answer: (socket: Socket) => void): Behaviour =>
  (_res, _one, req) =>
    answer(req.socket);

const cases: Case[] = [
  {
    name: "200",
    answers: send(200, {}, "thanks"),
    status: "succeeded",
    attempt: { status: 200, answer: "thanks" },
  },
  { name: "204", answers: send(204), status: "succeeded", attempt: { status: 204, answer: "" } },
  {
    name: "301",
    answers: send(301, { location: "http://127.0.0.1:1/" }),
    status: "pending",
    attempt: { status: 301 },
    next: onSchedule,
  },
  { name: "404", answers: send(404), status: "pending", attempt: { status: 404 }, next: onSchedule },
  {
    name: "410",
    answers: send(410),
    status: "failed",
    attempt: { status: 410 },
    endpoint: { status: "disabled", disabled_reason: "gone" },
  },
  {
    name: "200 with webhook-delivery: disable",
    answers: send(200, { "webhook-delivery": "disable" }),
    status: "succeeded",
    attempt: { status: 200 },
    endpoint: { status: "disabled", disabled_reason: "asked" },
  },
  { name: "429", answers: send(429), status: "pending", attempt: { status: 429 }, next: atLeastAMinute },
  {
    name: "429 with Retry-After in seconds",
    answers: send(429, { "retry-after": "600" }),
    status: "pending",
    attempt: { status: 429, retry_after_seconds: 600 },
    next: [10 * MINUTE, 10 * MINUTE],
    pause: [10 * MINUTE, 10 * MINUTE],
  },
  {
    name: "429 with Retry-After as a date",
    answers: (res) =>
      void res.writeHead(429, { "retry-after": new Date(Date.now() + 20 * MINUTE).toUTCString() }).end(),
    status: "pending",
    attempt: { status: 429 },
    next: [19.9 * MINUTE, 20 * MINUTE],
    pause: [19.9 * MINUTE, 20 * MINUTE],
  },
  {
    name: "503 with a Retry-After of days",
    answers: send(503, { "retry-after": "200000" }),
    status: "pending",
    attempt: { status: 503, retry_after_seconds: 200_000 },
    next: [24 * 60 * MINUTE, 24 * 60 * MINUTE],
    pause: [60 * MINUTE, 60 * MINUTE],
  },
  {
    name: "500",
    answers: send(500, {}, "oh"),
    status: "pending",
    attempt: { status: 500, answer: "oh" },
    next: onSchedule,
  },
  { name: "502", answers: send(502), status: "pending", attempt: { status: 502 }, next: atLeastAMinute },
  { name: "503", answers: send(503), status: "pending", attempt: { status: 503 }, next: onSchedule },
  { name: "504", answers: send(504), status: "pending", attempt: { status: 504 }, next: atLeastAMinute },
  {
    name: "a hang before the headers",
    answers: () => {},
    status: "pending",
    attempt: { status: null, error_class: "timeout" },
    next: atLeastAMinute,
  },
  {
    name: "a hang within the headers",
    answers: raw((socket) => void socket.write("HTTP/1.1 200 OK\r\nX-Be")),
    status: "pending",
    attempt: { status: null, error_class: "timeout" },
    next: atLeastAMinute,
  },
  {
    name: "a slow drip of headers",
    answers: raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write("X-A: b\r\n"), 200);
      socket.on("close", () => clearInterval(timer));
    }),
    status: "pending",
    attempt: { status: null, error_class: "timeout" },
    next: atLeastAMinute,
  },
  {
    name: "a slow drip of the body of a 200",
    answers: (res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write("."), 50);
      res.on("close", () => clearInterval(timer));
    },
    status: "succeeded",
    attempt: { status: 200, answer: expect.stringMatching(/^\.+$/) },
  },
  {
    name: "an answer of 100 MB",
    answers: (res) => {
      const chunk = Buffer.alloc(1_000_000, "x");
      let left = 100;
      const write = () => {
        while (left-- > 0 && !res.destroyed) if (!res.write(chunk)) return void res.once("drain", write);
        res.end();
      };
      write();
    },
    status: "succeeded",
    attempt: { status: 200, answer: "x".repeat(4_096) },
  },
  {
    name: "a gzip bomb",
    answers: send(200, { "content-encoding": "gzip" }, gzipSync(Buffer.alloc(20_000_000))),
    status: "succeeded",
    attempt: { status: 200, answer: expect.stringMatching(/^[\s\S]{1,4096}$/) },
  },
  {
    name: "a reset before the request",
    listens: () => startRawServer((socket) => socket.resetAndDestroy()),
    status: "pending",
    attempt: { status: null, error_class: "reset" },
    next: onSchedule,
  },
  {
    name: "a reset after the request",
    answers: (_res, _one, req) => void req.socket.resetAndDestroy(),
    status: "pending",
    attempt: { status: null, error_class: "reset" },
    next: onSchedule,
  },
  {
    name: "nobody there",
    listens: async () => {
      const gone = await startReceiver();
      await gone.close();
      return gone;
    },
    status: "pending",
    attempt: { status: null, error_class: "connect" },
    next: onSchedule,
  },
  {
    name: "a certificate that nobody vouches for",
    listens: () => startTlsServer(selfSigned("127.0.0.1")),
    status: "pending",
    attempt: { status: null, error_class: "tls" },
    next: onSchedule,
  },
  {
    name: "no TLS where there should be",
    listens: async () => {
      const receiver = await startReceiver();
      return { url: receiver.url.replace("http:", "https:"), close: receiver.close };
    },
    status: "pending",
    attempt: { status: null, error_class: "tls" },
    next: onSchedule,
  },
  {
    name: "something that isn't HTTP",
    listens: () => startRawServer((socket) => socket.end("220 smtp.example.com ESMTP\r\n")),
    status: "pending",
    attempt: { status: null, error_class: "protocol" },
    next: onSchedule,
  },
];

let story: Story;
const closers: (() => Promise<void>)[] = [];
const hooks = new Map<string, string>();

beforeAll(async () => {
  story = await startStory();
  for (const { name, answers, listens } of cases) {
    const target = await (listens?.() ?? startReceiver(answers));
    closers.push(target.close);
    const { webhook_id } = await story.json(registeredWebhook, "/v1/webhooks", {
      json: { url: target.url, events: ["upload_completed"], description: name },
    });
    hooks.set(name, webhook_id);
  }
  await story.upload(Buffer.from("x"), { filename: "x.txt", finalize: { share: false } });
  // One after the other: those that time out take half a minute, and asking all again and again is work for nothing.
  for (const id of hooks.values()) {
    const attempted = async () => {
      const { items } = await story.json(
        deliveryPage,
        `/v1/webhooks/${id}/deliveries?event_type=upload_completed`,
      );
      expect(items[0]?.attempts).toBeGreaterThanOrEqual(1);
    };
    await story.eventually(attempted, { timeoutMs: 60_000 });
  }
  await story.cloud.waitForIdle();
}, 90_000);
afterAll(async () => {
  await story.stop();
  await Promise.all(closers.map((close) => close()));
});

describe("an attempt that meets", () => {
  test.each(cases)("$name", async ({ name, listens, status, attempt, next, endpoint, pause }) => {
    const at = `/v1/webhooks/${hooks.get(name)}`;
    const { items } = await story.json(deliveryPage, `${at}/deliveries?event_type=upload_completed`);
    const seen = await story.json(deliveryDetail, `${at}/deliveries/${items[0]?.delivery_id}`);
    const [first] = seen.attempt_log;
    expect(first).toMatchObject({ number: 1, ...attempt });
    if (first === undefined) return;
    if (first.error_class === "timeout") {
      expect(first.total_ms).toBeGreaterThanOrEqual(14_900);
      // Far from the 30 s at which the function would be stopped, and from what a busy machine takes longer.
      expect(first.total_ms).toBeLessThan(25_000);
    }
    // Those on schedule may have been tried again by now; what followed from the first attempt still shows.
    const second = seen.attempt_log[1]?.started_at ?? seen.next_attempt_at;
    if (seen.attempts === 1) expect(seen.status).toBe(status);
    if (next === undefined) expect(second).toBeNull();
    else {
      const ended = Date.parse(first.started_at) + first.total_ms;
      const wait = Date.parse(second ?? "") - ended;
      // Tolerance for the work between the answer and the record, and for a second attempt to begin.
      expect(wait).toBeGreaterThanOrEqual(next[0] - 100);
      expect(wait).toBeLessThanOrEqual(next[1] + 10 * SECOND);
    }
    const detail = await story.json(webhookDetail, at);
    expect(detail).toMatchObject(endpoint ?? { status: listens ? "unverified" : "enabled" });
    const { paused_until } = detail.health;
    if (pause === undefined) expect(paused_until).toBeNull();
    else {
      const length = Date.parse(paused_until ?? "") - Date.parse(first.started_at);
      expect(length).toBeGreaterThanOrEqual(pause[0] - 1_100);
      expect(length).toBeLessThanOrEqual(pause[1] + 10 * SECOND);
    }
  });
});
