/** `npm run deploy -- --dry-run`: what a deployment would do, told without doing any of it. */
import { idleCost } from "#cost/idle-cost.ts";
import type { ReadSettings } from "#lib/read-settings.ts";
import { type StackTemplate, withAssembly } from "./assembly.ts";
import { cdk, type Place } from "./cdk.ts";
import { columns } from "./columns.ts";
import type { CommandLine } from "./command-line.ts";

/** Prints it all and returns the exit code. */
export async function dryRun(
  { config, inForce }: ReadSettings,
  { context, profile }: CommandLine,
  place: Place,
  out: (text: string) => void,
): Promise<number> {
  out(`Stage ${config.stage}: nothing is changed by this.\n\nSettings in force`);
  out(columns(inForce.map(({ name, value, from }) => [name, shown(value), from])));
  return await withAssembly(place, context, async (folder, stacks) => {
    for (const one of stacks) out(`\nStack ${one.stack} holds\n${columns(typesOf(one))}`);
    out(`\nAgainst what is deployed\n${await diff(place, folder, profile)}`);
    out(`\nA month in which nobody uses it, at list prices of us-east-1\n${idle(stacks)}`);
    return 0;
  });
}

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** Resource types with how many there are of each, most first. */
function typesOf({ template }: StackTemplate): string[][] {
  const counts = new Map<string, number>();
  for (const { Type } of Object.values(template.Resources)) counts.set(Type, (counts.get(Type) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([type, count]) => [type, String(count)]);
}

function idle(stacks: readonly StackTemplate[]): string {
  const { lines, usd } = idleCost(stacks.map(({ template }) => template));
  const rows = lines.map(({ what, count, usd }) => [what, String(count), dollars(usd)]);
  return columns([...rows, ["in all", "", dollars(usd)]]);
}

const dollars = (usd: number) => `${usd.toFixed(2)} USD`;

/** By the templates alone: a change set would be made in the account. */
async function diff(place: Place, folder: string, profile: readonly string[]): Promise<string> {
  const { code, printed } = await cdk(place, ["diff", "--app", folder, "--method=template", ...profile], {
    shown: false,
  });
  if (code === 0) return printed;
  const why = printed.split("\n").at(-1) || `cdk diff ended with exit code ${code}`;
  return `  not reachable: ${why}\n  (AWS_PROFILE or --profile says whose account it is, AWS_REGION where)`;
}
