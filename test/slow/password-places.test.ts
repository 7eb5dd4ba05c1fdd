/** Passwords are hashed in places of their own: who guesses, or makes many links, keeps nobody from anything else. */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { share } from "#core/links/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

/** Of the 3 places of `dev`: one client's share, and that of one source, which is half of what all sources have. */
const SHARE = 2;
const FROM_ONE = 1;
const LINKS = 3;

let story: Story;
beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 4 } });
});
afterAll(() => story?.stop());

/** Holds what hashes in its place: every UpdateItem that says this. */
function hold(said: string) {
  const gate = Promise.withResolvers<void>();
  const held: string[] = [];
  story.cloud.setFaults(async ({ action, body = "" }) => {
    if (action === "UpdateItem" && body.includes(said)) {
      held.push(body);
      await gate.promise;
    }
    return undefined;
  });
  return {
    held,
    release() {
      gate.resolve();
      story.cloud.setFaults(undefined);
    },
  };
}

async function newLinks(count: number): Promise<string[]> {
  const { file_id } = await story.upload(Buffer.from("x"), { filename: "guarded.txt" });
  const urls: string[] = [];
  for (let made = 0; made < count; made++) {
    const json = { password: "open sesame" };
    urls.push((await story.json(share, `/v1/files/${file_id}/shares`, { json })).share_url);
  }
  return urls;
}
const guess = (url: string, password = "wrong", accept = "*/*") =>
  fetch(url, { redirect: "manual", headers: { "X-Share-Password": password, Accept: accept } });

test("guesses past a source's share are refused at once, uncounted, while uploads go on", async () => {
  const urls = await newLinks(LINKS);
  // A try is counted in its place.
  const { held, release } = hold('"#tried":"tried"');
  const hashing = urls.slice(0, FROM_ONE).map((url) => guess(url));
  await story.eventually(() => expect(held).toHaveLength(FROM_ONE));

  for (const url of urls.slice(1)) {
    const refused = await guess(url, "open sesame");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    // No 5xx, at which the operator's alarm goes off: nothing is wrong with the API.
    expect(problem.parse(await refused.json())).toMatchObject({ code: "password_limit", max: FROM_ONE });
  }
  // Whoever types one in a browser is told so, and asked again.
  const typed = await fetch(urls[2] ?? "", {
    method: "POST",
    body: new URLSearchParams({ password: "open sesame" }),
    headers: { Accept: "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin" },
  });
  expect([typed.status, await typed.text()]).toEqual([429, expect.stringContaining("yours was not")]);

  await story.upload(Buffer.from("x"), { filename: "meanwhile.txt" });
  release();
  expect((await Promise.all(hashing)).map(({ status }) => status)).toEqual([403]);
  // Environments know for half a second that all was taken.
  story.advance(1_000);
  // Nothing was counted but the one.
  const { Items = [] } = await story.dynamodb.send(new ScanCommand({ TableName: story.tableName }));
  expect(Items.filter(({ tried }) => tried !== undefined)).toHaveLength(FROM_ONE);
  expect((await guess(urls[2] ?? "", "open sesame")).status).toBe(302);
});

test("a client that makes many passworded links at once is held to its share, and others aren't", async () => {
  const { file_id } = await story.upload(Buffer.from("x"), { filename: "many.txt" });
  const other = await story.client("other");
  const theirs = await other.upload(Buffer.from("x"), { filename: "theirs.txt" });
  const make = (by: Pick<Story, "api">, file: string) =>
    by.api(`/v1/files/${file}/shares`, { json: { password: "open sesame" } });
  const { held, release } = hold(`"DELETE #${story.clientId}`);
  const hashing = Array.from({ length: SHARE }, () => make(story, file_id));
  await story.eventually(() => expect(held).toHaveLength(SHARE));

  const refused = await make(story, file_id);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
  expect(problem.parse(await refused.json())).toMatchObject({ code: "password_limit", max: SHARE });
  expect((await make(other, theirs.file_id)).status).toBe(201);
  // A link without one needs no place.
  expect((await story.api(`/v1/files/${file_id}/shares`, { json: {} })).status).toBe(201);
  release();
  expect((await Promise.all(hashing)).map(({ status }) => status)).toEqual([201, 201]);
  story.advance(1_000);
  expect((await make(story, file_id)).status).toBe(201);
});
