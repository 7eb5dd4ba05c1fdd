/** Plays one situation, with one thing going wrong in it or none, and says how it ended. */
import { isWharfError } from "#core/kernel/error.ts";
import { within } from "#core/kernel/within.ts";
import { timesOf } from "./arrivals.ts";
import type { Between, Made } from "./calls.ts";
import { aMoment, inflicter, LATE, type Wrong } from "./faults.ts";
import { violations } from "./invariants.ts";
import type { Outcome, Situation } from "./situation.ts";
import { startStage } from "./stage.ts";
import { DAY, MINUTE, passTime, startTime } from "./time.ts";
import { misplaced } from "./tree.ts";
import { answered, scrubber, trashOf, type View, viewOf } from "./view.ts";

/** The call that goes wrong, and how. */
export interface Hit {
  label: string;
  nth: number;
  wrong: Wrong;
}

/** In which order the one who acts meanwhile does so, where nothing goes wrong. */
type Order = { who: string; as: "first" | "after" | "alone" };

export interface Plan {
  hit?: Hit;
  clock?: Wrong & { kind: "clock" };
  order?: Order;
}

export interface Played {
  /** What was answered, without ids and times. */
  outcome: string;
  refused: boolean;
  /** Whether whoever acted meanwhile was refused or failed. */
  othersRefused: boolean;
  view: View;
  calls: Made[];
  meanwhile: string[];
  next: string[];
  /** Whether the call that was to go wrong was made. */
  met: boolean;
  violations: string[];
  /** When receivers were sent each attempt, from the beginning of what was done (ms). */
  times: ReadonlyMap<string, number>;
}

/** Longer than sessions, removals, schedules and the trash last. */
const REST_MS = 8 * DAY;

/** As far back as an old read may see: longer than any story. */
const HISTORY_MS = 400 * DAY;

/** How far time goes on at once, ten times as fast as the machine's. */
const TICK_MS = 100;

/** No story takes so long by the machine's clock (ms); one that does waits for what never comes. */
const PATIENCE_MS = 60_000;

/** Plays it. @throws Error where it never ends, or its beginning fails. */
export function play(situation: Situation, plan: Plan, seed = 1): Promise<Played> {
  return within(PATIENCE_MS, playOut(situation, plan, seed));
}

async function playOut(situation: Situation, { hit, clock, order }: Plan, seed: number): Promise<Played> {
  startTime(seed);
  const stage = await startStage();
  try {
    if (hit?.wrong.kind === "stale") stage.world.keepHistory(HISTORY_MS);
    const me = await stage.actor();
    const story = await situation.set(stage, me);
    if (situation.waits === undefined) await stage.work();
    aMoment();
    const played: Played = {
      ...{
        outcome: "",
        refused: false,
        othersRefused: false,
        view: [],
        calls: [],
        met: false,
        violations: [],
        times: new Map(),
      },
      meanwhile: Object.keys(story.meanwhile ?? {}),
      next: Object.keys(story.next ?? {}),
    };
    const { calls } = played;
    const start = Date.now();
    const besides = hit !== undefined && "while" in hit.wrong;
    const fail = (text: string) => void played.violations.push(text);

    async function others(who: string): Promise<void> {
      aMoment();
      const outcome = await outcomeOf(async () => story.meanwhile?.[who]?.());
      if (isRefusal(outcome)) played.othersRefused = true;
      aMoment();
    }

    const inflict = inflicter(stage.world, others);
    let acting = false;
    let nextCall = false;
    const amids = [story.amid ?? []].flat();
    const between: Between = async (one, send) => {
      if (!acting) return send();
      const made = { ...one, nth: calls.filter(({ label }) => label === one.label).length + 1 };
      calls.push(made);
      for (const one of amids.filter(({ before }) => made.label.startsWith(before))) {
        if (one.each === undefined) amids.splice(amids.indexOf(one), 1);
        await one.run();
      }
      if (nextCall) {
        nextCall = false;
        await inflict.arrive();
      }
      if (hit === undefined || hit.label !== made.label) return send();
      if (hit.nth !== made.nth && hit.wrong.kind !== "stale") return send();
      played.met = true;
      const done = inflict.at(made, hit.wrong, send);
      if (hit.wrong.kind === "late" && hit.wrong.until === LATE.next) {
        await done;
        nextCall = true;
      }
      return done;
    };
    const actor = await stage.actor({ between, ...(clock && { skew: clock.ms }) });
    const arriveAt = async (moment: string) => {
      if (hit?.wrong.kind === "late" && hit.wrong.until === moment) await inflict.arrive();
    };

    if (order?.as === "first" || order?.as === "alone") await others(order.who);
    if (order?.as !== "alone") {
      acting = true;
      const ticking = situation.ticks && setInterval(() => passTime(TICK_MS), TICK_MS / 10);
      const outcome = await outcomeOf(() => story.act(actor));
      clearInterval(ticking);
      acting = false;
      played.refused = isRefusal(outcome);
      played.outcome = JSON.stringify(scrubber(outcome, { numbered: false })(outcome));
      if (nextCall) await inflict.arrive();
      for (const text of inflict.idle()) fail(text);
      aMoment();
      if (order === undefined && !besides) {
        await arriveAt(LATE.end);
        for (const untrue of (await story.check?.(outcome)) ?? []) fail(`the answer isn't true: ${untrue}`);
      }
    }
    if (order?.as === "after") await others(order.who);
    await stage.work();
    const checkTree = async () => {
      for (const wrong of misplaced(await stage.world.dump())) fail(wrong);
    };
    // What follows may hide it.
    await checkTree();
    for (const [name, run] of Object.entries(story.next ?? {})) {
      aMoment();
      await run();
      await stage.work();
      await arriveAt(name);
    }
    await stage.pass(12 * MINUTE);
    await arriveAt(LATE.minutes);
    const numbered = order === undefined && clock === undefined && !besides && hit?.wrong.kind !== "stale";
    const trashed = await trashOf(stage, { numbered });
    await checkTree();
    await stage.pass(REST_MS);
    for (const wrong of (await story.end?.()) ?? []) fail(wrong);
    for (const wrong of await violations(stage)) fail(wrong);
    played.times = timesOf(stage.log, start);
    const { unordered } = situation;
    const view = [...trashed, ...(await viewOf(stage, { ordered: unordered !== true, numbered }))];
    played.view = story.seen === undefined ? view : [...view, `SEEN ${JSON.stringify(story.seen())}`];
    return played;
  } finally {
    await stage.close();
  }
}

async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    const result = await run();
    return result instanceof Response ? await answered(result) : { result };
  } catch (error) {
    if (isWharfError(error)) return { status: error.status, code: error.code };
    return {
      failed: error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : String(error),
    };
  }
}

const isRefusal = ({ status = 200, failed }: Outcome) => failed !== undefined || status >= 400;
