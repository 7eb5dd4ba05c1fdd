/**
 * Every AWS call on a file's way is a place to die: its function is killed once before the call is sent, and once
 * after it took effect, as a crash of its machine would do. Clients repeat what got no answer, queues and streams
 * deliver again, the sweep runs. Then the file is there once and one event has told of it.
 *
 * `npm test` takes every twelfth point, beginning with another one each time; `npm run test:crash` takes all.
 */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { event } from "#contract/events.ts";
import { file } from "#core/files/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { startAnswer, uploadStatus } from "#core/uploads/contract.ts";
import { putPart } from "#test/support/api-client.ts";
import {
  type Calls,
  type Crash,
  commonCalls,
  crashesOf,
  createCrasher,
  describeCrash,
  type Step,
} from "#test/support/crash-points.ts";
import {
  allVersions,
  multipartUploads,
  objectKeys,
  openSessions,
  unfinished,
} from "#test/support/leftovers.ts";
import type { Receiver } from "#test/support/receiver.ts";
import { type Story, startStory } from "#test/support/story.ts";

const EVERY = process.env["WHARF_ALL_CRASH_POINTS"] === "1" ? 1 : 12;
const OFFSET = Number(process.env["WHARF_CRASH_OFFSET"] ?? Math.floor(Math.random() * EVERY)) % EVERY;
const MINUTE = 60_000;
/** Longer than any queue hides a message whose function died. */
const HIDDEN = 11 * MINUTE;
const DAY = 24 * 60 * MINUTE;

interface Scenario {
  step: Step;
  /** A link comes with the file. Without, one event alone has always the same calls. */
  share?: boolean;
  leaves?: boolean;
  /** Happens in every journey of the scenario. */
  besides?: readonly Crash[];
}

const scenarios: Record<string, Scenario> = {
  start: { step: "start", share: true },
  finalize: { step: "finalize", share: true },
  "finalize, whose client leaves": { step: "finalize", leaves: true },
  // The function dies once S3 has put the parts together, and the client never comes back.
  ingest: {
    step: "ingest",
    leaves: true,
    besides: [{ step: "finalize", action: "CompleteMultipartUpload", nth: 1, moment: "after" }],
  },
  relay: { step: "relay" },
  "fan-out": { step: "fan-out" },
  deliver: { step: "deliver" },
};

let story: Story;
let receiver: Receiver;
let crasher: ReturnType<typeof createCrasher>;
let journeys = 0;
/** Points that the sample has passed. */
let seen = 0;
/** Calls by how the journey goes. */
const dryRuns = new Map<string, Calls>();
/** Journeys that ended with a file, by its id. */
const expected = new Map<string, string>();

beforeAll(async () => {
  story = await startStory();
  receiver = await story.receiver();
  await story.api("/v1/webhooks", { json: { url: receiver.url, events: ["upload_completed"] } });
  crasher = createCrasher(story.cloud);
});
afterAll(() => story?.stop());

/** What the client does: start, part, finalize; it repeats what fails, unless it `leaves` once it has asked for finalize. */
async function journey({ leaves = false, share = false, besides = [] }: Scenario, crashes: readonly Crash[]) {
  const name = `journey-${++journeys}`;
  const bytes = randomBytes(200);
  await story.token();
  // Looking at the last journey's file has made events too.
  await story.cloud.waitForIdle({ timeoutMs: 30_000 });
  await crasher.plan([...besides, ...crashes]);
  crasher.during("start");
  const json = { filename: `${name}/${name}.bin`, size: bytes.length };
  const started = startAnswer.parse(await insist("/v1/uploads", json, `start ${name}`));
  crasher.during(undefined);
  for (const part of started.parts) await putPart(started, part, bytes);
  crasher.during("finalize");
  const path = `/v1/uploads/${started.upload_id}/finalize`;
  const answer = leaves
    ? await story.api(path, { json: { share } }).then(() => undefined)
    : finalizeAnswer.parse(await insist(path, { share }, `finalize ${name}`));
  crasher.during(undefined);
  return { name, bytes, answer };
}

/** Repeats a request under its Idempotency-Key until it is answered, as a client does. */
async function insist(path: string, json: unknown, key: string): Promise<unknown> {
  let last = "";
  for (let attempt = 0; attempt < 6; attempt++) {
    const answer = await story.api(path, { json, headers: { "Idempotency-Key": key } });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text);
    last = `${answer.status} ${text}`;
    const wait = answer.headers.get("retry-after");
    if (answer.status < 500 && wait === null) break;
    if (wait !== null) story.advance(Number(wait) * 1_000);
  }
  throw new Error(`${path} is not answered: ${last}`);
}

/** Lets time pass until no queue hides a message and nothing of uploads, events and deliveries is due. */
async function settle({ step }: Scenario): Promise<void> {
  await story.cloud.waitForIdle({ timeoutMs: 30_000 });
  if (step !== "start" && step !== "finalize") await pass(HIDDEN);
  for (let round = 0; (await unfinished(story)).length > 0; round++) {
    if (round === 10) throw new Error(`still unfinished: ${await unfinished(story)}`);
    await pass(3 * MINUTE);
  }
}

async function pass(ms: number): Promise<void> {
  story.advance(ms);
  await story.cloud.waitForIdle({ timeoutMs: 30_000 });
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Ids of the events that told of a journey's file, one for each time. */
function told(journeyName: string): string[] {
  return receiver.received
    .map(({ body }) => event.parse(JSON.parse(body)))
    .filter(({ data }) => data["name"] === `${journeyName}.bin`)
    .map(({ id }) => id);
}

/** What is in a folder, which comes with its first file. */
async function listing(folder: string) {
  const answer = await story.api(`/v1/workspaces/${story.workspaceId}/files?path=${folder}`);
  if (answer.status === 404) return { items: [] };
  expect(answer.status).toBe(200);
  return z.object({ items: z.array(file) }).parse(await answer.json());
}

/** The journey's file is there once, whole, its link works, and one event has told of it. */
async function arrived({ name, bytes, answer }: Awaited<ReturnType<typeof journey>>): Promise<void> {
  const { items } = await listing(name);
  expect(items.map((item) => item.name)).toEqual([`${name}.bin`]);
  const fileId = items[0]?.file_id ?? "";
  if (answer !== undefined) expect(answer.file_id).toBe(fileId);
  const content = await story.api(`/v1/files/${fileId}/content`, { redirect: "follow" });
  expect(digest(await content.bytes())).toBe(digest(bytes));
  expect(new Set(told(name)).size).toBe(1);
  if (answer?.share_url) {
    expect((await story.api(`${answer.share_url}?download=1`, { token: null })).status).toBe(302);
  }
  expected.set(fileId, name);
}

/** A client that left has its file with one event, or neither. */
async function settledOneWay(done: Awaited<ReturnType<typeof journey>>): Promise<void> {
  const { items } = await listing(done.name);
  if (items.length > 0) await arrived(done);
  else expect(told(done.name)).toEqual([]);
}

/** The calls of a scenario where nothing fails; those of two runs, since the first of all makes some more. */
async function callsOf(scenario: Scenario): Promise<Calls> {
  const { step: _, ...how } = scenario;
  const known = dryRuns.get(JSON.stringify(how));
  if (known !== undefined) return known;
  const runs: Calls[] = [];
  for (let run = 0; run < 2; run++) {
    const done = await journey(scenario, []);
    await settle(scenario);
    runs.push(crasher.calls());
    await arrived(done);
  }
  const calls = commonCalls(runs);
  dryRuns.set(JSON.stringify(how), calls);
  return calls;
}

/** Takes its turn of all scenarios' points; of many calls alike, as of an index's shards, only the first two. */
function sample(all: readonly Crash[]): readonly Crash[] {
  if (EVERY === 1) return all;
  return all.filter(({ nth }) => nth <= 2).filter(() => seen++ % EVERY === OFFSET);
}

/** One journey through a crash: what went wrong, and whether the function came to the call at all. */
async function survive(scenario: Scenario, crash: Crash): Promise<{ came: boolean; wrong?: string }> {
  let came = true;
  try {
    const done = await journey(scenario, [crash]);
    await settle(scenario);
    came = crasher.pending().length === 0;
    const mayEndWithNothing = scenario.leaves === true && scenario.besides === undefined;
    await (mayEndWithNothing ? settledOneWay(done) : arrived(done));
    return { came };
  } catch (error) {
    return { came, wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** How often one sets out for a call that depends on how long others took: on a machine that others keep busy few come there. */
const JOURNEYS = 8;

/** Some calls depend on how long others took, as a lease's renewal: who doesn't come there goes again. */
async function violationOf(scenario: Scenario, crash: Crash): Promise<string | undefined> {
  for (let attempt = 0; attempt < JOURNEYS; attempt++) {
    const { came, wrong } = await survive(scenario, crash);
    if (wrong !== undefined) return `${describeCrash(crash)}: ${wrong}`;
    if (came) return undefined;
  }
  return `${describeCrash(crash)}: never came there in ${JOURNEYS} journeys`;
}

describe("a function dies at every AWS call that it makes", { timeout: 600_000 }, () => {
  const counts: string[] = [];

  test.each(Object.keys(scenarios))("in %s", async (name) => {
    const scenario = scenarios[name];
    if (scenario === undefined) throw new Error(`no scenario ${name}`);
    const calls = await callsOf(scenario);
    const all = crashesOf(scenario.step, calls);
    const crashes = sample(all);
    counts.push(`${name} ${crashes.length} of ${all.length}`);
    const violations: string[] = [];
    for (const crash of crashes) {
      const violation = await violationOf(scenario, crash);
      if (violation !== undefined) violations.push(violation);
    }
    expect(violations).toEqual([]);
  });

  test("and nothing is left behind", async () => {
    console.log(`crash points: ${counts.join(", ")} (offset ${OFFSET})`);
    const { upload_id, parts } = await story.start("left.bin", 100);
    for (const part of parts) await putPart({ part_size: 100 }, part, randomBytes(100));

    await pass(6 * DAY + HIDDEN);
    await pass(2 * MINUTE);
    expect((await story.json(uploadStatus, `/v1/uploads/${upload_id}`)).state).toBe("expired");
    expect(await openSessions(story)).toEqual([]);
    const left = await multipartUploads(story);
    expect(left.filter(({ Key = "" }) => Key.endsWith(upload_id))).toEqual([]);
    expect(await unfinished(story)).toEqual([]);
    // Multipart uploads whose session was never written are S3's to end.
    await pass(3 * DAY);
    expect(await multipartUploads(story)).toEqual([]);
    const versions = await allVersions(story);
    expect(await objectKeys(story)).toEqual(versions.map(({ object_key }) => object_key).sort());
    expect(versions.map(({ file_id }) => file_id).sort()).toEqual([...expected.keys()].sort());
    for (const name of expected.values()) expect(new Set(told(name)).size).toBe(1);
  });
});
