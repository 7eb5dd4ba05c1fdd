/** Settings by `-c name=value`, which the CDK hands on as its context. */
import * as z from "zod";
import { SettingsError } from "./setting-faults.ts";
import { settingNames } from "./setting-names.ts";
import { like } from "./settings.ts";

export type Context = Readonly<Record<string, unknown>>;

/** What `-c` takes beside the settings. */
const others: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ["stage", z.string()],
  ["settings", z.string()],
  ["like", like.unwrap()],
  // Where the functions' code is: the app's own word to its constructs.
  ["bundles", z.string()],
]);

/**
 * Feature flags of the CDK and what it tells its apps; `cdk acknowledge` keeps its numbers in `cdk.context.json`.
 * Source: AWS CDK developer guide, "Context values and the AWS CDK" and "Feature flags".
 */
const ofCdk = /^(@aws-cdk[/-]|aws:|aws-cdk:)|^acknowledged-issue-numbers$/;

/**
 * The settings that a context has, by name.
 *
 * @throws SettingsError naming every key that there isn't, and every value that isn't allowed.
 */
export function contextSettings(context: Context): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const faults: string[] = [];
  for (const [name, given] of Object.entries(context)) {
    if (ofCdk.test(name)) continue;
    const schema = others.get(name) ?? settingNames.get(name);
    if (schema === undefined) {
      faults.push(`-c ${name}: there is no such key; there are ${keys()}`);
      continue;
    }
    const value = read(schema, given);
    if (value.success) found.set(name, value.data);
    else faults.push(`-c ${name}=${textOf(given)}: it ${value.error.issues[0]?.message}`);
  }
  if (faults.length > 0) throw new SettingsError(faults.join("\n"));
  return found;
}

const keys = () => [...others.keys(), ...settingNames.keys()].filter((name) => name !== "bundles").join(", ");

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** `-c` knows text alone: it may stand for JSON (a number, true and false, tags), or for a list with commas. */
function read(schema: z.ZodType, given: unknown): z.ZodSafeParseResult<unknown> {
  const asGiven = schema.safeParse(given);
  if (asGiven.success || typeof given !== "string") return asGiven;
  for (const meaning of [...asJson(given), given.split(",")]) {
    const parsed = schema.safeParse(meaning);
    if (parsed.success) return parsed;
  }
  return asGiven;
}

function asJson(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}
