/** Days of a receiver that fails, on the cloud's own clock. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { SCHEDULE } from "#core/attempts/schedule.ts";
import { type Delivery, delivery, deliveryDetail, deliveryPage, recovery } from "#core/delivery/contract.ts";
import { registeredWebhook, webhookDetail } from "#core/endpoints/contract.ts";
import { genuine } from "#test/support/genuine.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let story: Story;

beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story.stop());

const now = () => story.cloud.clock.now();
const fail = (res: { writeHead(status: number): { end(): void } }) => res.writeHead(500).end();
const succeed = (res: { writeHead(status: number): { end(): void } }) => res.writeHead(204).end();
const idle = () => story.cloud.waitForIdle({ timeoutMs: 60_000 });
const emit = () => story.upload(Buffer.from("x"), { filename: "x.txt", finalize: { share: false } });

/** An endpoint of one's own, that hears of uploads. */
async function endpoint(
  behaviour: (res: { writeHead(status: number): { end(): void } }) => void,
  events = ["upload_completed"],
) {
  const receiver = await story.receiver(behaviour);
  const { webhook_id, secret } = await story.json(registeredWebhook, "/v1/webhooks", {
    json: { url: receiver.url, events },
  });
  const at = `/v1/webhooks/${webhook_id}`;
  return {
    receiver,
    webhook_id,
    secret,
    at,
    show: () => story.json(webhookDetail, at),
    list: async (query = "event_type=upload_completed") =>
      (await story.json(deliveryPage, `${at}/deliveries?${query}`)).items,
    detail: (one: Pick<Delivery, "delivery_id"> | undefined) =>
      story.json(deliveryDetail, `${at}/deliveries/${one?.delivery_id}`),
    post: (path: string, json: unknown = {}) => story.api(`${at}${path}`, { json }),
    remove: () => story.api(at, { method: "DELETE" }),
  };
}

/** Moves time to just after `at` and lets everything that is due happen. */
async function passTo(at: number): Promise<void> {
  story.advance(Math.max(0, at - now()) + SECOND);
  await idle();
}

test("ten attempts, each within its bounds, and then no more", { timeout: 120_000 }, async () => {
  const target = await endpoint(fail);
  await emit();
  await idle();
  for (let made = 1; made < SCHEDULE.length; made++) {
    const [row] = await target.list();
    expect(row).toMatchObject({ status: "pending", attempts: made });
    await passTo(Date.parse(row?.next_attempt_at ?? ""));
  }
  const { attempt_log, ...last } = await target.detail((await target.list())[0]);
  expect(last).toMatchObject({
    status: "failed",
    attempts: 10,
    next_attempt_at: null,
    reason: "no success in 10 attempts",
  });
  const starts = attempt_log.map(({ started_at }) => Date.parse(started_at));
  const delays = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  for (const [index, delay] of delays.entries()) {
    const planned = SCHEDULE[index + 1] ?? 0;
    expect(delay).toBeGreaterThanOrEqual(0.8 * planned);
    // What a message and a worker need on top, in seconds.
    expect(delay).toBeLessThanOrEqual(1.2 * planned + 15 * SECOND);
  }
  expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThanOrEqual(80 * HOUR + MINUTE);

  expect(attempt_log.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const { received } = target.receiver;
  expect(received.map(({ headers }) => headers["x-delivery-attempt"])).toEqual(
    attempt_log.map(({ number }) => String(number)),
  );
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(received.map(({ headers }) => headers["webhook-signature"])).size).toBe(10);
  for (const one of received) expect(genuine(target.secret, one)).toBe(true);

  story.advance(48 * HOUR);
  await idle();
  expect(received).toHaveLength(10);
  await target.remove();
});

describe("repair by hand", () => {
  test("a delivery is sent again with the same id and body, and counts its attempts on", async () => {
    const target = await endpoint(succeed);
    await emit();
    await idle();
    const [row] = await target.list();
    const again = await story.json(delivery, `${target.at}/deliveries/${row?.delivery_id}/redeliver`, {
      json: {},
      headers: { "Idempotency-Key": "again-1" },
    });
    expect(again).toMatchObject({ status: "pending", attempts: 1, finished_at: null });
    await idle();
    const [first, second] = target.receiver.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers).toMatchObject({
      "webhook-id": first?.headers["webhook-id"],
      "x-delivery-id": first?.headers["x-delivery-id"],
      "x-delivery-attempt": "2",
    });
    const { attempt_log, status } = await target.detail(row);
    expect([status, attempt_log.map(({ trigger }) => trigger)]).toEqual([
      "succeeded",
      ["event", "redeliver"],
    ]);
    await target.remove();
  });

  test("a recovery takes what it was asked for, and says how many", async () => {
    const target = await endpoint(succeed);
    const since = new Date(now()).toISOString();
    for (let event = 0; event < 3; event++) await emit();
    await idle();
    const until = new Date(now()).toISOString();
    story.advance(SECOND);
    await emit();
    await idle();
    const job = await story.json(recovery, `${target.at}/recover`, {
      json: { since, until, statuses: ["succeeded"] },
    });
    await passTo(now() + MINUTE);
    expect(await story.json(recovery, `${target.at}/recover/${job.job_id}`)).toMatchObject({
      state: "done",
      scanned: 3,
      recovered: 3,
    });
    expect(target.receiver.received).toHaveLength(7);
    const tooFar = new Date(now() - 15 * 24 * HOUR).toISOString();
    expect((await target.post("/recover", { since: tooFar })).status).toBe(400);
    const waiting = await target.post("/recover", { since, statuses: ["pending"] });
    expect([waiting.status, problem.parse(await waiting.json())["errors"]]).toEqual([
      400,
      [
        {
          pointer: "/statuses/0",
          detail: expect.stringMatching(/pending ones come by their schedule .*redeliver sends one at once/),
        },
      ],
    ]);
    await target.remove();
  });

  test("deliveries are found by status, type and time, page by page", async () => {
    const target = await endpoint(succeed, ["upload_completed", "file_deleted"]);
    const from = now();
    const files = [await emit()];
    story.advance(MINUTE);
    const middle = new Date(now()).toISOString();
    files.push(await emit());
    await story.api(`/v1/files/${files[0]?.file_id}`, { method: "DELETE" });
    await idle();
    const types = async (query: string) => (await target.list(query)).map(({ event_type }) => event_type);
    expect((await types("")).sort()).toEqual([
      "file_deleted",
      "ping",
      "upload_completed",
      "upload_completed",
    ]);
    expect(await types("event_type=file_deleted")).toEqual(["file_deleted"]);
    expect(await types("status=failed")).toEqual([]);
    expect((await types(`since=${middle}`)).sort()).toEqual(["file_deleted", "upload_completed"]);
    const elsewhere = encodeURIComponent(middle.replace("Z", "+00:00"));
    expect((await types(`since=${elsewhere}`)).sort()).toEqual(["file_deleted", "upload_completed"]);
    expect(await types(`until=${middle}&since=${new Date(from).toISOString()}`)).toEqual([
      "upload_completed",
    ]);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `limit=1${cursor === null ? "" : `&cursor=${cursor}`}`;
      const page: { items: Delivery[]; next_cursor: string | null } = await story.json(
        deliveryPage,
        `${target.at}/deliveries?${query}`,
      );
      seen.push(...page.items.map(({ delivery_id }) => delivery_id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual((await target.list("")).map(({ delivery_id }) => delivery_id));
    await target.remove();
  });
});

test("messages that get lost are sent again by the sweep", async () => {
  const target = await endpoint(succeed);
  let lost = 0;
  story.cloud.setFaults(({ service, action, caller }) => {
    if (service !== "sqs" || !action.startsWith("SendMessage") || !caller.includes("FanOut")) return;
    lost += 1;
    return "before";
  });
  await emit();
  await story.eventually(() => expect(lost).toBeGreaterThan(0), { timeoutMs: 20_000 });
  story.cloud.setFaults(undefined);
  await passTo(now() + 5 * MINUTE);
  expect((await target.list()).map(({ status }) => status)).toEqual(["succeeded"]);
  expect(new Set(target.receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  await target.remove();
});
