/** A situation with each of its calls going wrong in each way, and which of those ended as they must not. */
import { clocks, describeWrong, type Wrong, wrongsOf } from "./faults.ts";
import { type Hit, type Played, play } from "./play.ts";
import type { Situation } from "./situation.ts";
import { difference } from "./view.ts";

export interface Case {
  situation: Situation;
  /** `finalize: a new file | commit-upload: transact … (1) | twice` */
  name: string;
  wrong: Wrong;
  hit?: Hit;
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
    /** Nobody acts meanwhile, and views have no numbers. */
    unnumbered: () => once("unnumbered", () => play(situation, { order: { who: "nobody", as: "after" } })),
  };
}

/** Every case of a situation, by the calls that it made without faults. */
export function casesOf(situation: Situation, plain: Played): Case[] {
  const totals = Map.groupBy(plain.calls, ({ label }) => label);
  const hit = plain.calls.filter(({ label, nth, writes }) => {
    const count = totals.get(label)?.length ?? 0;
    return nth <= (writes ? SOME : 1) || nth === count;
  });
  return [
    ...clocks.map((wrong) => ({ situation, wrong, name: `${situation.name} | ${describeWrong(wrong)}` })),
    ...hit.flatMap((made) =>
      wrongsOf(made, plain).map((wrong) => ({
        ...{ situation, wrong, hit: { label: made.label, nth: made.nth, wrong } },
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
    const faults = [...played.violations, ...(await ends(played, wrong, base))];
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
async function ends(played: Played, wrong: Wrong, base: ReturnType<typeof baselines>): Promise<string[]> {
  const who = "while" in wrong ? wrong.while : undefined;
  const alike = () => (wrong.kind === "clock" ? base.unnumbered() : base.plain());
  const allowed =
    who === undefined ? [await alike()] : [await base.of(who, "first"), await base.of(who, "after")];
  if (allowed.some((one) => one.outcome === played.outcome && same(one.view, played.view))) return [];
  // Refused for what the docs name: then nothing of it has happened.
  if (played.refused && !/"failed"|"internal"/.test(played.outcome) && who !== undefined) {
    if (same((await base.of(who, "alone")).view, played.view)) return [];
  }
  // Whoever acted meanwhile was refused: then nothing of that has.
  if (who !== undefined && played.othersRefused) {
    const alone = await base.unnumbered();
    if (alone.outcome === played.outcome && same(alone.view, played.view)) return [];
  }
  const near = allowed.find((one) => one.outcome === played.outcome) ?? allowed[0];
  const outcome =
    near?.outcome === played.outcome
      ? []
      : [`answered ${played.outcome.slice(0, 600)}\n    not ${near?.outcome.slice(0, 600)}`];
  const end = difference(played.view, near?.view ?? []);
  return [...outcome, ...(end === "" ? [] : [`it ended otherwise:\n${end}`])];
}

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((line, at) => line === b[at]);
