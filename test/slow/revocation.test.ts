/** A client that holds as much as it likes is revoked: its sessions and their bytes are gone within five minutes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { revokeClient } from "#core/revocation/change-client.ts";
import { putPart } from "#test/support/api-client.ts";
import { multipartUploads, openSessions } from "#test/support/leftovers.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SESSIONS = 1_000;
const TOGETHER = 10;
const MINUTES = 5;

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

test(`${SESSIONS} sessions end with their client`, { timeout: 600_000 }, async () => {
  const doomed = await story.client("doomed");
  const bytes = new TextEncoder().encode("x");
  for (let first = 0; first < SESSIONS; first += TOGETHER) {
    const batch = Array.from({ length: TOGETHER }, async (_, index) => {
      const started = await doomed.start(`part-${first + index}.bin`, 1);
      for (const part of started.parts) await putPart(started, part, bytes);
    });
    await Promise.all(batch);
  }
  const kept = await story.start("kept.bin", 1);
  expect((await openSessions(story)).length).toBe(SESSIONS + 1);

  const { ended, complete } = await revokeClient(
    { table: story.table, now: story.cloud.clock.now },
    doomed.clientId,
  );
  expect([ended.sessions, complete]).toEqual([SESSIONS, true]);
  expect((await openSessions(story)).map(({ upload_id }) => upload_id)).toEqual([kept.upload_id]);

  const left: number[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    story.advance(60_000);
    await story.cloud.waitForIdle({ timeoutMs: 120_000 });
    left.push((await multipartUploads(story)).length);
  }
  console.log(`multipart uploads after each minute: ${left.join(", ")}`);
  expect((await multipartUploads(story)).map(({ Key }) => Key?.endsWith(kept.upload_id))).toEqual([true]);
});
