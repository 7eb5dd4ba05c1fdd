/** A situation with each of its calls going wrong in each way, and which of those ended as they must not. */
import { late } from "./arrivals.ts";
import { clocks, describeWrong, type Wrong, wrongsOf } from "./faults.ts";
import { type Hit, type Played, play } from "./play.ts";
import type { Situation } from "./situation.ts";
import { difference, loosened } from "./view.ts";

export interface Case {
  situation: Situation;
  /** `finalize: a new file | commit-upload: transact … (1) | twice` */
  name: string;
  wrong: Wrong;
  hit?: Hit;
  /** Where the call is made: `lambdas/core/finalize/commit-upload.ts:92 in commitUpload`. */
  at?: string;
}

export interface Verdict {
  name: string;
  kind: Wrong["kind"];
  /** What must not be, or nothing. */
  faults: string[];
  /** Whether the call was made at all. */
  met: boolean;
}

/** Of calls with one label the first two and the last go wrong: more are the same loop. */
const SOME = 2;

/** What runs without faults end in, by who acts meanwhile and when. */
export function baselines(situation: Situation) {
  const known = new Map<string, Promise<Played>>();
  const once = (key: string, run: () => Promise<Played>) => {
    const found = known.get(key) ?? run();
    known.set(key, found);
    return found;
  };
  return {
    plain: () => once("", () => play(situation, {})),
    of: (who: string, as: "first" | "after" | "alone") =>
      once(`${as} ${who}`, () => play(situation, { order: { who, as } })),
    /** Nobody acts at all. */
    without: () => once("without", () => play(situation, { order: { who: "nobody", as: "alone" } })),
    /** Nobody acts meanwhile, and views have no numbers. */
    unnumbered: () => once("unnumbered", () => play(situation, { order: { who: "nobody", as: "after" } })),
  };
}

/** A story that breaks down by itself would break down with each fault too, and so be green. */
export function breaksDown({ outcome }: Played): string[] {
  return BROKEN.test(outcome) ? [`with nothing wrong it ends in ${outcome}`] : [];
}

const BROKEN = /"failed":|"status":5/;

/** Every case of a situation, by the calls that it made without faults. */
export function casesOf(situation: Situation, plain: Played): Case[] {
  const totals = Map.groupBy(plain.calls, ({ label }) => label);
  const hit = plain.calls.filter(({ label, nth, writes }) => {
    const count = totals.get(label)?.length ?? 0;
    if (!label.startsWith(situation.at ?? "")) return false;
    return nth <= (writes ? SOME : 1) || nth === count;
  });
  return [
    ...clocks.map((wrong) => ({ situation, wrong, name: `${situation.name} | ${describeWrong(wrong)}` })),
    ...hit.flatMap((made) =>
      wrongsOf(made, plain).map((wrong) => ({
        ...{ situation, wrong, hit: { label: made.label, nth: made.nth, wrong } },
        at: `lambdas/core/${made.site}, in ${made.under[0]?.split(" ")[1]}`,
        name: `${situation.name} | ${made.label} (${made.nth}) | ${describeWrong(wrong)}`,
      })),
    ),
  ];
}

/** Plays a case and says what is wrong with its end. */
export async function judge(
  { situation, name, wrong, hit }: Case,
  base: ReturnType<typeof baselines>,
): Promise<Verdict> {
  const verdict = { name, kind: wrong.kind };
  try {
    const played = await play(situation, {
      ...(hit && { hit }),
      ...(wrong.kind === "clock" && { clock: wrong }),
    });
    const faults = [...played.violations, ...(await ends(played, { wrong, situation }, base))];
    return { ...verdict, faults, met: hit === undefined || played.met };
  } catch (error) {
    return {
      ...verdict,
      faults: [`it broke off: ${error instanceof Error ? error.stack : error}`],
      met: true,
    };
  }
}

/** Compares an end with those that it may have. */
async function ends(
  played: Played,
  { wrong, situation }: Pick<Case, "wrong" | "situation">,
  base: ReturnType<typeof baselines>,
): Promise<string[]> {
  // Shards of a sweep race, so that a call may not be made this time: then nothing went wrong, and nobody acted.
  if ("while" in wrong && !played.met && !situation.mixed)
    return differences(played, [await base.unnumbered()]);
  if ("while" in wrong && wrong.while !== undefined) {
    const all = await others(wrong.while, base);
    return [...insistent(played, all.orders), ...beside(played, all, situation.mixed === true)];
  }
  if (wrong.kind === "stale") return beside(played, await earlier(base), situation.mixed === true);
  const plain = await (wrong.kind === "clock" ? base.unnumbered() : base.plain());
  const waited = wrong.kind === "clock" ? [] : late(played.times, plain.times);
  // A clock may say that it is too soon, or too late: then nothing has happened.
  const declined =
    wrong.kind === "clock" && isDeclined(played) && same((await base.without()).view, played.view);
  return declined ? [] : [...waited, ...differences(played, [plain])];
}

interface Others {
  orders: Played[];
  /** The end where only whoever acts meanwhile has acted, and that where only the caller has. */
  alone: Played;
  without: Played;
}

async function others(who: string, base: ReturnType<typeof baselines>): Promise<Others> {
  return {
    orders: [await base.of(who, "first"), await base.of(who, "after")],
    alone: await base.of(who, "alone"),
    without: await base.unnumbered(),
  };
}

/** What was old is what was: the caller came when there was nothing to do yet. Whoever comes later does it. */
async function earlier(base: ReturnType<typeof baselines>): Promise<Others> {
  const without = await base.unnumbered();
  const alone = await base.without();
  return { orders: [without, { ...alone, outcome: without.outcome }], alone, without };
}

/**
 * So many more writes at one place than in any order of the two: what stands in their way is one other's, done once. A
 * turn alone takes up to three more to be given back.
 */
const MORE_TRIES = 8;

/** Writes that were tried again and again, though nothing more has changed than others may once. */
function insistent({ calls }: Played, orders: readonly Played[]): string[] {
  const count = (all: Played["calls"], name: string) =>
    all.filter(({ label, writes }) => writes && label === name).length;
  return [...new Set(calls.map(({ label }) => label))]
    .filter(
      (name) => count(calls, name) > MORE_TRIES + Math.max(...orders.map((one) => count(one.calls, name))),
    )
    .map((name) => `${name} was tried ${count(calls, name)} times`);
}

function beside(played: Played, { orders, alone, without }: Others, mixed: boolean): string[] {
  if (mixed)
    return strange(
      loosened(played.view),
      [...orders, alone, without].map(({ view }) => loosened(view)),
    );
  // Refused for what the docs name: then nothing of it has happened.
  if (isDeclined(played) && same(alone.view, played.view)) return [];
  // Whoever acted meanwhile was refused: then nothing of that has.
  if (played.othersRefused && differences(played, [without]).length === 0) return [];
  return differences(played, orders);
}

const isDeclined = ({ refused, outcome }: Played) => refused && !/"failed"|"internal"/.test(outcome);

/** Lines that no order of things has, or not so often; and those that each has, and more often. */
function strange(view: readonly string[], orders: readonly (readonly string[])[]): string[] {
  const count = (all: readonly string[], line: string) => all.filter((one) => one === line).length;
  const counts = (line: string) => orders.map((one) => count(one, line));
  const [first = []] = orders;
  return [
    ...[...new Set(view)]
      .filter((line) => count(view, line) > Math.max(...counts(line)))
      .map((line) => `in no order of things there is: ${line.slice(0, 400)}`),
    ...[...new Set(first)]
      .filter((line) => count(view, line) < Math.min(...counts(line)))
      .map((line) => `in each order of things there is: ${line.slice(0, 400)}`),
  ];
}

function differences(played: Played, allowed: readonly Played[]): string[] {
  if (allowed.some((one) => one.outcome === played.outcome && same(one.view, played.view))) return [];
  const near = allowed.find((one) => one.outcome === played.outcome) ?? allowed[0];
  const outcome =
    near?.outcome === played.outcome
      ? []
      : [`answered ${played.outcome.slice(0, 400)}\n    not ${near?.outcome.slice(0, 400)}`];
  const end = difference(played.view, near?.view ?? []);
  return [...outcome, ...(end === "" ? [] : [`it ended otherwise:\n${end}`])];
}

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((line, at) => line === b[at]);
