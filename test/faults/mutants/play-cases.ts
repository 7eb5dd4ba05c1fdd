/** Plays cases of the harness, whose names it is given, one after the other, and sends what was wrong with each. */
import { baselines, breaksDown, casesOf, judge } from "../judge.ts";
import type { Situation } from "../situation.ts";
import { domains } from "../situations/all.ts";

const situations = Object.values(domains).flat();
const known = new Map<string, ReturnType<typeof baselines>>();

for (const name of process.argv.slice(2)) {
  const situation = situations.find((one) => name.startsWith(`${one.name} | `));
  if (situation === undefined) throw new Error(`no situation has the case ${name}`);
  process.send?.({ name, faults: await faultsOf(name, situation) });
}

async function faultsOf(name: string, situation: Situation): Promise<string[]> {
  const base = known.get(situation.name) ?? baselines(situation);
  known.set(situation.name, base);
  const plain = await base.plain().catch((error: unknown) => `it broke off: ${error}`);
  if (typeof plain === "string") return [plain];
  if (name === `${situation.name} | nothing wrong`) return [...breaksDown(plain), ...plain.violations];
  const found = casesOf(situation, plain).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${situation.name} has no case ${name}`);
  const { faults, met } = await judge(found, base);
  if (!met) throw new Error(`${name}: its call was not made`);
  return faults;
}
