/**
 * Many agents want the same file: each waits, holds, dawdles within its lease or beyond it, and writes.
 *
 * The cloud's time runs ten times as fast as the machine's, for everyone alike, so that a minute sees many leases of
 * 30 s run out. Nobody's pause moves the time of others.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { page, problem } from "#contract/common.ts";
import type { Event } from "#contract/events.ts";
import { eventLog } from "#core/events/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type LockGrant, lockGrant, renewAnswer } from "#core/locks/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { version } from "#core/versions/contract.ts";
import { putPart } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

/** Real seconds of contention: `npm run test:soak` for a minute, by more agents. */
const SOAK = process.env["WHARF_SOAK"];
const SECONDS = Number(SOAK ?? 6);
const AGENTS = SOAK === undefined ? 20 : 50;
const SPEED = 10;
/** On a busy machine the turns that the story needs can take longer than was set, by so many seconds at most. */
const PATIENCE = 90;
const TTL_MS = 30_000;
const GRACE_MS = 2_000;

let story: Story;
let pace: NodeJS.Timeout;

beforeAll(async () => {
  // No version is swept before the end.
  story = await startStory({ cloud: { maxEnvironments: 4, extraEnv: { VERSIONS_KEEP: "1000" } } });
  let before = performance.now();
  pace = setInterval(() => {
    const passed = performance.now() - before;
    before += passed;
    story.advance(passed * (SPEED - 1));
  }, 10);
});
afterAll(async () => {
  clearInterval(pace);
  await story.stop();
});

const now = () => story.cloud.clock.now();
/** Waits by the cloud's time. */
const pause = (ms: number) => new Promise<void>((resolve) => story.cloud.clock.at(now() + ms, resolve));
const between = (least: number, most: number) => least + Math.random() * (most - least);

/** A turn with the lock, as its holder remembers it. */
interface Turn {
  grant: LockGrant;
  /** End of the lease as its holder was told last (ms). */
  expires: number;
  /** When the holder asked for its version to be committed. */
  finalizedAt?: number;
  /** The version that it committed, where it did. */
  committed?: string;
  refused?: string;
}

test(`${AGENTS} agents contend for ${SECONDS} s`, {
  timeout: (SECONDS + PATIENCE + 60) * 1_000,
}, async () => {
  const { file_id, version_id: first } = await story.upload(Buffer.from("0"), {
    filename: "shared.txt",
    finalize: { share: false },
  });
  const lockPath = `/v1/files/${file_id}/lock`;
  const turns: Turn[] = [];
  const answers = new Map<string, number>();
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const late = ({ finalizedAt = 0, expires }: Turn) => finalizedAt >= expires;
  const seenAll = () =>
    turns.length > 3 && turns.some(({ committed }) => committed !== undefined) && turns.some(late);
  const running = () => seconds() < SECONDS || (!seenAll() && seconds() < SECONDS + PATIENCE);

  const asked = async (path: string, init: Parameters<Story["api"]>[1]) => {
    const answer = await story.api(path, init);
    const code = answer.ok ? "ok" : problem.parse(await answer.clone().json()).code;
    const name = `${init?.method ?? path.split("/").at(-1)} ${code}`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
    return answer;
  };

  /** Repeats what may be repeated until it is answered: functions are throttled, or meet, when so many call at once. */
  async function insist(path: string, init: Parameters<Story["api"]>[1]): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const answer = await asked(path, init);
      if ((answer.status < 500 && answer.status !== 429) || tries === 50) return answer;
      await pause(2_000);
    }
  }

  async function agent(number: number): Promise<void> {
    for (let attempt = 1; running(); ) {
      const answer = await asked(lockPath, {
        json: {
          ttl_seconds: TTL_MS / 1_000,
          client: `agent-${number}`,
          wait_seconds: number % 10 === 0 ? 10 : 0,
        },
        // Names the same attempt until it is answered, so that a grant whose answer was lost is not lost too.
        headers: { "Idempotency-Key": `agent-${number}-${attempt}` },
        redirect: "follow",
      });
      if (answer.status < 500 && answer.status !== 429) attempt += 1;
      if (answer.status === 201) await take(lockGrant.parse(await answer.json()), `${number}.${attempt}`);
      else await pause(between(5_000, 20_000));
    }
  }

  async function take(grant: LockGrant, text: string): Promise<void> {
    const turn: Turn = { grant, expires: Date.parse(grant.expires_at) };
    turns.push(turn);
    // The second one dawdles too long in any case, so that a short story sees it too.
    const tooLong = turns.length === 2 || Math.random() < 0.3;
    const bytes = Buffer.from(text);
    const started = await insist("/v1/uploads", { json: { filename: "shared.txt", size: bytes.length } });
    const upload = startAnswer.parse(await started.json());
    for (const part of upload.parts) await putPart(upload, part, bytes);
    await pause(between(0, 10_000));
    if (Math.random() < 0.5) await renew(turn);
    if (tooLong) await pause(turn.expires - now() + between(0, 20_000));
    turn.finalizedAt = now();
    const headers = { "Lock-Token": grant.lock_token };
    const done = await insist(`/v1/uploads/${upload.upload_id}/finalize`, {
      json: { share: false },
      headers,
    });
    if (done.ok) turn.committed = finalizeAnswer.parse(await done.json()).version_id;
    else turn.refused = problem.parse(await done.json()).code;
    await insist(lockPath, { method: "DELETE", headers });
  }

  async function renew(turn: Turn): Promise<void> {
    const answer = await asked(`${lockPath}/renew`, { json: { lock_token: turn.grant.lock_token } });
    if (answer.ok) turn.expires = Date.parse(renewAnswer.parse(await answer.json()).expires_at);
    // Its outcome is not known, so the lease may live as long as it asked for.
    else if (answer.status >= 500) turn.expires = now() + TTL_MS;
  }

  await Promise.all(Array.from({ length: AGENTS }, (_, number) => agent(number)));
  const took = seconds();
  clearInterval(pace);
  // The last lease may still have to run out, and to be told of.
  for (let minute = 0; minute < 3; minute++) {
    story.advance(61_000);
    await story.cloud.waitForIdle();
  }

  const requests = [...answers.values()].reduce((sum, count) => sum + count, 0);
  const commits = turns.filter(({ committed }) => committed !== undefined);
  console.log(
    `${AGENTS} agents, ${Math.round(took)} s (${Math.round(took * SPEED)} s by the cloud's clock): ${turns.length} grants, ` +
      `${turns.filter(late).length} held beyond the lease, ${commits.length} versions, ${Math.round(requests / took)} requests/s`,
    Object.fromEntries([...answers].sort()),
  );
  expect(seenAll()).toBe(true);

  await everyLeaseHadOneHolder(file_id, turns);
  await everyVersionHadALiveLease(file_id, first, turns);
});

const at = z.object({ fencing_token: z.int(), expires_at: z.string() });

/** No double grant: numbers grow one by one, and each lease had ended, with its grace, before the next began. */
async function everyLeaseHadOneHolder(fileId: string, turns: readonly Turn[]): Promise<void> {
  const told = await lockEvents(fileId);
  const byNumber = (type: string) =>
    told
      .filter((one) => one.type === type)
      .map(({ data, occurred_at, request_id }) => ({
        ...at.parse(data),
        at: Date.parse(occurred_at),
        request_id,
      }))
      .sort((a, b) => a.fencing_token - b.fencing_token);
  const acquired = byNumber("lock_acquired");
  const numbers = acquired.map(({ fencing_token }) => fencing_token);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  // Holders were told the same numbers, each one its own.
  expect(turns.map(({ grant }) => grant.fencing_token).sort((a, b) => a - b)).toEqual(numbers);

  const [released, expired] = [byNumber("lock_released"), byNumber("lock_expired")];
  const ends = [...released, ...expired].sort((a, b) => a.fencing_token - b.fencing_token);
  expect(ends.map(({ fencing_token }) => fencing_token)).toEqual(numbers);
  for (const [index, end] of ends.entries()) {
    const next = acquired[index + 1];
    if (next !== undefined) expect(next.at).toBeGreaterThanOrEqual(end.at);
    if (released.includes(end)) continue;
    expect(end.at).toBe(Date.parse(end.expires_at));
    // Others wait for the grace too; its own holder may let go at any time after the end.
    const byOthers = end.request_id.startsWith("sweep-") || end.request_id === next?.request_id;
    if (byOthers && next !== undefined) expect(next.at).toBeGreaterThanOrEqual(end.at + GRACE_MS);
  }
}

/** No version of a dead lease: each is a holder's, made while its lease lived, upon the version of the one before. */
async function everyVersionHadALiveLease(
  fileId: string,
  first: string,
  turns: readonly Turn[],
): Promise<void> {
  const versions = new Map((await allVersions(fileId)).map((one) => [one.version_id, one]));
  const committed = turns.flatMap(({ committed }) => committed ?? []);
  expect([...versions.keys()].sort()).toEqual([first, ...committed].sort());
  let current = first;
  for (const turn of turns.toSorted((a, b) => a.grant.fencing_token - b.grant.fencing_token)) {
    expect(turn.grant.version_id).toBe(current);
    const { finalizedAt = 0 } = turn;
    if (finalizedAt >= turn.expires) expect(turn).toMatchObject({ refused: "lock_lost" });
    if (turn.committed === undefined) continue;
    const made = Date.parse(versions.get(turn.committed)?.created_at ?? "");
    expect(made).toBeGreaterThanOrEqual(Date.parse(turn.grant.acquired_at));
    expect(made).toBeLessThan(turn.expires);
    current = turn.committed;
  }
}

async function lockEvents(fileId: string) {
  const found: Event[] = [];
  for (let query = "", pages = 0; pages < 200; pages++) {
    const { items, next_cursor } = await story.json(eventLog, `/v1/events?limit=100${query}`);
    found.push(...items.filter((one) => one.file_id === fileId && one.type.startsWith("lock_")));
    if (items.length === 0) return found;
    query = `&after=${next_cursor}`;
  }
  throw new Error("the events have no end");
}

async function allVersions(fileId: string) {
  const found: z.infer<typeof version>[] = [];
  for (let query = "?limit=100"; ; ) {
    const { items, next_cursor } = await story.json(page.of(version), `/v1/files/${fileId}/versions${query}`);
    found.push(...items);
    if (next_cursor === null) return found;
    query = `?limit=100&cursor=${next_cursor}`;
  }
}
