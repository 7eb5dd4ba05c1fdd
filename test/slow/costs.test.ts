/** What one client can cost an hour, as `docs/security.md` has it: counted by real calls at the local cloud. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { countScopes, type ScopeCost } from "#bench/calls/scopes.ts";
import { countVerbs } from "#bench/calls/verbs.ts";
import { scopes } from "#contract/scopes.ts";
import { COUNTS_FILE, type Counts, type Effects, readCounts } from "#cost/counts.ts";
import { perMillion, prices } from "#cost/prices.ts";
import { stageConfig } from "#lib/config.ts";
import { startStory } from "#test/support/story.ts";

const PAGE = new URL("../../docs/security.md", import.meta.url);
const [BEGIN, END] = ["<!-- costs: counted -->\n", "<!-- costs: end -->"];

/** S3: requests per second and partitioned prefix, from which on it may throttle. */
const S3_RATES = { writes: 3_500, reads: 5_500 };

const perHour = ({ usdPerMillion }: ScopeCost, rate: number) => (usdPerMillion * rate * 3_600) / 1_000_000;
const RATES = [stageConfig("dev").throttle.rate, stageConfig("prod").throttle.rate] as const;

/** What no count of calls holds: time, bytes, and requests that go straight to S3. */
function besideCalls(): string {
  const hour = (perMillion: number, each: number) =>
    `${((perMillion * each * 3_600) / 1_000_000).toFixed(2)} $`;
  const rows = [
    ["an environment of 1 GB (`api`) that is busy all the time", hour(perMillion("gbSecond"), 1)],
    ["the same of 512 MB: a call that waits, as any client may", hour(perMillion("gbSecond"), 0.5)],
    [
      "parts sent to S3 by their URLs, at S3's own rate for a prefix",
      hour(perMillion("s3Write"), S3_RATES.writes),
    ],
    ["downloads, the same", hour(perMillion("s3Read"), S3_RATES.reads)],
    ["each GB that is downloaded", `${prices.gbOut.usd} $`],
    ["each GB that is kept for a month", `${prices.s3GbMonth.usd} $`],
  ];
  return [
    "| what no rate of calls bounds | costs |\n| --- | --- |",
    ...rows.map(([what, cost]) => `| ${what} | ${cost} |`),
  ].join("\n");
}

function tableOf(costs: readonly ScopeCost[]): string {
  const rows = costs.map((cost) => [
    ...(cost.scope === "none" ? ["none"] : [`\`${cost.scope}\``]),
    cost.call,
    ...[cost.writeUnits, cost.readUnits, cost.requests, cost.events].map((count) =>
      String(Math.round(count)),
    ),
    cost.usdPerMillion.toFixed(1),
    ...RATES.map((rate) => perHour(cost, rate).toFixed(0)),
  ]);
  const hours = RATES.map((rate) => `$ an hour at ${rate.toLocaleString("en-US")}/s`);
  const head = ["scope", "call", "writes", "reads", "S3, SQS", "events", "$ a million", ...hours];
  const table = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  return `${table}\n${besideCalls()}\n`;
}

/** Tokens and their encodings differ by some bytes from run to run: those may, by 2%; nothing else may. */
function approximately({ verbs, idleMinute, idleMetrics }: Counts) {
  const about = ({ logBytes, bytesOut, ...exact }: Effects) => ({
    ...exact,
    logBytes: within2Percent(logBytes),
    bytesOut: within2Percent(bytesOut),
  });
  const each = Object.entries(verbs).map(([verb, effects]) => [verb, about(effects)]);
  return { verbs: Object.fromEntries(each), idleMinute: about(idleMinute), idleMetrics };
}

const within2Percent = (bytes: number) =>
  expect.toSatisfy((other: number) => Math.abs(other - bytes) <= bytes / 50);

const page = () => readFileSync(PAGE, "utf8");

test("the dearest calls of each scope cost what the docs say", { timeout: 120_000 }, async () => {
  const quiet = () => startStory({ scopes: [...scopes], cloud: { maxEnvironments: 1 } });
  await using first = await quiet();
  const counts = await countVerbs(first);
  await using second = await quiet();
  const costs = await countScopes(second);
  // `admin` may do what all others may.
  expect(new Set([...costs.map(({ scope }) => scope), "admin"])).toEqual(new Set(["none", ...scopes]));
  const table = tableOf(costs);
  if (process.env["WHARF_WRITE_COSTS"] === "1") {
    const [before = ""] = page().split(BEGIN);
    const [, after = ""] = page().split(END);
    writeFileSync(PAGE, `${before}${BEGIN}${table}${END}${after}`);
    writeFileSync(COUNTS_FILE, `${JSON.stringify(counts, null, 2)}\n`);
  }
  const refresh = "refresh: WHARF_SLOW=1 WHARF_WRITE_COSTS=1 npx vitest run test/slow/costs.test.ts";
  expect(page().split(BEGIN)[1]?.split(END)[0], refresh).toBe(table);
  expect(approximately(readCounts()), refresh).toEqual(counts);
  // A start with everything new was 460 $ a million once: nothing that one call can do comes near that again.
  for (const { call, usdPerMillion } of costs) expect(usdPerMillion, call).toBeLessThan(230);
});
