/** Events pulled by a receiver that nobody can reach. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { eventSchema } from "#contract/event-types.ts";
import { registeredWebhook } from "#core/endpoints/contract.ts";
import { eventLog } from "#core/events/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;

beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 3 } });
});
afterAll(() => story.stop());

const pull = (query: string, by: Pick<Story, "json"> = story) => by.json(eventLog, `/v1/events?${query}`);
const put = (filename: string) => story.upload(Buffer.from("x"), { filename, finalize: { share: false } });

test("what is pulled is what webhooks carry, in one order for every reader", async () => {
  const receiver = await story.receiver();
  await story.json(registeredWebhook, "/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  const { file_id } = await put("a.txt");
  await story.api(`/v1/files/${file_id}`, {
    method: "PATCH",
    json: { name: "b.txt", description: "Für den Beirat 📎" },
  });
  await story.api(`/v1/files/${file_id}/copy`, { json: { folder: "/", name: "c.txt" } });
  await story.api(`/v1/files/${file_id}/shares`, { json: {} });
  await story.api(`/v1/files/${file_id}`, { method: "DELETE" });
  await receiver.until(6);
  await story.cloud.waitForIdle();

  const { items } = await pull("limit=100");
  expect(items.map(({ type }) => type).sort()).toEqual([
    "file_changed",
    "file_copied",
    "file_deleted",
    "file_moved",
    "link_created",
    "upload_completed",
  ]);
  for (const one of items) expect(eventSchema(one.type).parse(one)).toEqual(one);
  const pushed = new Map(receiver.received.map(({ body, headers }) => [headers["webhook-id"], body]));
  for (const one of items) expect(JSON.parse(pushed.get(one.id) ?? "")).toEqual(one);

  const one = await pull("limit=1");
  const rest = await pull(`limit=100&after=${one.next_cursor}`);
  expect([...one.items, ...rest.items]).toEqual(items);
  const admin = await story.client("admin", ["admin"]);
  expect((await pull(`workspace=${story.workspaceId}`, admin)).items).toEqual(items);
});

test("a request that waits is answered as soon as something happens", async () => {
  const { next_cursor } = await pull("after=latest");
  const started = performance.now();
  const waiting = pull(`after=${next_cursor}&wait=20`);
  const { file_id } = await put("awaited.txt");
  const { items } = await waiting;
  expect(items).toMatchObject([{ type: "upload_completed", file_id }]);
  expect(performance.now() - started).toBeLessThan(15_000);
});

test("readers that wait are in nobody else's way", async () => {
  const { next_cursor } = await pull("after=latest");
  story.cloud.clearTraces();
  // As many as one client may have.
  const readers = Array.from({ length: 2 }, () => pull(`after=${next_cursor}&wait=20`));
  await story.eventually(() => {
    const looks = story.cloud.traces().filter(({ caller }) => caller.startsWith("EventsFunction"));
    expect(looks.filter(({ action }) => action === "Query").length).toBeGreaterThanOrEqual(2);
  });
  const { file_id } = await put("meanwhile.txt");
  for (const { items } of await Promise.all(readers)) expect(items).toMatchObject([{ file_id }]);
});

test("and with nothing at its end", async () => {
  const { next_cursor } = await pull("after=latest");
  story.cloud.clearTraces();
  const waiting = pull(`after=${next_cursor}&wait=20`);
  await story.eventually(() =>
    expect(story.cloud.traces().some(({ action }) => action === "Query")).toBe(true),
  );
  story.advance(20_000);
  expect(await waiting).toEqual({ items: [], next_cursor });
});

test("types and folders narrow it", async () => {
  const { next_cursor: after } = await pull("after=latest");
  const { folder_id } = await put("deep/er/one.txt");
  const { file_id } = await put("two.txt");
  await story.api(`/v1/files/${file_id}`, { method: "DELETE" });
  const names = async (query: string) =>
    (await pull(`after=${after}&wait=5&${query}`)).items.map(({ type, data }) => `${type} ${data["name"]}`);
  await story.cloud.waitForIdle();
  expect(await names("type=file_deleted")).toEqual(["file_deleted two.txt"]);
  expect(await names(`folder=${folder_id}`)).toEqual(["upload_completed one.txt"]);
  expect(await names(`type=file_deleted,upload_completed&folder=${folder_id}`)).toHaveLength(1);
});

test("others' workspaces are not there", async () => {
  const other = await story.client("other");
  const answer = await other.api(`/v1/events?workspace=${story.workspaceId}`);
  expect(problem.parse(await answer.json())).toMatchObject({ status: 404, code: "not_found" });
  expect((await pull("", other)).items).toEqual([]);
  const bad = await story.api("/v1/events?type=file_deleted,nothing");
  expect(bad.status).toBe(400);
});

test("cursors that nobody gave are refused, or lead to nothing", async () => {
  const { next_cursor } = await pull("limit=1");
  const [mark] = JSON.parse(Buffer.from(next_cursor, "base64url").toString()) as [string];
  const forged = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
  const refused = [
    "",
    "latest ",
    "LATEST",
    "0",
    `${next_cursor}AAAA`,
    next_cursor.slice(0, -2),
    forged("another list's", "1"),
    ...["-1", "1.5", "1e3", " 1", "0x1", "NaN", "SEQ#1", "1".repeat(13), "1\0"].map((seq) =>
      forged(mark, seq),
    ),
    forged(mark, 1),
    forged(mark),
    forged([mark, "1"]),
  ];
  for (const after of refused) {
    const answer = await story.api(`/v1/events?after=${encodeURIComponent(after)}`);
    expect([after, answer.status, problem.parse(await answer.json()).code]).toEqual([
      after,
      400,
      "invalid_cursor",
    ]);
  }
  const beyond = forged(mark, "9".repeat(12));
  expect(await pull(`after=${beyond}`)).toEqual({ items: [], next_cursor: beyond });
});
