/** Workloads: the examples, what is wrong with others, and what they cost, by hand. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { metrics } from "#aws/metrics.ts";
import { POLL_MS } from "#core/events/read-feed.ts";
import { planParts } from "#core/uploads/plan-parts.ts";
import { LOOKS_PER_SECOND, METRICS_IN_USE } from "#cost/assumptions.ts";
import { type Counts, NOTHING, readCounts, type Verb, verbs } from "#cost/counts.ts";
import { total } from "#cost/price-effects.ts";
import { priceWorkload } from "#cost/price-workload.ts";
import { runCost } from "#cost/run.ts";
import { whatIf } from "#cost/what-if.ts";
import { partsOf, readWorkload, type Workload } from "#cost/workload.ts";

const files = globSync("examples/workloads/*.json").sort();
const read = (file: string) => readWorkload(readFileSync(file, "utf8"), file);

const nothing: Workload = {
  ...{ name: "nothing", about: "by hand", people: 1, tokens: 0, uploads: [], downloads: [] },
  ...{ links: { per_month: 0 }, reads: { files: 0, lists: 0 } },
  deliveries: { endpoints: 0, per_month: 0, failed_attempts: 0, answer_ms: 0 },
  locks: { per_month: 0, renewals: 0 },
  long_polls: { readers: 0, hours_per_day: 0 },
};

/** Counts in which only some verbs do anything. */
function countsOf(some: Partial<Counts["verbs"]>): Counts {
  const all = Object.fromEntries((Object.keys(verbs) as Verb[]).map((verb) => [verb, some[verb] ?? NOTHING]));
  return { verbs: all as Counts["verbs"], idleMinute: NOTHING, idleMetrics: METRICS_IN_USE };
}

describe("the examples", () => {
  it("are three", () => {
    expect(files).toHaveLength(3);
  });

  it.each(files)("%s is read, priced and printed", (file) => {
    const { rows, usd, money } = priceWorkload(read(file));
    expect(usd).toBeCloseTo(total(money), 6);
    expect(rows.length).toBeGreaterThan(10);
    const { text, code } = runCost([file, "--stage", "dev"], () => [{ Resources: {} }]);
    expect([code, text]).toEqual([0, expect.stringContaining("S3 alone")]);
  });
});

describe("a month, by hand", () => {
  it.each<[what: string, usd: number, given: Partial<Workload>, counts: Parameters<typeof countsOf>[0]]>([
    ["nothing", 0, {}, {}],
    // 3.50 $ a million requests.
    ["2 million tokens", 7, { tokens: 2_000_000 }, { token: { ...NOTHING, requests: 1 } }],
    [
      // Start, 64 parts to S3 and one more window of URLs, finalize: 3 requests, 64 + 2 PUTs.
      "a million uploads of 64 parts",
      10.5 + 66 * 5,
      {
        uploads: [{ what: "x", by: "session", per_month: 1_000_000, bytes: 0, parts: 64, keep_days: 0 }],
      },
      {
        start: { ...NOTHING, requests: 1, s3Writes: 1 },
        partUrls: { ...NOTHING, requests: 1 },
        finalize: { ...NOTHING, requests: 1, s3Writes: 1 },
      },
    ],
    [
      // 100 files of 10 GB for 73 of 30.42 days each are 2,400 GB, at 0.023 $; their records are 3,500 bytes each.
      "what is kept for more than a month",
      2_400 * 0.023 + ((100 * 73 * 3_500) / (730 / 24) / 1e9) * 0.45,
      { uploads: [{ what: "x", by: "session", per_month: 100, bytes: 1e10, parts: 1, keep_days: 73 }] },
      {},
    ],
    [
      // 1,000 times 1 GB at 0.09 $, and a GET each.
      "1,000 downloads of a GB",
      90 + 0.0004,
      { downloads: [{ what: "x", by: "link", per_month: 1_000, bytes: 1e9 }] },
      {},
    ],
    [
      // 500 ms at 512 MB: 0.25 GB-s each, at 13.3334 $ a million; a record of 1,800 bytes for 30 days.
      "a million deliveries to an endpoint that takes half a second",
      0.25 * 13.3334 + ((1e6 * 30 * 1_800) / (730 / 24) / 1e9) * 0.45,
      { deliveries: { endpoints: 1, per_month: 1_000_000, failed_attempts: 0, answer_ms: 500 } },
      {},
    ],
    [
      // 131,400 polls of 20 s at 512 MB are 1.314 million GB-s, and 40 looks of half a unit each.
      "a reader who waits around the clock",
      1.314 * 13.3334 + 0.1314 * 20 * 0.125,
      { long_polls: { readers: 1, hours_per_day: 24 } },
      {},
    ],
  ])("%s", (_, usd, given, counts) => {
    expect(priceWorkload({ ...nothing, ...given }, { counts: countsOf(counts) }).usd).toBeCloseTo(usd, 2);
  });

  it("scans by the object and by the GB", () => {
    const uploads: Workload["uploads"] = [
      { what: "x", by: "session", per_month: 10_000, bytes: 1e8, parts: 1, keep_days: 0 },
    ];
    const { money } = priceWorkload({ ...nothing, uploads }, { counts: countsOf({}), scan: true });
    // 10 × 0.215 $ a thousand objects, 1,000 GB at 0.09 $.
    expect(money.GuardDuty).toBeCloseTo(92.15, 6);
  });
});

it.each([0, 1, 16 * 1_048_576, 16 * 1_048_576 + 1, 2 ** 34, 2 ** 34 + 1, 3e11, 5e11, 4e12])(
  "%d bytes are cut as Wharf cuts them",
  (bytes) => {
    expect(partsOf({ bytes })).toBe(planParts({ size: bytes }).part_count);
  },
);

it("looks as often as the events' function does, and writes as many metrics", () => {
  expect(LOOKS_PER_SECOND).toBe(1_000 / POLL_MS);
  expect(METRICS_IN_USE).toBe(Object.keys(metrics).length);
});

describe("what is wrong with a file", () => {
  const upload = { what: "x", by: "session", per_month: 1, bytes: 1, keep_days: 1 };

  it.each<[given: unknown, said: string]>([
    ["{", "w.json is no JSON"],
    [[], "w.json: all of it must be an object with name, about"],
    [{ ...nothing, more: 1 }, "w.json: there is no more; there are name, about"],
    [{ ...nothing, people: 0 }, "w.json: people must be a whole number from 1 on"],
    [{ ...nothing, tokens: "9" }, "w.json: tokens must be a number from 0 to 1e15"],
    [{ ...nothing, uploads: {} }, "w.json: uploads must be a list"],
    [
      { ...nothing, uploads: [{ ...upload, by: "mail" }] },
      'w.json: uploads.0.by must be "session" or "request"',
    ],
    [
      { ...nothing, uploads: [{ ...upload, size: 3 }] },
      "w.json: there is no uploads.0.size; there are what, by",
    ],
    [{ ...nothing, tokens: 1e300 }, "w.json: tokens must be a number from 0 to 1e15"],
    [
      { ...nothing, uploads: [{ ...upload, by: "request", parts: 2 }] },
      'w.json: uploads.0.parts may be said of "by": "session" alone',
    ],
    [
      { ...nothing, uploads: [{ ...upload, by: "request", bytes: 5e6 }] },
      "w.json: uploads.0.bytes must be 4194304",
    ],
    [{ ...nothing, locks: undefined }, "w.json: locks must be an object with per_month, renewals"],
    [
      { ...nothing, long_polls: { readers: 1, hours_per_day: 25 } },
      "w.json: long_polls.hours_per_day must be 24 at most",
    ],
  ])("%j", (given, said) => {
    const json = typeof given === "string" ? given : JSON.stringify(given);
    expect(() => readWorkload(json, "w.json")).toThrow(said);
  });
});

describe("other numbers", () => {
  const ci = read("examples/workloads/ci-team.json");

  it.each<[change: string, of: (workload: Workload) => number, factor: number]>([
    ["deliveries=10x", ({ deliveries }) => deliveries.per_month, 10],
    ["deliveries=x10", ({ deliveries }) => deliveries.per_month, 10],
    ["uploads=2x", ({ uploads }) => uploads.reduce((sum, { per_month }) => sum + per_month, 0), 2],
    ["uploads.bytes=0.5x", ({ uploads }) => uploads[1]?.bytes ?? 0, 0.5],
    ["locks.renewals=12600", ({ locks }) => locks.renewals, 2],
  ])("%s", (change, of, factor) => {
    expect(of(whatIf(ci, [change]))).toBe(factor * of(ci));
  });

  it.each([
    ["delivery=2x", "there is no such number; there are people, tokens"],
    ["deliveries", "write a name and a number or factor, such as deliveries=10x"],
    ["deliveries=-1", "write a name and a number"],
    ["people=0", "people must be a whole number from 1 on"],
    ["uploads.bytes=50x", "must be 4194304 at most by one request"],
  ])("%s is refused", (change, said) => {
    expect(() => whatIf(ci, [change])).toThrow(said);
  });
});

describe("the command", () => {
  const templates = () => [{ Resources: {} }];

  it("prints a million of each and both stages without a file", () => {
    const { text, code } = runCost([], templates);
    expect(code).toBe(0);
    for (const said of [
      "npm run cost",
      "uploads by session",
      "uploads by one request",
      "deliveries",
      "locks",
    ])
      expect(text).toContain(said);
    for (const stage of ["dev", "prod"]) expect(text).toContain(`stage ${stage}, idle`);
  });

  it("answers what is asked of it as JSON, with other milliseconds", () => {
    const usd = (...args: string[]) =>
      JSON.parse(runCost(["--json", ...args], templates).text).millions[0].usd;
    // Start and finalize ask S3 for five things, which take 50 ms each unless said, in 1 GB.
    const asked = readCounts().verbs;
    const calls = (asked.start.functions.api?.calls.s3 ?? 0) + (asked.finalize.functions.api?.calls.s3 ?? 0);
    expect(usd("--ms", "s3=150") - usd()).toBeCloseTo(calls * 0.1 * 13.3334, 6);
  });

  it.each([
    [["--nope"], "--nope"],
    [["a.json", "b.json"], "one file at a time"],
    [["/nowhere.json"], "/nowhere.json can't be read"],
    [["--stage", "test"], "must be prod or dev"],
    [["--ms", "s3=fast"], "must be NAME=N, with own, dynamodb, s3"],
  ])("refuses %j", (args, said) => {
    expect(runCost(args, templates)).toEqual({ code: 2, text: expect.stringContaining(said) });
  });
});
