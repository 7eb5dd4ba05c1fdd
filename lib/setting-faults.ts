/** Says of settings what is wrong with them, and what is allowed. */
import type * as z from "zod";
import { lookUp, settingNames } from "./setting-names.ts";
import { defaultStages } from "./settings.ts";

/** Settings that can't be deployed: a line for each fault. */
export class SettingsError extends Error {}

/** A line for each fault of what stands in `where`. */
export function faultsOf(
  where: string,
  { issues }: z.ZodError,
  given: Readonly<Record<string, unknown>>,
): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `${where}: ${unknown([...path, key])}`);
    // Of a record's bad key zod says what is wrong inside.
    const said = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : wordsOf(issue);
    const value = JSON.stringify(lookUp(given, path.join("."))) ?? "missing";
    return [`${where}: ${path.join(".") || "all of it"} is ${value.slice(0, 100)}; it ${said}`];
  });
}

/** Of a group of settings that is none, zod says only what it expected. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || (issue.expected !== "object" && issue.expected !== "record"))
    return issue.message;
  const group = issue.path
    .map(String)
    .slice(issue.path[0] === "stages" ? 2 : 0)
    .join(".");
  const known = [...settingNames.keys()].filter((name) => name.startsWith(`${group}.`));
  const members = group !== "" && known.length > 0 ? ` with ${known.join(", ")}` : "";
  return `must be an object${members}`;
}

function unknown(path: readonly string[]): string {
  const group = path.slice(path[0] === "stages" ? 2 : 0, -1);
  const prefix = group.length === 0 ? "" : `${group.join(".")}.`;
  const known = [...settingNames.keys()].filter((name) => name.startsWith(prefix));
  return `${path.join(".")} is no setting; there are ${knownNames(known, path[0] === "stages")}`;
}

const knownNames = (names: readonly string[], inStage: boolean) =>
  [...names, ...(inStage ? [`like (${defaultStages.join(", ")})`] : ["stages"])].join(", ");
