/** One JSON line per call, with the same request id wherever the call's work goes on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { metrics } from "#aws/metrics.ts";
import { webhook } from "#core/endpoints/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { putPart } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

const line = z.looseObject({
  level: z.string(),
  function: z.string().optional(),
  request_id: z.string().optional(),
});

/** Lines of the functions that speak of `requestId`. */
const linesOf = (requestId: string) =>
  story.cloud.logs
    .lines()
    .filter(({ text }) => text.startsWith("{"))
    .map(({ text }) => line.parse(JSON.parse(text)))
    .filter(({ request_id }) => request_id?.split(" ").includes(requestId));

test("a call's line has who, what, how it ended, how long it took and which AWS calls it made", async () => {
  const answer = await story.api("/v1/workspaces", { headers: { "X-Request-ID": "log-1" } });
  expect(answer.status).toBe(200);
  const lines = linesOf("log-1");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: "info",
    function: "api",
    method: "GET",
    route: "GET /v1/workspaces",
    client: story.clientId,
    status: 200,
    duration_ms: expect.any(Number),
    aws_calls: expect.any(Number),
    aws: expect.objectContaining({ "dynamodb.BatchGetItem": 2 }),
  });
});

test("a refusal's line has its code", async () => {
  await story.api("/v1/uploads", {
    json: { filename: "a", nonsense: true },
    headers: { "X-Request-ID": "log-2" },
  });
  expect(linesOf("log-2")).toMatchObject([{ status: 400, code: "unknown_field" }]);
  await story.api("/v1/nothing", { headers: { "X-Request-ID": "log-3" } });
  expect(linesOf("log-3")).toMatchObject([{ status: 404, code: "not_found", route: "unmatched" }]);
});

test("the id of a finalize is in every consumer that it set to work, and in the webhook", async () => {
  const receiver = await story.receiver();
  const { secret } = await story.json(webhook.extend({ secret: z.string() }), "/v1/webhooks", {
    json: { url: receiver.url, events: ["*"] },
  });
  const bytes = new TextEncoder().encode("hello");
  const started = await story.start("log.txt", bytes.length);
  for (const part of started.parts) await putPart(started, part, bytes);
  const finished = await story.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, {
    json: {},
    headers: { "X-Request-ID": "log-4" },
  });
  const [completed] = await receiver.until(
    1,
    ({ headers }) => headers["x-event-type"] === "upload_completed",
  );
  await story.cloud.waitForIdle();
  expect(completed?.headers["x-request-id"]).toBe("log-4");
  const lines = linesOf("log-4");
  expect(new Set(lines.map((one) => one.function))).toEqual(
    new Set(["api", "ingest", "relay", "fan-out", "deliver"]),
  );
  expect(lines.every(({ level }) => level === "info")).toBe(true);
  const counted = lines.filter((one) => one.function === "deliver" && one["Attempts"] !== 0);
  for (const one of counted) {
    const names = Object.keys(one).filter((name) => name in metrics);
    expect(names).toEqual(expect.arrayContaining(["Attempts", "FirstAttemptDelay", "AttemptDuration"]));
    // No dimension per endpoint: each would be priced as a metric of its own.
    expect(one["_aws"]).toEqual({
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: "Wharf",
          Dimensions: [["Table"]],
          Metrics: expect.arrayContaining(names.map((Name) => expect.objectContaining({ Name }))),
        },
      ],
    });
  }
  expect(counted.length).toBeGreaterThan(0);

  const all = story.cloud.logs
    .lines()
    .map(({ text }) => text)
    .join("\n");
  const link = new URL(finished.share_url ?? "").pathname.split("/").at(-1) ?? "";
  for (const hidden of [secret, link, await story.token(), story.clientSecret, "X-Amz-Signature"]) {
    expect(all).not.toContain(hidden);
  }
});

test("opening a link leaves neither its token nor its password in the log", async () => {
  const bytes = new TextEncoder().encode("hello");
  const file = await story.upload(bytes, { filename: "hidden.txt", finalize: { share: false } });
  const link = await story.json(z.object({ share_url: z.string() }), `/v1/files/${file.file_id}/shares`, {
    json: { password: "correct horse" },
  });
  const path = new URL(link.share_url).pathname;
  await story.api(path, {
    token: null,
    headers: { "X-Share-Password": "wrong horse", "X-Request-ID": "log-5" },
  });
  await story.api(path, { token: null, headers: { "X-Share-Password": "correct horse" } });
  await story.api(path, { method: "PUT", token: null, headers: { "X-Request-ID": "log-6" } });
  expect(linesOf("log-5")).toMatchObject([{ route: "GET /s/{token}", status: 403 }]);
  const all = story.cloud.logs
    .lines()
    .map(({ text }) => text)
    .join("\n");
  for (const hidden of [path, path.split("/").at(-1) ?? "", "horse"]) expect(all).not.toContain(hidden);
});

test("a file that posed as another is counted once, however often its refusal is told", async () => {
  const counted = () =>
    story.cloud.logs.lines().filter(({ text }) => text.includes('"RefusedDisguises":1')).length;
  const before = counted();
  const program = Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0", "latin1");
  const started = await story.start("invoice.pdf", program.length);
  for (const part of started.parts) await putPart(started, part, program);
  const finalize = () => story.api(`/v1/uploads/${started.upload_id}/finalize`, { json: {} });
  expect([(await finalize()).status, (await finalize()).status]).toEqual([422, 422]);
  expect(counted() - before).toBe(1);
});
