/** Receivers that never answer take nothing from those that do, however few workers there are. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTable } from "#aws/table.ts";
import { eventCatalogue } from "#contract/event-types.ts";
import { registeredWebhook, webhookDetail } from "#core/endpoints/contract.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { Behaviour } from "#test/support/receiver.ts";
import { type Story, startStory } from "#test/support/story.ts";

const BATCH = 5;
/** Of each function: 2 × batches of 5 are fewer places than there are silent receivers. */
const ENVIRONMENTS = 2;
const SILENT = 12;

let story: Story;
beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: ENVIRONMENTS } });
});
afterAll(() => story?.stop());

const register = (url: string) =>
  story.json(registeredWebhook, "/v1/webhooks", { json: { url, events: ["upload_completed"] } });
/** Events as verbs write them: the write itself is no part of the story, and silent receivers are waited for 15 s only. */
async function emit(count: number): Promise<void> {
  const table = createTable(story.dynamodb, story.tableName);
  const example = eventCatalogue().find(({ type }) => type === "upload_completed")?.example;
  if (example === undefined) throw new Error("upload_completed has no example");
  const { id: _, occurred_at: __, ...event } = { ...example, workspace_id: story.workspaceId };
  const events = Array.from({ length: count }, () => eventWrite(story.cloud.clock.now(), event));
  await Promise.all(events.map(({ put }) => table.put({ blind: "seeded", put })));
}

test("one that answers hears of all events before any of those that don't is given up", async () => {
  const healthy = await story.receiver();
  const { webhook_id } = await register(healthy.url);
  await emit(1);
  await healthy.until(1);
  // Its answer has been counted: from here on it is one that answers.
  await expect
    .poll(async () => (await story.json(webhookDetail, `/v1/webhooks/${webhook_id}`)).health.last_success_at)
    .not.toBeNull();

  let givenUp = 0;
  const open = new Map<string, number>();
  const most = { together: 0, each: 0 };
  const never: Behaviour = (res, { path }) => {
    const count = (by: number) => void open.set(path, (open.get(path) ?? 0) + by);
    count(1);
    most.each = Math.max(most.each, ...open.values());
    most.together = Math.max(
      most.together,
      [...open.values()].reduce((sum, one) => sum + one, 0),
    );
    res.on("close", () => {
      givenUp += 1;
      count(-1);
    });
  };
  const silent = await story.receiver(never, never);
  for (let one = 0; one < SILENT; one++) await register(`${silent.url}/${one}`);
  await emit(1);
  // Some are being waited for; the others' messages fill what is left.
  await silent.until(ENVIRONMENTS, undefined, silent.pings);
  await emit(3);
  await healthy.until(5);
  expect(givenUp).toBe(0);
  // They hold one place each, and only places of the workers that are there for them.
  expect(most.each).toBe(1);
  expect(most.together).toBeLessThanOrEqual(ENVIRONMENTS * BATCH);
});
