/** What callers of the lock verbs do in a random history, and what goes wrong with each of their calls. */
import fc from "fast-check";
import { GRACE_MS } from "./lock-history.ts";

/**
 * `after`: the answer is lost, for good. `lost`: the SDK tries again, and others act in between. `late`: the caller
 * freezes before the call, or the call is long on its way. `frozen`: the caller freezes once it has happened. `again`
 * and `long after`: a copy arrives when all has been answered.
 */
const faultKinds = [
  "before",
  "after",
  "twice",
  "lost",
  "late",
  "frozen",
  "again",
  "long after",
  "throttled",
] as const;
export type Fault = (typeof faultKinds)[number] | "none";

export type Step =
  /** `waited`: as where another held it, and the caller may have hung up. */
  | { do: "acquire"; ttl: number; waited: boolean }
  | { do: "renew"; ttl: number }
  | { do: "release" | "break" | "look" | "sweep" }
  | {
      do: "commit" | "restore" | "touch";
      bare: boolean;
      match: "none" | "current" | "stale";
      /** S3 takes until so many ms after the end of the lease that stands. */
      until?: number | undefined;
    }
  | { do: "pause"; ms: number }
  | { do: "edge"; offset: number };

const ttl = fc.constantFrom(30, 31, 60);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("acquire" as const), ttl, waited: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("renew" as const), ttl }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("release" as const, "look" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("break" as const, "sweep" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("commit" as const, "commit" as const, "restore" as const, "touch" as const),
      bare: fc.nat(3).map((n) => n === 0),
      match: fc.constantFrom("none" as const, "current" as const, "stale" as const),
      until: fc.constantFrom(undefined, undefined, undefined, -1, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("pause" as const), ms: fc.constantFrom(500, 5_000, 29_000) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("edge" as const),
      // Around the end of a lease and of its grace.
      offset: fc.constantFrom(-1, 0, 1, GRACE_MS - 1, GRACE_MS, GRACE_MS + 1),
    }),
  },
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 12, arbitrary: fc.constant("none" as const) },
  { weight: 6, arbitrary: fc.constantFrom(...faultKinds) },
);
const acquiring = { do: "acquire" as const, ttl: 30, waited: false };
const waiting = { ...acquiring, waited: true };
/** Programs that bring about on purpose what random ones seldom do: one keeps a lease, others wait for its end. */
const keeper = fc
  .array(fc.constantFrom<Step>({ do: "renew", ttl: 30 }, { do: "commit", bare: false, match: "none" }), {
    minLength: 2,
    maxLength: 8,
  })
  .chain((steps) => fc.constantFrom(acquiring, waiting).map((first) => ({ first, steps })))
  .map(({ first, steps }): Step[] => [
    first,
    ...steps.flatMap((step): Step[] => [{ do: "pause", ms: 500 }, step]),
  ]);
const withoutLock = (["touch", "commit"] as const).map(
  (verb): Step => ({ do: verb, bare: true, match: "none" }),
);
const rival = fc
  .array(
    fc.record({
      offset: fc.constantFrom(GRACE_MS, GRACE_MS + 1_000),
      attempt: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom<Step>(acquiring, { do: "sweep" }) },
        { weight: 1, arbitrary: fc.constantFrom(...withoutLock) },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((tries) => tries.flatMap(({ offset, attempt }): Step[] => [{ do: "edge", offset }, attempt]));
const passer = fc
  .array(fc.constantFrom<Step>({ do: "release" }, { do: "break" }), { minLength: 1, maxLength: 3 })
  .map((ends) => ends.flatMap((end): Step[] => [acquiring, end]));
const skew = fc.oneof(fc.constantFrom(0, -5_000, 5_000), fc.integer({ min: -5_000, max: 5_000 }));
/** @param ahead how far this caller's clock is off, in ms. */
const callerOf = (ahead: fc.Arbitrary<number>, steps: fc.Arbitrary<Step[]>) =>
  fc.record({ skew: ahead, steps, faults: fc.array(fault, { minLength: 1, maxLength: 12 }) });
const anyone = callerOf(
  skew,
  fc.oneof(
    { weight: 3, arbitrary: fc.array(step, { minLength: 2, maxLength: 8 }) },
    { weight: 1, arbitrary: keeper },
    { weight: 1, arbitrary: rival },
    { weight: 1, arbitrary: passer },
  ),
);
/** One whose clock is slow renews while another, whose clock is fast, takes the lease for over, or writes past it. */
const duel = fc.tuple(
  callerOf(fc.constantFrom(-5_000, 0), keeper),
  callerOf(fc.constantFrom(4_000, 5_000), rival),
);
export const MAX_CALLERS = 4;
/** What the callers of one history do, and how their calls fare. */
export const callers = fc.oneof(
  { weight: 3, arbitrary: fc.array(anyone, { minLength: 2, maxLength: MAX_CALLERS }) },
  { weight: 1, arbitrary: duel },
);
