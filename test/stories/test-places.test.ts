/** Tests of endpoints hold the API's function while their receiver is silent: one client's are held to its share. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { registeredWebhook } from "#core/endpoints/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 4 } });
});
afterAll(() => story?.stop());

test("a client that tests silent endpoints keeps nobody else from anything", async () => {
  const silent = await story.receiver();
  const open: (() => void)[] = [];
  silent.behave((res) => void open.push(() => res.writeHead(204).end()));
  const other = await story.client("other");
  const well = await story.receiver();
  const register = async (by: Pick<Story, "json">, url: string) =>
    (await by.json(registeredWebhook, "/v1/webhooks", { json: { url, events: ["*"] } })).webhook_id;
  const [first, second, third] = [
    await register(story, silent.url),
    await register(story, silent.url),
    await register(story, silent.url),
  ];
  const theirs = await register(other, well.url);
  await story.cloud.waitForIdle();
  const send = (by: Pick<Story, "api">, id = "") => by.api(`/v1/webhooks/${id}/test`, { json: {} });

  const own = send(story, first);
  await story.eventually(() => expect(open).toHaveLength(1));
  const again = await send(story, first);
  expect([again.status, again.headers.get("retry-after")]).toEqual([429, "3"]);
  expect(problem.parse(await again.json())).toMatchObject({
    code: "rate_limited",
    detail: expect.stringContaining("one test at a time"),
  });
  const next = send(story, second);
  await story.eventually(() => expect(open).toHaveLength(2));
  expect((await send(story, third)).status).toBe(429);
  // Two of the three places of `dev` are this client's share; none was needed for what isn't a test.
  expect((await send(other, theirs)).status).toBe(200);
  expect((await other.api("/v1/workspaces")).status).toBe(200);

  for (const answer of open.splice(0)) answer();
  expect((await Promise.all([own, next])).map(({ status }) => status)).toEqual([200, 200]);
  silent.behave((res) => void res.writeHead(204).end());
  // Environments know for half a second that there was no place.
  story.advance(1_000);
  expect((await send(story, third)).status).toBe(200);
});
