/** Calls that wait, for events or for a lock: each client has its share of their places, and keeps none that it left. */
import type { FaultHook } from "@wharf/local-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { eventLog } from "#core/events/contract.ts";
import { lockGrant, lockState } from "#core/locks/contract.ts";
import { revokeClient } from "#core/revocation/change-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

/** Of the 3 places of `dev`, in 4 environments. */
const SHARE = 2;
const GREEDY = 100;

let story: Story;
beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 4 } });
});
afterAll(() => story?.stop());

type Api = Pick<Story, "api" | "json">;
const latest = async (by: Api) => (await by.json(eventLog, "/v1/events?after=latest")).next_cursor;
const poll = (by: Api, after: string) => by.api(`/v1/events?after=${after}&wait=20`);
const upload = (by: Pick<Story, "upload">, filename: string) =>
  by.upload(Buffer.from("x"), { filename, finalize: { share: false } });

/** Environments of the function that have taken a place, once there are so many. */
async function waiting(name: string, count: number, start: () => void): Promise<string[]> {
  const found = new Set<string>();
  const hook: FaultHook = ({ action, caller, environment, body = "" }) => {
    if (action === "UpdateItem" && caller.startsWith(name) && body.includes('"ADD #cli_'))
      found.add(environment ?? "");
    return undefined;
  };
  story.cloud.setFaults(hook);
  start();
  await story.eventually(() => expect(found.size).toBe(count));
  story.cloud.setFaults(undefined);
  return [...found];
}

async function refusals(answers: Response[]): Promise<unknown[]> {
  const all = answers.map(async (answer) => {
    const { code } = problem.parse(await answer.json());
    return `${answer.status} ${code} ${answer.headers.get("retry-after")}`;
  });
  return [...new Set(await Promise.all(all))];
}

test(`of ${GREEDY} polls of one client its share waits, and others read and wait as ever`, async () => {
  const greedy = await story.client("greedy");
  const mark = await latest(greedy);
  const ours = await latest(story);
  const polls: Promise<Response>[] = [];
  await waiting("Events", SHARE, () => {
    for (let count = 0; count < SHARE; count++) polls.push(poll(greedy, mark));
  });
  const more = await Promise.all(Array.from({ length: GREEDY - SHARE }, () => poll(greedy, mark)));
  expect(await refusals(more)).toEqual(["429 wait_limit 5"]);

  let own: Promise<Response> | undefined;
  await waiting("Events", 1, () => {
    own = poll(story, ours);
  });
  // All places are taken; who doesn't wait, or finds events, needs none.
  const third = await story.client("third");
  expect(await refusals([await poll(third, await latest(third))])).toEqual(["429 wait_limit 5"]);
  const { file_id } = await upload(story, "awaited.txt");
  expect(eventLog.parse(await (await own)?.json()).items).toMatchObject([{ file_id }]);
  expect((await poll(story, ours)).status).toBe(200);
  const theirs = await upload(greedy, "greedy.txt");
  for (const answer of await Promise.all(polls))
    expect(eventLog.parse(await answer.json()).items).toMatchObject([{ file_id: theirs.file_id }]);
  // Given back: the same may wait again.
  story.advance(1_000);
  const next = await latest(greedy);
  const again = await Promise.all([1, 2].map(() => greedy.api(`/v1/events?after=${next}&wait=1`)));
  expect(again.map(({ status }) => status)).toEqual([200, 200]);
});

test("a waiter that is killed has its place for 30 s at most", async () => {
  const mortal = await story.client("mortal");
  const mark = await latest(mortal);
  const polls: Promise<Response>[] = [];
  const environments = await waiting("Events", SHARE, () => {
    for (let count = 0; count < SHARE; count++) polls.push(poll(mortal, mark));
  });
  for (const environment of environments) await story.cloud.killEnvironment(environment);
  for (const answer of await Promise.all(polls)) expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(await refusals([await poll(mortal, mark)])).toEqual(["429 wait_limit 5"]);
  story.advance(31_000);
  const answer = await mortal.api(`/v1/events?after=${mark}&wait=1`);
  expect([answer.status, eventLog.parse(await answer.json()).items]).toEqual([200, []]);
});

test("a lock has a waiter's share too, and who doesn't wait for it learns of its holder", async () => {
  const { file_id } = await upload(story, "held.txt");
  const lock = `/v1/files/${file_id}/lock`;
  const { lock_token } = await story.json(lockGrant, lock, { json: { client: "holder" } });
  const wait = () => story.api(`${lock}/wait`, { json: { wait_seconds: 20 } });
  const waits: Promise<Response>[] = [];
  await waiting("WaitFunction", SHARE, () => {
    for (let count = 0; count < SHARE; count++) waits.push(wait());
  });
  expect(await refusals(await Promise.all([1, 2, 3].map(wait)))).toEqual(["429 wait_limit 5"]);
  expect((await story.api(lock, { json: {} })).status).toBe(423);
  // Another client's waits are for other files; a lock that is free needs no place.
  const other = await story.client("other");
  const free = await upload(other, "free.txt");
  expect((await other.api(`/v1/files/${free.file_id}/lock/wait`, { json: {} })).status).toBe(201);
  await story.api(lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  const first = await Promise.race(waits);
  const granted = lockGrant.parse(await first.json());
  await story.api(lock, { method: "DELETE", headers: { "Lock-Token": granted.lock_token } });
  expect((await Promise.all(waits)).map(({ status }) => status)).toEqual([201, 201]);
});

test("who is revoked while it waits gets neither events nor a lock", async () => {
  const doomed = await story.client("doomed");
  const deps = { table: story.table, now: story.cloud.clock.now };
  const { file_id } = await upload(doomed, "wanted.txt");
  const lock = `/v1/files/${file_id}/lock`;
  const admin = await story.client("admin", ["admin"]);
  const { lock_token } = await admin.json(lockGrant, lock, { json: {} });
  // What has happened so far is in the log, so that a poll waits for what comes.
  await story.cloud.waitForIdle();
  const mark = await latest(doomed);
  const waits: Promise<Response>[] = [];
  await waiting("Events", 1, () => waits.push(poll(doomed, mark)));
  await waiting("WaitFunction", 1, () => waits.push(doomed.api(`${lock}/wait`, { json: {} })));

  await revokeClient(deps, doomed.clientId);
  // An event that it would have seen, and the lock that it would have got.
  await admin.api(lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  expect(await refusals(await Promise.all(waits))).toEqual(["401 unauthenticated null"]);
  expect(await admin.json(lockState, lock)).toMatchObject({ locked: false, fencing_token: 1 });
});

test("and learns of it within 5 s where nothing happens", async () => {
  const doomed = await story.client("doomed-in-silence");
  const mark = await latest(doomed);
  const waits: Promise<Response>[] = [];
  await waiting("Events", 1, () => waits.push(poll(doomed, mark)));
  await revokeClient({ table: story.table, now: story.cloud.clock.now }, doomed.clientId);
  story.advance(5_000);
  expect(await refusals(await Promise.all(waits))).toEqual(["401 unauthenticated null"]);
});
