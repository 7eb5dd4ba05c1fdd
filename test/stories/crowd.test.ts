/** More clients than this machine can serve at once. */
import { expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { startStory } from "#test/support/story.ts";

test("a crowd is served or told early when to come again, and nobody hears anything else", async () => {
  await using story = await startStory({ cloud: { maxEnvironments: 1, maxWaitMs: 500 } });
  await story.token();
  const answers = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const answer = await story.api("/v1/workspaces");
      return { answer, body: await answer.text() };
    }),
  );
  const refused = answers.filter(({ answer }) => answer.status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(300);
  for (const { answer, body } of refused) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(problem.parse(JSON.parse(body)).code).toBe("unavailable");
  }
  expect((await story.api("/v1/workspaces")).status).toBe(200);
});
