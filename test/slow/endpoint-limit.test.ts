/** As many endpoints as a client may have: each is pinged, which takes seconds of work. */
import { expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { webhookPage } from "#core/endpoints/contract.ts";
import { startStory } from "#test/support/story.ts";

test("a client stops at 100 endpoints, counted also where many ask at once", {
  timeout: 120_000,
}, async () => {
  await using story = await startStory();
  const crowd = await story.client("crowd");
  const one = () =>
    crowd.api("/v1/webhooks", { json: { url: "http://127.0.0.1:9/", events: ["file_moved"] } });
  for (let made = 0; made < 97; made++) expect((await one()).status).toBe(201);
  const last = await Promise.all(Array.from({ length: 6 }, one));
  expect(last.map(({ status }) => status).sort()).toEqual([201, 201, 201, 429, 429, 429]);
  expect(z.parse(problem, await (await one()).json())).toMatchObject({ status: 429, code: "endpoint_limit" });

  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page: z.output<typeof webhookPage> = await crowd.json(webhookPage, `/v1/webhooks?limit=30${more}`);
    seen.push(...page.items.map(({ webhook_id }) => webhook_id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(new Set(seen).size).toBe(100);
  expect(seen).toEqual([...seen].sort());
  await Promise.all(seen.map((id) => crowd.api(`/v1/webhooks/${id}`, { method: "DELETE" })));
  expect((await one()).status).toBe(201);
});
