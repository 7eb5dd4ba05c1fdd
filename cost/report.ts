/** Prices as text. */
import type { IdleCost } from "./idle-cost.ts";
import type { Million } from "./million.ts";
import { type Money, services, total } from "./price-effects.ts";
import type { Month } from "./price-workload.ts";
import type { Rival } from "./rivals.ts";
import type { Workload } from "./workload.ts";

export const usd = (amount: number) =>
  amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = (count: number) => count.toLocaleString("en-US", { maximumFractionDigits: 0 });

/** Columns side by side: the first from the left, the others to the right; one that is text to the end is last. */
function columns(rows: readonly (readonly string[])[], { textLast = false } = {}): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const last = widths.length - 1;
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          if (textLast && column === last) return cell;
          return column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A month of a workload: by what is done, by service, and beside others. */
export function monthReport(
  { name, about, uploads }: Workload,
  month: Month,
  rivals: readonly Rival[],
): string {
  const share = (amount: number) => `${Math.round((100 * amount) / month.usd)}%`;
  const rows = month.rows.map(({ what, count, money }) => [
    what,
    count === undefined ? "" : whole(count),
    count === undefined || count === 0 ? "" : usd((total(money) / count) * 1_000_000),
    usd(total(money)),
    share(total(money)),
  ]);
  const files = uploads.reduce((sum, { per_month }) => sum + per_month, 0);
  return [
    `${name}: ${usd(month.usd)} $ a month\n${about}`,
    columns([["what", "a month", "$ a million", "$ a month", ""], ...rows]),
    columns([
      ["by service", "$ a month", ""],
      ...byService(month.money).map(([service, amount]) => [service, usd(amount), share(amount)]),
    ]),
    ...(files === 0
      ? []
      : [`All together ${usd((month.usd / files) * 1_000)} $ for a thousand files that come in.`]),
    columns(
      [
        ["elsewhere", "$ a month", "what that is; where its price is from"],
        ...rivals.map(({ name, usd: amount, what, from }) => [name, usd(amount), `${what} (${from})`]),
      ],
      { textLast: true },
    ),
  ].join("\n\n");
}

function byService(money: Money): [string, number][] {
  return services.flatMap((service): [string, number][] => {
    const amount = money[service];
    return amount === undefined ? [] : [[service, amount]];
  });
}

/** What a million of each costs, beside its target. */
export function millionReport(
  millions: readonly Million[],
  idle: Readonly<Record<string, IdleCost>>,
): string {
  const rows = millions.map(({ what, usd: amount, least, target }) => [
    what,
    usd(amount),
    least === undefined ? "" : `${(amount / least).toFixed(2)} × ${usd(least)}`,
    usd(target),
    amount <= target ? "met" : `missed, ${(amount / target).toFixed(1)} ×`,
  ]);
  const used = services.filter((service) => millions.some(({ money }) => (money[service] ?? 0) > 0));
  const split = millions.map(({ what, money }) => [what, ...used.map((service) => usd(money[service] ?? 0))]);
  const stages = Object.entries(idle).map(([stage, { usd: amount, lines }]) => {
    const parts = lines.map(({ what, count, usd: part }) => [`  ${what}: ${count}`, usd(part)]);
    return columns([[`stage ${stage}, idle`, `${usd(amount)} $ a month`], ...parts]);
  });
  return [
    columns([["a million", "$", "API Gateway and S3 alone", "target", ""], ...rows]),
    columns([["of which $ are", ...used], ...split]),
    ...stages,
  ].join("\n\n");
}
