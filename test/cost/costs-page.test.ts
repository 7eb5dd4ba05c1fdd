/** The tables of docs/costs.md, from the committed counts and the templates. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { idleCost } from "#cost/idle-cost.ts";
import { millions } from "#cost/million.ts";
import { services } from "#cost/price-effects.ts";
import { usd } from "#cost/report.ts";
import { synth } from "#test/lib/synth.ts";

const PAGE = new URL("../../docs/costs.md", import.meta.url);
const REFRESH = "refresh: WHARF_WRITE_COSTS=1 npx vitest run test/cost/costs-page.test.ts";

const idle = Object.fromEntries(
  (["dev", "prod"] as const).map((stage) => {
    const { data, service } = synth(stage);
    return [stage, idleCost([data.toJSON(), service.toJSON()])];
  }),
);

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rest]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
}

function millionTable(): string {
  const each = millions();
  const used = services.filter((service) => each.some(({ money }) => (money[service] ?? 0) > 0));
  return table([
    ["a million", "$", "the least", "ratio", "target", ...used],
    ...each.map(({ what, usd: amount, least, target, money }) => [
      what,
      usd(amount),
      least === undefined ? "" : usd(least),
      least === undefined ? "" : (amount / least).toFixed(2),
      usd(target),
      ...used.map((service) => usd(money[service] ?? 0)),
    ]),
  ]);
}

function idleTable(): string {
  const whats = [...new Set(Object.values(idle).flatMap(({ lines }) => lines.map(({ what }) => what)))];
  const line = (stage: string, what: string) => idle[stage]?.lines.find((one) => one.what === what);
  return table([
    ["$ a month", "`dev`", "`prod`"],
    ...whats.map((what) => [
      what,
      ...["dev", "prod"].map((stage) => {
        const found = line(stage, what);
        return found === undefined ? "" : `${found.count}: ${usd(found.usd)}`;
      }),
    ]),
    ["together", ...["dev", "prod"].map((stage) => usd(idle[stage]?.usd ?? 0))],
  ]);
}

it.each([
  ["millions", millionTable],
  ["idle", idleTable],
])("docs/costs.md says what %s cost", (name, make) => {
  const begin = `<!-- costs: ${name} -->\n`;
  const end = "<!-- costs: end -->";
  const page = readFileSync(PAGE, "utf8");
  const [before = "", after = ""] = page.split(begin);
  const stated = after.slice(0, after.indexOf(end));
  if (process.env["WHARF_WRITE_COSTS"] === "1")
    writeFileSync(PAGE, `${before}${begin}${make()}${after.slice(after.indexOf(end))}`);
  else expect(stated, REFRESH).toBe(make());
});

describe("a stage that nobody calls", () => {
  it("costs less than 5 $ a month in dev", () => {
    expect(idle["dev"]?.usd).toBeLessThan(5);
  });

  it("costs in prod a dashboard more, and what its logs are kept for", () => {
    expect((idle["prod"]?.usd ?? 0) - (idle["dev"]?.usd ?? 0)).toBeCloseTo(3, 2);
  });
});
