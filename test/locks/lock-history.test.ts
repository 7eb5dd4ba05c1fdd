/** The checker of lock histories is itself to be trusted: it takes what a lock can do, and nothing else. */
import { describe, expect, test } from "vitest";
import { sha256 } from "#aws/keys.ts";
import { GRACE_MS, isLinearizable, type Operation } from "#test/support/lock-history.ts";

const T0 = 1_000_000;
const TTL = 30_000;
const END = T0 + TTL;
const UNKNOWN = { as: "unknown" } as const;

type Given = Partial<Operation> & Pick<Operation, "kind">;

/** Operations one after another, a moment each, unless they say when. */
function history(...given: Given[]): Operation[] {
  return given.map((one, index) => ({
    ...{ start: 2 * index, end: 2 * index + 1, clock: T0, sets: {}, outcome: { as: "done" } },
    ...one,
  }));
}
const acquire = (token: string, fencing: number, more: Partial<Operation> = {}): Given => ({
  kind: "acquire",
  sets: { token, expires: (more.clock ?? T0) + TTL },
  outcome: { as: "done", fencing },
  ...more,
});
const commit = (token: string | undefined, version: string, more: Partial<Operation> = {}): Given => ({
  kind: "commit",
  token,
  sets: { version },
  outcome: { as: "done", version },
  ...more,
});
const refused = (kind: Operation["kind"], code: string, more: Partial<Operation> = {}): Given => ({
  kind,
  outcome: { as: "refused", code, vague: false },
  ...more,
});
const look = (fencing: number, version: string, holder?: string): Given => ({
  kind: "look",
  outcome: { as: "done", fencing, version, held: holder && sha256(holder) },
});
const later = (clock: number) => ({ clock });
const lost = { end: Number.POSITIVE_INFINITY, outcome: UNKNOWN };
/** Sent while the operation before it was under way. */
const beside = (index: number) => ({ start: 2 * index - 2, end: 2 * index + 1 });

const right: [string, Operation[]][] = [
  ["nothing", []],
  [
    "hold, write, let go, and the next",
    history(
      acquire("a", 1),
      commit("a", "v2"),
      { kind: "release", token: "a" },
      look(1, "v2"),
      acquire("b", 2),
    ),
  ],
  ["refused while it is held", history(acquire("a", 1), refused("acquire", "file_locked"))],
  [
    "taken over after the end and its grace",
    history(acquire("a", 1), acquire("b", 2, later(END + GRACE_MS))),
  ],
  [
    "renewed, so held for longer",
    history(
      acquire("a", 1),
      {
        kind: "renew",
        token: "a",
        ...later(END - 1),
        sets: { expires: END + TTL },
        outcome: { as: "done", fencing: 1 },
      },
      refused("acquire", "file_locked", later(END + GRACE_MS)),
      commit("a", "v2", later(END + 1)),
    ),
  ],
  [
    "a grant whose answer was lost, which the next one's number tells of",
    history(acquire("a", 1, lost), acquire("b", 2, later(END + GRACE_MS))),
  ],
  [
    "a write whose answer was lost, and did not happen",
    history(commit(undefined, "v2", lost), look(0, "v1")),
  ],
  ["a write whose answer was lost, and happened", history(commit(undefined, "v2", lost), look(0, "v2"))],
  [
    "side by side, in an order that only the answers tell",
    history(acquire("b", 2, { ...later(END + GRACE_MS), end: 3 }), acquire("a", 1, beside(1))),
  ],
  [
    "broken, with a new number",
    history(acquire("a", 1), { kind: "break", outcome: { as: "done", fencing: 2 } }, look(2, "v1")),
  ],
];

const wrong: [string, Operation[]][] = [
  ["two holders", history(acquire("a", 1), acquire("b", 2))],
  ["a number given twice", history(acquire("a", 1), { kind: "release", token: "a" }, acquire("b", 1))],
  ["a number that fell", history(acquire("a", 1), { kind: "release", token: "a" }, look(0, "v1"))],
  ["granted within the grace", history(acquire("a", 1), acquire("b", 2, later(END + GRACE_MS - 1)))],
  ["refused though it is free", history(refused("acquire", "file_locked"))],
  [
    "refused after a clean release",
    history(acquire("a", 1), { kind: "release", token: "a" }, refused("acquire", "file_locked")),
  ],
  ["written at the end of the lease", history(acquire("a", 1), commit("a", "v2", later(END)))],
  [
    "written by the former holder",
    history(
      acquire("a", 1),
      acquire("b", 2, later(END + GRACE_MS)),
      commit("a", "v2", later(END + GRACE_MS)),
    ),
  ],
  ["written past another's lock", history(acquire("a", 1), commit(undefined, "v2"))],
  [
    "written upon a version that was not current",
    history(commit(undefined, "v2"), commit(undefined, "v3", { ifMatch: "v1" })),
  ],
  ["a write that nobody sees", history(commit(undefined, "v2"), look(0, "v1"))],
  ["a write that shows before it was sent", history(look(0, "v2"), commit(undefined, "v2"))],
  [
    "an unknown write that shows, then doesn't",
    history(commit(undefined, "v2", lost), look(0, "v2"), look(0, "v1")),
  ],
  [
    "renewed after the end",
    history(acquire("a", 1), {
      kind: "renew",
      token: "a",
      ...later(END),
      sets: { expires: END + TTL },
      outcome: { as: "done", fencing: 1 },
    }),
  ],
  [
    "renewed by a slow clock after another wrote past it",
    history(acquire("a", 1), commit(undefined, "v2", later(END + GRACE_MS)), {
      kind: "renew",
      token: "a",
      ...later(END - 1),
      sets: { expires: END + TTL },
      outcome: { as: "done", fencing: 1 },
    }),
  ],
  ["released by another", history(acquire("a", 1), { kind: "release", token: "b" })],
  [
    "still held after its release",
    history(acquire("a", 1), { kind: "release", token: "a" }, look(1, "v1", "a")),
  ],
  ["held by nobody after a grant", history(acquire("a", 1), look(1, "v1"))],
  [
    "broken without a new number",
    history(acquire("a", 1), { kind: "break", outcome: { as: "done", fencing: 1 } }),
  ],
  ["swept while it lived", history(acquire("a", 1), { kind: "sweep" }, look(1, "v1"))],
  [
    "told that it is lost while it lives",
    history(acquire("a", 1), refused("commit", "lock_lost", { token: "a" })),
  ],
  [
    "told of a stale version that is current",
    history(refused("commit", "version_mismatch", { ifMatch: "v1" })),
  ],
  [
    "side by side, and still no order explains it",
    history(acquire("a", 1, { end: 3 }), acquire("b", 2, beside(1))),
  ],
];

describe("a history that a lock can have", () => {
  test.each(right)("%s", (_, operations) => expect(isLinearizable(operations, "v1")).toBe(true));
});

describe("a history that no lock has", () => {
  test.each(wrong)("%s", (_, operations) => expect(isLinearizable(operations, "v1")).toBe(false));
});
