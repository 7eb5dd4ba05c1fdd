/** The settings of a deployment: defaults of its stage, the user's file, and `-c`, each winning over the one before. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { repeatedMember } from "#contract/repeated-member.ts";
import { type StageConfig, type StageSettings, stageConfig } from "./config.ts";
import { type Context, contextSettings } from "./context-settings.ts";
import { faultsOf, SettingsError } from "./setting-faults.ts";
import { lookUp, nest, settingNames } from "./setting-names.ts";
import { like, settings, settingsFile } from "./settings.ts";

/** Read where nothing else is said; the repo ignores it, so no upgrade touches it. */
export const SETTINGS_FILE = "wharf.config.json";
/** `-c settings=none`: whatever file there is, it isn't read. */
const NO_FILE = "none";

/** A setting as it will be deployed. */
export interface Setting {
  readonly name: string;
  readonly value: unknown;
  /** Where it comes from: `-c`, the file and its part, or whose default it is. */
  readonly from: string;
}

export interface ReadSettings {
  readonly config: StageConfig;
  readonly inForce: readonly Setting[];
}

/**
 * Reads and checks all settings of the stage that the context names (`-c stage=prod`).
 *
 * @param context as the CDK has it: `-c`, `cdk.json`, `cdk.context.json` and `~/.cdk.json`.
 * @param root where the file is looked for.
 * @throws SettingsError with a line for each fault: what is wrong and what is allowed.
 */
export function readSettings(context: Context, root: string): ReadSettings {
  const given = contextSettings(context);
  const stage = String(given.get("stage") ?? "dev");
  const file = readFile(given.get("settings"), root);
  const forStage = file.values.stages?.[stage] ?? {};
  const from = new Map<string, readonly [value: unknown, from: string]>();
  for (const name of settingNames.keys()) {
    const layers = [
      [lookUp(file.values, name), file.name],
      [lookUp(forStage, name), `${file.name}, stages.${stage}`],
      [given.get(name), "-c"],
    ] as const;
    const last = layers.findLast(([value]) => value !== undefined);
    if (last !== undefined) from.set(name, last);
  }
  const merged = nest([...from].map(([name, [value]]) => [name, value]));
  const base = like.parse(given.get("like") ?? forStage.like);
  const config = resolved(stage, { ...wholeOf(merged), like: base });
  return { config, inForce: [...inForce(config, from, base ?? stage)] };
}

/** Two parts of one setting may have come from two places. */
function wholeOf(merged: Record<string, unknown>): StageSettings {
  const { data, error } = settings.safeParse(merged);
  if (error) throw new SettingsError(faultsOf("settings", error, merged).join("\n"));
  return data;
}

function resolved(stage: string, given: StageSettings): StageConfig {
  try {
    return stageConfig(stage, given);
  } catch (error) {
    throw new SettingsError(error instanceof Error ? error.message : String(error));
  }
}

function* inForce(
  config: StageConfig,
  from: ReadonlyMap<string, readonly [value: unknown, from: string]>,
  base: string,
): Generator<Setting> {
  const defaults = { ...stageConfig(base) };
  for (const name of settingNames.keys()) {
    const value = lookUp({ ...config }, name);
    if (value === undefined) continue;
    // Places go by how many waiters there are.
    const isDefault = lookUp(defaults, name) === value;
    yield {
      name,
      value,
      from: from.get(name)?.[1] ?? (isDefault || !from.has("waiters") ? `default of ${base}` : "by waiters"),
    };
  }
}

/** @throws SettingsError where a file that was named isn't there, or where any says what can't be. */
function readFile(named: unknown, root: string) {
  const name = typeof named === "string" ? named : SETTINGS_FILE;
  const text = name === NO_FILE ? undefined : textOf(name, root);
  if (text === undefined) {
    if (named === undefined || named === NO_FILE) return { name, values: settingsFile.parse({}) };
    throw new SettingsError(`-c settings=${name}: there is no such file in ${root}; "none" reads none`);
  }
  const given = parsed(name, text);
  const { data, error } = settingsFile.safeParse(given);
  if (error) throw new SettingsError(faultsOf(name, error, given).join("\n"));
  return { name, values: data };
}

/** A byte order mark, as some editors write it, is none of JSON's (RFC 8259, 8.1) and passed over. */
const asUtf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(name: string, root: string): string | undefined {
  const path = resolve(root, name);
  let bytes: Uint8Array;
  try {
    // Reading a pipe would wait for who writes into it.
    if (!statSync(path).isFile())
      throw new SettingsError(`${name} is no plain file; settings are a file of JSON`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    throw new SettingsError(`${name} can't be read (${code}); settings are a file of JSON`);
  }
  try {
    return asUtf8.decode(bytes);
  } catch {
    throw new SettingsError(`${name} is not UTF-8, as JSON has to be: save it as UTF-8`);
  }
}

function parsed(name: string, text: string): Record<string, unknown> {
  if (text.trim() === "")
    throw new SettingsError(`${name} is empty: write {} where nothing is set, or remove it`);
  try {
    // Schemas don't see a member of that name, which sets a prototype elsewhere.
    const value: unknown = JSON.parse(text, (member, inner: unknown) => {
      if (member === "__proto__") throw new SettingsError(`${name}: __proto__ names nothing; leave it out`);
      return inner;
    });
    const twice = repeatedMember(text);
    if (twice !== undefined)
      throw new SettingsError(`${name}: ${twice} stands there twice, and one would be lost; leave one`);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(`${name} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  throw new SettingsError(`${name} must hold an object such as {"stages": {"prod": {"waiters": 0}}}`);
}
