/** One client's open uploads are bounded, by a count of the last minutes; nobody else's starts are, nor what is open. */
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

const MAX = 3;

test("a client with its share of open uploads starts no more until some have ended", async () => {
  await using story = await startStory({ cloud: { extraEnv: { SESSIONS_PER_CLIENT: String(MAX) } } });
  let names = 0;
  const start = (by: Pick<Story, "api"> = story) =>
    by.api("/v1/uploads", { json: { filename: `file-${++names}.bin`, size: 1 } });
  /** The sweep counts, and what environments know is a minute old. */
  const counted = async () => {
    for (let minute = 0; minute < 2; minute++) {
      story.advance(61_000);
      await story.cloud.waitForIdle();
    }
  };

  const open: string[] = [];
  for (let count = 0; count < MAX; count++)
    open.push(startAnswer.parse(await (await start()).json()).upload_id);
  await counted();
  const pending = async () => {
    const { Uploads = [] } = await story.s3.send(new ListMultipartUploadsCommand({ Bucket: story.bucket }));
    return Uploads.length;
  };
  const refused = await start();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(problem.parse(await refused.json())).toMatchObject({ code: "session_limit", open: MAX, max: MAX });
  // Nothing was begun for it.
  expect(await pending()).toBe(MAX);
  const other = await story.client("other");
  expect((await start(other)).status).toBe(201);
  // What needs no session, and what is open already, goes on.
  expect((await story.api(`/v1/uploads/${open[0]}/parts`, { json: { count: 1 } })).status).toBe(200);
  const form = new FormData();
  form.append("file", new Blob(["x"]), "small.txt");
  expect((await story.api("/v1/files/upload", { body: form })).status).toBe(200);

  expect((await story.api(`/v1/uploads/${open[0]}`, { method: "DELETE" })).status).toBe(204);
  await counted();
  expect((await start()).status).toBe(201);
});
