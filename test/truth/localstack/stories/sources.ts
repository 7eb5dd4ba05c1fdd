/** What Lambda's event sources hand to functions: LocalStack's own, which asks the table's stream and the queues. */
import assert from "node:assert/strict";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { bytesOf } from "#test/aws-account/send-part.ts";
import { eventually } from "#test/support/eventually.ts";
import type { Companion } from "../companion.ts";
import type { Story } from "../story.ts";

const WAIT = { timeoutMs: 90_000 };
/** Fewer than the mapping's retries. */
const KILLS = 3;
const ELSEWHERE = "what functions are handed can't be seen there";
const record = z.object({
  eventName: z.string(),
  eventID: z.string(),
  dynamodb: z.object({ Keys: z.object({ pk: z.object({ S: z.string() }) }) }),
});
const batch = z.object({ Records: z.array(record) });

/** The batches that the relay was handed. */
const handed = (companion: Companion | undefined) =>
  (companion?.calls() ?? [])
    .filter(({ name }) => name.includes("RelayFunction"))
    .map(({ event }) => batch.parse(JSON.parse(event)).Records);

export const filtered: Story = {
  name: "the relay is handed the table's new events, ten at most, and nothing else of its stream",
  behaviours: ["lambda.filters"],
  hereOnly: ELSEWHERE,
  async run({ api, companion }) {
    const before = handed(companion).flat().length;
    const names = Array.from({ length: 12 }, (_, index) => `filtered-${index}.bin`);
    await Promise.all(names.map((filename) => api.upload(bytesOf(100), { filename })));
    await eventually(() => assert(handed(companion).flat().length >= before + names.length), WAIT);
    const batches = handed(companion);
    assert(batches.every(({ length }) => length <= 10));
    for (const { eventName, dynamodb } of batches.flat()) {
      assert.equal(eventName, "INSERT");
      assert(dynamodb.Keys.pk.S.startsWith(keys.event("").pk), dynamodb.Keys.pk.S);
    }
    return `${batches.flat().length} records in ${batches.length} batches`;
  },
};

const again: Story = {
  name: "a relay that was killed is handed its batch again",
  behaviours: ["lambda.stream-retries"],
  hereOnly: ELSEWHERE,
  async run({ api, companion }) {
    assert(companion);
    // The places in the feed, which the relay gives events once they are on the bus; so does the sweep, now and then.
    let left = KILLS;
    companion.refuse((action, body) => {
      if (action !== "TransactWriteItems" || !body.includes("FEED#")) return false;
      if (left === 0 || !companion.isRunning("RelayFunction")) return false;
      left--;
      companion.kill("RelayFunction");
      return true;
    });
    const before = handed(companion).flat().length;
    await api.upload(bytesOf(100), { filename: "again.bin" });
    try {
      await eventually(() => {
        const ids = handed(companion)
          .flat()
          .slice(before)
          .map(({ eventID }) => eventID);
        assert(new Set(ids).size < ids.length, `none came twice of ${ids.length}`);
      }, WAIT);
    } finally {
      companion.refuse(() => false);
    }
    return undefined;
  },
};

export const sources: readonly Story[] = [filtered, again];
