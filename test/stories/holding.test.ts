/** What could hold the API's function, in which everybody is served: nothing waits there, by whatever path it comes. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { testResult, webhook } from "#core/endpoints/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

const line = z.looseObject({
  function: z.string().optional(),
  request_id: z.string().optional(),
  aws: z.record(z.string(), z.number()).optional(),
});

/** The line that a call left in a function's log. */
function lineOf(requestId: string) {
  const lines = story.cloud.logs
    .lines()
    .flatMap(({ text }) => (text.startsWith("{") ? [JSON.parse(text)] : []));
  return lines.map((one) => line.parse(one)).find(({ request_id }) => request_id === requestId);
}

/** Sends a path as it stands; fetch would resolve its dots. */
async function raw(method: string, path: string, requestId: string, body?: object): Promise<number> {
  const { token } = await story.json(
    z.object({ access_token: z.string() }).transform((one) => ({ token: one.access_token })),
    "/v1/auth/token",
    {
      json: { client_id: story.clientId, client_secret: story.clientSecret },
      token: null,
    },
  );
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(story.origin);
    const headers = {
      authorization: `Bearer ${token}`,
      "x-request-id": requestId,
      ...(body && { "content-type": "application/json" }),
    };
    const req = request({ hostname, port, method, path, headers }, (res) => {
      res.resume().on("end", () => resolve(res.statusCode ?? 0));
    });
    req.on("error", reject).end(body && JSON.stringify(body));
  });
}

// A reader that waits looks every half second: one look is none that waited.
describe("events", () => {
  test.for([
    ["HEAD", "/v1/events?wait=20&after=latest", 200],
    ["GET", "/v1/%65vents?wait=20&after=latest", 200],
    ["GET", "/v1/%2e/events?wait=20&after=latest", 400],
    ["GET", "/v1/./events?wait=20&after=latest", 400],
    ["GET", "/v1/x/%2E%2e/events?wait=20&after=latest", 400],
    ["GET", "/v1\\events?wait=20&after=latest", 400],
  ] as const)("%s %s", async ([method, path, status], { task }) => {
    expect(await raw(method, path, task.id)).toBe(status);
    const { function: by, aws = {} } = lineOf(task.id) ?? {};
    expect([by, aws["dynamodb.Query"] ?? 0]).toEqual(["api", status === 200 ? 1 : 0]);
  });
});

describe("a held lock", () => {
  test.for([
    ["lock/%77ait", 423],
    ["lock/%2e/wait", 400],
    ["./lock/wait", 400],
  ] as const)("%s", async ([path, status], { task }) => {
    const { file_id } = await story.upload(Buffer.from("x"), {
      filename: `held-${status}-${path.length}.txt`,
    });
    await story.json(z.unknown(), `/v1/files/${file_id}/lock`, { json: {} });
    const found = await raw("POST", `/v1/files/${file_id}/${path}`, task.id, { wait_seconds: 20 });
    expect(found).toBe(status);
    const { function: by, aws = {} } = lineOf(task.id) ?? {};
    expect(by).toBe("api");
    expect(aws["dynamodb.BatchGetItem"] ?? 0).toBeLessThanOrEqual(1);
  });
});

test("a test and a ping of an endpoint that never answers end after 3 s", async () => {
  const silent = await story.receiver(() => {});
  const { webhook_id } = await story.json(webhook, "/v1/webhooks", {
    json: { url: silent.url, events: ["*"] },
  });
  const tested = await story.json(testResult, `/v1/webhooks/${webhook_id}/test`, { json: {} });
  const timeout = { error_class: "timeout", error: "no answer within 3000 ms" };
  expect(tested).toMatchObject({ ok: false, attempt: timeout });
  await story.json(z.unknown(), `/v1/webhooks/${webhook_id}/disable`, { json: {} });
  const ping = await story.api(`/v1/webhooks/${webhook_id}/enable`, { json: {} });
  expect([ping.status, await ping.json()]).toMatchObject([
    409,
    { code: "webhook_disabled", attempt: timeout },
  ]);
});
