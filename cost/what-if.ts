/** `--set deliveries=10x`: a workload with other numbers. */
import { type Workload, WorkloadError, workload } from "./workload.ts";

/** What the name of a group stands for: how often it happens. */
const OFTEN = "per_month";

/**
 * Changes numbers of a workload: `NAME=12` or `NAME=1e6` sets one, `NAME=10x` multiplies it. A name is dotted
 * (`locks.renewals`); a group's own name means its `per_month`, and in a list every entry is meant.
 *
 * @throws WorkloadError naming what there is.
 */
export function whatIf(given: Workload, changes: readonly string[]): Workload {
  const changed = changes.reduce<unknown>((value, change) => apply(value, change, given), given);
  const { data, error } = workload.safeParse(changed);
  if (data !== undefined) return data;
  throw new WorkloadError(
    error.issues.map(({ path, message }) => `--set: ${path.join(".")} ${message}`).join("\n"),
  );
}

function apply(value: unknown, change: string, workload: Workload): unknown {
  const [, name = "", x = "", number = "", times = ""] =
    /^([a-z_.]+)=(x?)(\d+(?:\.\d+)?(?:e\d{1,2})?)(x?)$/.exec(change) ?? [];
  if (name === "")
    throw new WorkloadError(`--set ${change}: write a name and a number or factor, such as deliveries=10x`);
  const factor = Number(number);
  const become = (old: number) => (`${x}${times}` === "" ? factor : old * factor);
  const known = [...new Set(numbersIn(workload))];
  const path = [name, `${name}.${OFTEN}`].find((one) => known.includes(one));
  if (path === undefined)
    throw new WorkloadError(`--set ${name}: there is no such number; there are ${known.join(", ")}`);
  return at(value, path.split("."), become);
}

/** A copy in which the numbers under a path are others. */
function at(value: unknown, [key, ...rest]: readonly string[], become: (old: number) => number): unknown {
  if (typeof value === "number" && key === undefined) return become(value);
  if (Array.isArray(value))
    return value.map((one) => at(one, key === undefined ? rest : [key, ...rest], become));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? at(inner, rest, become) : inner]),
  );
}

/** Dotted names of all numbers, places in lists left out. */
function numbersIn(value: unknown, prefix = ""): string[] {
  if (typeof value === "number") return [prefix];
  if (Array.isArray(value)) return value.flatMap((one) => numbersIn(one, prefix));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    numbersIn(inner, prefix === "" ? name : `${prefix}.${name}`),
  );
}
