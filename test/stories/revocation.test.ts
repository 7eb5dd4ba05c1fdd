/** What becomes of all that a client holds when it is revoked. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { revokeClient } from "#core/revocation/change-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SESSIONS = 40;
const bytes = new TextEncoder().encode("x");
const put = async (url: string) => (await fetch(url, { method: "PUT", body: bytes })).status;
const openedAs = async (url: string | null) => (await fetch(url ?? "", { redirect: "manual" })).status;

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());
const deps = () => ({ table: story.table, now: story.cloud.clock.now });

test("its calls end at once, then sessions, locks and endpoints, and links where asked for", async () => {
  const doomed = await story.client("doomed");
  const other = await story.upload(bytes, { filename: "other.txt" });
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, (_, index) => doomed.start(`part-${index}.bin`, 1)),
  );
  const urls = sessions.map(({ parts }) => parts[0]?.url ?? "");
  expect(await put(urls[0] ?? "")).toBe(200);
  const done = await doomed.upload(bytes, { filename: "done.txt" });
  const lock = `/v1/files/${done.file_id}/lock`;
  expect((await doomed.api(lock, { json: { ttl_seconds: 3_600 } })).status).toBe(201);
  const receiver = await story.receiver();
  const hook = await doomed.api("/v1/webhooks", { json: { url: receiver.url, events: ["*"] } });
  expect(hook.status).toBe(201);
  const token = await doomed.token();

  const told = await revokeClient(deps(), doomed.clientId);
  expect(told).toMatchObject({
    links: "keep",
    complete: true,
    ended: { sessions: SESSIONS, locks: 1, links: 0, endpoints: 1 },
  });
  for (const [path, json] of [
    [`/v1/uploads/${sessions[0]?.upload_id}/finalize`, {}],
    [`/v1/uploads/${sessions[1]?.upload_id}/parts`, { count: 1 }],
    ["/v1/uploads", { filename: "new.bin" }],
  ] as const)
    expect([path, (await doomed.api(path, { json, token })).status]).toEqual([path, 401]);
  expect(await openedAs(done.share_url)).toBe(302);
  expect(await openedAs(other.share_url)).toBe(302);

  // S3 forgets the parts with the sweep of the next minutes.
  await story.cloud.waitForIdle();
  story.advance(61_000);
  await story.eventually(async () => {
    const left = await Promise.all(urls.map(put));
    expect(left.filter((status) => status !== 404)).toEqual([]);
  });

  const again = await revokeClient(deps(), doomed.clientId, "revoke");
  expect(again).toMatchObject({ revoked_at: told.revoked_at, ended: { sessions: 0, locks: 0, links: 1 } });
  expect(await openedAs(done.share_url)).toBe(410);
  expect(await openedAs(other.share_url)).toBe(302);
});

test("a finalize that was under way makes no file any more", async () => {
  const doomed = await story.client("under-way");
  const started = await doomed.start("late.bin", 1);
  await put(started.parts[0]?.url ?? "");
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  story.cloud.setFaults(async ({ action }) => {
    if (action === "CompleteMultipartUpload") {
      reached.resolve();
      await released.promise;
    }
    return undefined;
  });
  const finalizing = doomed.api(`/v1/uploads/${started.upload_id}/finalize`, { json: {} });
  await reached.promise;
  // Only its record: what ends its sessions comes later.
  await story.table.update({
    blind: "seeded",
    key: { pk: `CLIENT#${doomed.clientId}`, sk: "META" },
    update: { set: { revoked_at: new Date(story.cloud.clock.now()).toISOString() } },
  });
  released.resolve();
  const answer = await finalizing;
  story.cloud.setFaults(undefined);
  expect([answer.status, await answer.json()]).toMatchObject([409, { code: "upload_closed" }]);
  const { ended } = await revokeClient(deps(), doomed.clientId);
  expect(ended.sessions).toBe(1);
});
