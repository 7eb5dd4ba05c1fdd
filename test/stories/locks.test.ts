/** Fifty agents want the same file: each waits, holds, dawdles beyond its lease or not, and writes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { type LockGrant, lockGrant } from "#contract/locks.ts";
import { finalizeAnswer, startAnswer } from "#contract/uploads.ts";
import { putPart } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const AGENTS = 50;
/** Real seconds of contention; `WHARF_SOAK=60` for the long run. */
const SECONDS = Number(process.env["WHARF_SOAK"] ?? 8);
const FEWEST_TURNS = 3;
const TTL = 30;
/** Beyond the lease and its grace. */
const TOO_LONG_MS = (TTL + 3) * 1_000;

let story: Story;

beforeAll(async () => {
  story = await startStory({ cloud: { maxEnvironments: 4 } });
});
afterAll(() => story.stop());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A turn with the lock, as its holder remembers it. */
interface Turn {
  grant: LockGrant;
  /** The version that it committed, where it did. */
  committed?: string;
  /** Whether it dawdled beyond its lease before it wrote. */
  paused: boolean;
}

test(`${AGENTS} agents contend for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1_000 }, async () => {
  const { file_id } = await story.upload(Buffer.from("0"), {
    filename: "shared.txt",
    finalize: { share: false },
  });
  const lockPath = `/v1/files/${file_id}/lock`;
  const turns: Turn[] = [];
  const answers = new Map<string, number>();
  let requests = 0;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  // On a busy machine a few turns can take longer than the time that was set.
  const running = () => seconds() < SECONDS || (turns.length < FEWEST_TURNS && seconds() < SECONDS + 60);

  const asked = async (path: string, init: Parameters<Story["api"]>[1]) => {
    requests += 1;
    const answer = await story.api(path, init);
    const code = answer.ok ? "ok" : problem.parse(await answer.clone().json()).code;
    const name = `${init?.method ?? path.split("/").at(-1)} ${code}`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
    return answer;
  };

  /** Repeats what may be repeated until it is answered: functions are throttled when so many call at once. */
  async function insist(path: string, init: Parameters<Story["api"]>[1]): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const answer = await asked(path, init);
      if (answer.status < 500 || tries === 50) return answer;
      await pause(200);
    }
  }

  async function agent(number: number): Promise<void> {
    let attempt = 0;
    while (running()) {
      const answer = await asked(lockPath, {
        json: { ttl_seconds: TTL, client: `agent-${number}` },
        // Names the same attempt until it is answered, so that a grant whose answer was lost is not lost too.
        headers: { "Idempotency-Key": `agent-${number}-${attempt}` },
      });
      if (answer.status < 500) attempt += 1;
      if (answer.status !== 201) {
        await pause(1_000 + Math.random() * 3_000);
        continue;
      }
      const turn: Turn = { grant: lockGrant.parse(await answer.json()), paused: turns.length % 3 === 1 };
      turns.push(turn);
      await write(turn, `${number}.${attempt}`);
      await insist(lockPath, { method: "DELETE", headers: { "Lock-Token": turn.grant.lock_token } });
    }
  }

  async function write(turn: Turn, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const started = await insist("/v1/uploads", { json: { filename: "shared.txt", size: bytes.length } });
    const upload = startAnswer.parse(await started.json());
    for (const part of upload.parts) await putPart(upload, part, bytes);
    if (turn.paused) story.advance(TOO_LONG_MS);
    const done = await insist(`/v1/uploads/${upload.upload_id}/finalize`, {
      json: { share: false },
      headers: { "Lock-Token": turn.grant.lock_token },
    });
    if (done.ok) turn.committed = finalizeAnswer.parse(await done.json()).version_id;
  }

  await Promise.all(Array.from({ length: AGENTS }, (_, number) => agent(number)));
  await story.cloud.waitForIdle();

  console.log(
    `${AGENTS} agents, ${Math.round(seconds())} s: ${turns.length} grants, ${Math.round(requests / seconds())} lock and finalize requests/s`,
    Object.fromEntries([...answers].sort()),
  );

  // No double grant: every number was given once, and later grants have larger ones.
  const numbers = turns.map(({ grant }) => grant.fencing_token);
  expect(new Set(numbers).size).toBe(numbers.length);
  const byNumber = turns.toSorted((a, b) => a.grant.fencing_token - b.grant.fencing_token);
  const times = byNumber.map(({ grant }) => grant.acquired_at);
  expect(times).toEqual(times.toSorted());

  // Each holder began with the version that the last one to commit left: nobody wrote in between, or too late.
  for (const [index, { grant, paused, committed }] of byNumber.entries()) {
    const before = byNumber.slice(0, index).findLast((turn) => turn.committed !== undefined);
    if (before !== undefined) expect(grant.version_id).toBe(before.committed);
    if (paused) expect(committed).toBeUndefined();
  }
  expect(turns.length).toBeGreaterThanOrEqual(FEWEST_TURNS);
  expect(turns.some(({ committed }) => committed !== undefined)).toBe(true);
  expect(turns.some(({ paused }) => paused)).toBe(true);
});
