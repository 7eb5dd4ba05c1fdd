/** Limits of one endpoint, as conditions of writes against the table: whoever asks, and however many at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { type HookState, hookState } from "#core/attempts/records.ts";
import { newId } from "#core/kernel/ids.ts";
import { claimTurn, type Turn } from "#core/turns/claim-turn.ts";
import { newEpoch } from "#core/turns/endpoint-epoch.ts";
import { laneOf, placesOf, timeOf } from "#core/turns/endpoint-limits.ts";
import { wakeUp } from "#core/turns/plan-wake-up.ts";
import { abandonTurn, settleTurn } from "#core/turns/settle-turn.ts";
import { startWorld, type World } from "#test/support/world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What is known of an endpoint that has answered. */
const WELL = { last_success_ms: 1, latency_ms: 50 };

let world: World;
let now = Date.UTC(2026, 0, 1);
let webhook_id = "";
const epoch = newEpoch();
const deps = () => ({ table: world.deps.table, now: () => now });

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  now += 60 * MINUTE;
  webhook_id = newId("hook", now);
  await world.deps.table.put({
    blind: "seeded",
    put: { ...keys.hookState(webhook_id), webhook_id, epoch, ...WELL },
  });
});

async function state(): Promise<HookState> {
  const found = await world.deps.table.get(hookState, keys.hookState(webhook_id));
  if (found === undefined) throw new Error("the endpoint has no state");
  return found;
}
const claim = async (rate_per_second = 500, reserved = false) =>
  claimTurn(deps(), { webhook_id, epoch, rate_per_second }, { seen: await state(), reserved });
const settle = (turn: Turn, ok: boolean, durationMs = 50, pauseMs?: number) => {
  if (!turn.go) throw new Error("no turn to settle");
  return settleTurn(deps(), { webhook_id, epoch }, turn, { ok, durationMs, pauseMs });
};
/** One attempt from beginning to end. */
const attempt = async (ok: boolean) => settle(await claim(500, true), ok);
const times = (count: number) => Array.from({ length: count });

describe("in flight", () => {
  test("20 of 60 that ask at once get a turn, the others one each later", async () => {
    const seen = await state();
    const turns = await Promise.all(
      times(60).map(() => claimTurn(deps(), { webhook_id, epoch, rate_per_second: 500 }, { seen })),
    );
    const taken = turns.filter((turn) => turn.go);
    expect(taken).toHaveLength(20);
    expect(new Set(taken.map((turn) => turn.go && turn.slot.name)).size).toBe(20);
    for (const turn of turns) if (!turn.go) expect(turn.at).toBeGreaterThanOrEqual(now + SECOND);
  });

  test("a turn given back is free at once, one that nobody gives back after 30 s", async () => {
    const turns = await Promise.all(times(20).map(() => claim()));
    expect((await claim()).go).toBe(false);
    await settle(turns[0] ?? (await claim()), true);
    now += 10;
    expect((await claim()).go).toBe(true);
    now += 31 * SECOND;
    expect((await claim()).go).toBe(true);
  });

  test("those that wait are spread over the time that slow answers need", async () => {
    const key = keys.hookState(webhook_id);
    await world.deps.table.update({
      blind: "seeded",
      key,
      update: { set: { latency_ms: 10 * SECOND } },
    });
    for (const _ of times(20)) expect((await claim()).go).toBe(true);
    const waits: number[] = [];
    for (const _ of times(10)) {
      const turn = await claim();
      if (!turn.go) waits.push(turn.at - now);
    }
    // 20 at a time, 10 s each: two a second.
    expect(waits.slice(2).map((wait) => Math.round(wait / 500))).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe("rate", () => {
  test("a second's worth at once, then one after the other", async () => {
    const turns: Turn[] = [];
    for (const _ of times(15)) {
      const turn = await claim(5);
      turns.push(turn);
      if (turn.go) await settle(turn, true);
    }
    expect(turns.map(({ go }) => go)).toEqual([...times(5).map(() => true), ...times(10).map(() => false)]);
    const waits = turns.flatMap((turn) => (turn.go ? [] : [turn.at - now]));
    expect(waits.every((wait, index) => Math.abs(wait - 200 * (index + 1)) < 1)).toBe(true);
  });

  test("a turn that was kept needs no other", async () => {
    for (const _ of times(6)) await claim(5);
    expect((await claim(5, true)).go).toBe(true);
    expect((await claim(5, false)).go).toBe(false);
  });

  test("turns are given out for 15 minutes, not for ever", async () => {
    let last: Turn | undefined;
    for (const _ of times(20)) last = await claim(0.01);
    if (last?.go !== false) throw new Error("a turn too many");
    expect(last.reserved).toBe(false);
    expect(last.at - now).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(last.at - now).toBeLessThanOrEqual(15 * MINUTE);
  });
});

test("a pause that the endpoint asked for holds for all, and only grows", async () => {
  const [first, second] = [await claim(), await claim()];
  await settle(first, false, 50, 10 * MINUTE);
  await settle(second, false, 50, MINUTE);
  const turn = await claim();
  expect(turn.go).toBe(false);
  if (!turn.go) expect(turn.at).toBeGreaterThanOrEqual(now + 10 * MINUTE);
  now += 10 * MINUTE;
  expect((await claim()).go).toBe(true);
});

describe("breaker", () => {
  const openFor = async () => ((await state()).open_until_ms ?? now) - now;

  test("opens at 5 failures in a row", async () => {
    for (const _ of times(4)) await attempt(false);
    expect(await openFor()).toBe(0);
    await attempt(false);
    expect(await openFor()).toBe(30 * SECOND);
    const turn = await claim();
    expect(turn.go).toBe(false);
    if (!turn.go) expect(turn.at).toBeGreaterThanOrEqual(now + 30 * SECOND);
  });

  test("opens at 70% of ten within five minutes, and not at less", async () => {
    for (const ok of [true, true, true, false, false, true, false, false, false]) await attempt(ok);
    await attempt(false);
    expect(await openFor()).toBe(0); // 6 of 10
    now += 10 * SECOND;
    for (const ok of [true, false, false, false, false]) await attempt(ok); // 10 of 15
    expect(await openFor()).toBe(0);
    await attempt(true);
    for (const _ of times(4)) await attempt(false); // 14 of 20
    expect(await openFor()).toBe(30 * SECOND);
  });

  test("forgets what lies five minutes back", async () => {
    for (const ok of [false, false, false, false, true, false, false, false, false, true]) await attempt(ok);
    now += 5 * MINUTE;
    await attempt(false);
    expect(await openFor()).toBe(0);
  });

  test("lets one probe through, doubles when it fails up to 15 minutes, closes when it succeeds", async () => {
    for (const _ of times(5)) await attempt(false);
    for (const seconds of [60, 120, 240, 480, 900, 900]) {
      now += await openFor();
      const seen = await state();
      const turns = await Promise.all(
        times(10).map(() => claimTurn(deps(), { webhook_id, epoch, rate_per_second: 500 }, { seen })),
      );
      const [probe, ...others] = turns.filter((turn) => turn.go);
      expect(others).toEqual([]);
      expect(probe).toMatchObject({ probe: true });
      await settle(probe ?? (await claim()), false);
      expect(await openFor()).toBe(seconds * SECOND);
    }
    now += await openFor();
    await settle(await claim(), true);
    expect(await state()).not.toHaveProperty("open_until_ms");
    await attempt(false);
    expect(await openFor()).toBe(0);
  });

  test("its probe is planned, however long those ask to wait that were under way as it opened", async () => {
    const plan = async () => (await world.deps.table.get(wakeUp, keys.wakeUp(webhook_id))) ?? {};
    for (const seconds of [5, 60]) {
      for (const turn of await Promise.all(times(7).map(() => claim()))) {
        now += 1;
        await settle(turn, false, 50, seconds * SECOND);
      }
      const at_ms = now + Math.max(await openFor(), seconds * SECOND);
      expect(await plan()).toMatchObject({ all: false, at_ms });
      now = at_ms;
      await settle(await claim(), true);
      expect(await plan()).toMatchObject({ all: true, at_ms });
    }
  });

  test("a probe whose worker died is followed by another", async () => {
    for (const _ of times(5)) await attempt(false);
    now += 30 * SECOND;
    expect((await claim()).go).toBe(true);
    expect((await claim()).go).toBe(false);
    now += 30 * SECOND;
    expect((await claim()).go).toBe(true);
  });
});

describe("what has changed since the state was read", () => {
  const claimWith = (seen: HookState, rate_per_second = 500) =>
    claimTurn(deps(), { webhook_id, epoch, rate_per_second }, { seen });

  test("a pause", async () => {
    const turn = await claim();
    const seen = await state();
    await settle(turn, false, 50, 10 * MINUTE);
    expect((await claimWith(seen)).go).toBe(false);
  });

  test("a breaker that has opened", async () => {
    const seen = await state();
    for (const _ of times(5)) await attempt(false);
    expect((await claimWith(seen)).go).toBe(false);
  });

  test("the endpoint's epoch: what would go to its last URL gets no turn, and asks no second time", async () => {
    const key = keys.hookState(webhook_id);
    const seen = await state();
    await world.deps.table.put({ put: { ...key, webhook_id, ...WELL, epoch: "next" }, blind: "a test's" });
    const { length } = world.traces;
    expect((await claimWith(seen)).go).toBe(false);
    expect(world.traces.length - length).toBe(1);
  });

  test("a second's turns that are used up", async () => {
    await claim(5);
    const seen = await state();
    for (const _ of times(4)) expect((await claim(5)).go).toBe(true);
    expect((await claimWith(seen, 5)).go).toBe(false);
  });
});

test("one that isn't verified gets no second turn while its first is under way, whatever was read before", async () => {
  const key = keys.hookState(webhook_id);
  await world.deps.table.put({ blind: "seeded", put: { ...key, webhook_id, epoch } });
  const seen = await state();
  expect((await claim()).go).toBe(true);
  now += 2 * SECOND;
  for (const _ of times(20))
    expect(
      (await claimTurn(deps(), { webhook_id, epoch, rate_per_second: 500 }, { seen, reserved: true })).go,
    ).toBe(false);
});

test("a deleted endpoint gets no turn and leaves no state behind", async () => {
  const turn = await claim();
  await world.deps.table.remove({ blind: "seeded", remove: keys.hookState(webhook_id) });
  await settle(turn, false, 50, MINUTE);
  expect((await claimTurn(deps(), { webhook_id, epoch, rate_per_second: 5 }, { seen: {} })).go).toBe(false);
  expect(await world.deps.table.batchGet([keys.hookState(webhook_id)])).toEqual([]);
});

describe("lanes", () => {
  test.each([
    ["nothing known", {}, "retry"],
    ["never answered well", { latency_ms: 80 }, "retry"],
    ["answers well", WELL, "first"],
    ["fails fast", { ...WELL, failures: 4 }, "first"],
    ["enabled again", { last_success_ms: 1 }, "retry"],
    ["slow", { ...WELL, latency_ms: 1_001 }, "retry"],
    ["paused", { ...WELL, paused_until_ms: 1e15 }, "retry"],
    ["broken", { ...WELL, open_until_ms: 1e15 }, "retry"],
    ["to be probed", { ...WELL, open_until_ms: 1 }, "retry"],
  ] as const)("%s: %o → %s", (_, given, lane) => {
    expect(laneOf(given, now)).toBe(lane);
  });

  test.each([
    ["never answered", {}, 1],
    ["answers", WELL, 20],
    ["failed last time", { ...WELL, failures: 1 }, 2],
  ] as const)("%s: %o may have %i under way", (_, given, places) => {
    expect(placesOf(given)).toBe(places);
  });

  test.each([
    ["prompt", WELL, { lane: "first", probe: false }, 2_000],
    ["slow", { ...WELL, latency_ms: 9_000 }, { lane: "retry", probe: false }, 15_000],
    ["never answered", { failures: 3 }, { lane: "retry", probe: false }, 15_000],
    ["fails", { ...WELL, failures: 1, answered_ms: 50 }, { lane: "retry", probe: false }, 5_000],
    ["slow, and fails", { ...WELL, failures: 1, answered_ms: 4_000 }, { lane: "retry", probe: false }, 8_000],
    ["fails, probed", { ...WELL, failures: 9, answered_ms: 50 }, { lane: "retry", probe: true }, 15_000],
  ] as const)("%s: %o, %o is waited for %i ms", (_, given, by, ms) => {
    expect(timeOf(given, by)).toBe(ms);
  });

  test("an answer that was not waited for makes its endpoint slow, and five quick ones prompt again", async () => {
    const turn = await claim();
    if (turn.go) await abandonTurn(deps(), { webhook_id, epoch }, turn);
    expect(laneOf(await state(), now)).toBe("retry");
    for (const _ of times(5)) await settle(await claim(), true, 20);
    expect(await state()).toMatchObject({ failures: 0, answered_ms: 20 });
    expect(laneOf(await state(), now)).toBe("retry");
    await settle(await claim(), true, 20);
    expect(laneOf(await state(), now)).toBe("first");
  });
});
