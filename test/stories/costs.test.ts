/** What one client can cost an hour, as `docs/security.md` has it: counted by real calls at the local cloud. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BYTES, PRICES, S3_RATES } from "#bench/calls/prices.ts";
import { countScopes, type ScopeCost } from "#bench/calls/scopes.ts";
import { scopes } from "#contract/common.ts";
import { stageConfig } from "#lib/config.ts";
import { startStory } from "#test/support/story.ts";

const PAGE = new URL("../../docs/security.md", import.meta.url);
const [BEGIN, END] = ["<!-- costs: counted -->\n", "<!-- costs: end -->"];

const perHour = ({ usdPerMillion }: ScopeCost, rate: number) => (usdPerMillion * rate * 3_600) / 1_000_000;
const RATES = [stageConfig("dev").throttle.rate, stageConfig("prod").throttle.rate] as const;

/** What no count of calls holds: time, bytes, and requests that go straight to S3. */
function besideCalls(): string {
  const hour = (perMillion: number, each: number) =>
    `${((perMillion * each * 3_600) / 1_000_000).toFixed(2)} $`;
  const rows = [
    ["an environment of 1 GB (`api`) that is busy all the time", hour(PRICES.gbSecond, 1)],
    ["the same of 512 MB: a call that waits, as any client may", hour(PRICES.gbSecond, 0.5)],
    ["parts sent to S3 by their URLs, at S3's own rate for a prefix", hour(PRICES.s3Write, S3_RATES.writes)],
    ["downloads, the same", hour(PRICES.s3Read, S3_RATES.reads)],
    ["each GB that is downloaded", `${BYTES.sent} $`],
    ["each GB that is kept for a month", `${BYTES.kept} $`],
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

test("the dearest calls of each scope cost what the docs say", { timeout: 120_000 }, async () => {
  await using story = await startStory({ scopes: [...scopes], cloud: { maxEnvironments: 1 } });
  const costs = await countScopes(story);
  // `admin` may do what all others may.
  expect(new Set([...costs.map(({ scope }) => scope), "admin"])).toEqual(new Set(["none", ...scopes]));
  const table = tableOf(costs);
  const page = readFileSync(PAGE, "utf8");
  const [before = "", rest = ""] = page.split(BEGIN);
  const [stated, after = ""] = rest.split(END);
  if (process.env["WHARF_WRITE_COSTS"] === "1")
    writeFileSync(PAGE, `${before}${BEGIN}${table}${END}${after}`);
  else expect(stated, "refresh: WHARF_WRITE_COSTS=1 npx vitest run test/stories/costs.test.ts").toBe(table);
  // A start with everything new was 460 $ a million once: nothing that one call can do comes near that again.
  for (const { call, usdPerMillion } of costs) expect(usdPerMillion, call).toBeLessThan(230);
});
