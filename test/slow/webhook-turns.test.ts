/** Whoever has many endpoints, or many events, is served no sooner than who has one: by order alone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTable } from "#aws/table.ts";
import { eventCatalogue } from "#contract/event-types.ts";
import type { EventType } from "#contract/events.ts";
import { registeredWebhook, webhookPage } from "#core/endpoints/contract.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { type Story, startStory } from "#test/support/story.ts";

const MANY = 95;
/**
 * A worker of either queue with its batch of five: all others wait. Which of the crowd are slow, and so beside the
 * prompt ones, the load of the machine may decide.
 */
const FIRST = 2 * 5;

let story: Story;
beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 1 } });
}, 60_000);
afterAll(() => story?.stop());

/** Events as verbs write them, in this order. */
async function emit(...types: EventType[]): Promise<void> {
  const table = createTable(story.dynamodb, story.tableName);
  for (const type of types) {
    const example = eventCatalogue().find((one) => one.type === type)?.example;
    if (example === undefined) throw new Error(`${type} has no example`);
    const { id: _, occurred_at: __, ...event } = { ...example, workspace_id: story.workspaceId };
    await table.put(eventWrite(story.cloud.clock.now(), event));
  }
}

test("of 96 prompt endpoints the other client's is among the first, and so it is behind a backlog", async () => {
  const order: string[] = [];
  const arrive = (name: string) =>
    story.receiver((res) => {
      order.push(name);
      res.writeHead(204).end();
    });
  const crowded = await story.client("crowd", ["webhooks:write", "admin"]);
  const register = (by: Pick<Story, "json">, url: string, events: EventType[]) =>
    by.json(registeredWebhook, "/v1/webhooks", { json: { url, events } });
  // A host each, so that it isn't their host's rate that holds them up.
  const crowd = await Promise.all(Array.from({ length: MANY }, () => arrive("crowd")));
  for (const { url } of crowd) await register(crowded, url, ["file_moved", "upload_completed"]);
  const single = await arrive("single");
  await register(story, single.url, ["upload_completed"]);
  await story.eventually(
    async () => {
      const { items } = await crowded.json(webhookPage, "/v1/webhooks?limit=100");
      expect(items.filter(({ status }) => status === "enabled")).toHaveLength(MANY + 1);
    },
    { timeoutMs: 60_000 },
  );

  await emit("upload_completed");
  await single.until(1);
  // Fan-out gives each client its turn: it is in a first batch.
  expect(order.indexOf("single")).toBeLessThan(FIRST);

  await story.eventually(() => expect(order).toHaveLength(MANY + 1), { timeoutMs: 60_000 });
  order.length = 0;
  await emit("file_moved", "file_moved", "file_moved", "upload_completed");
  await single.until(2);
  // The queue does so too, for what comes after a backlog: not all of the first event's are sent before the last's.
  expect(order.indexOf("single")).toBeLessThan(MANY / 2);
}, 120_000);
