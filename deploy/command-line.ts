/** What `npm run deploy -- …` was told: its own switch, the CDK's context, and all else, which is the CDK's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Context } from "#lib/context-settings.ts";
import { SettingsError } from "#lib/setting-faults.ts";
import type { Place } from "./cdk.ts";
import { requireKnown } from "./cdk-options.ts";

export interface CommandLine {
  readonly dryRun: boolean;
  readonly help: boolean;
  /** `cdk.json`'s context with that of `-c`, as the CDK hands it to the app. */
  readonly context: Context;
  /** What `cdk deploy` is told. */
  readonly forCdk: readonly string[];
  /** `--profile NAME` of these, which other commands of the CDK need too. */
  readonly profile: readonly string[];
}

const cdkJson = z.looseObject({ context: z.record(z.string(), z.unknown()).default({}) });

/** @throws SettingsError where `-c` has no `name=value`, npm has taken it for its own, or nobody knows an option. */
export function readCommandLine(args: readonly string[], { root, env }: Place): CommandLine {
  // Without the `--` in front npm takes options for its own, and runs the script all the same.
  const [dryRun, call, option] = ["dry_run", "call", "context"].map((name) => env[`npm_config_${name}`]);
  if (option !== undefined || /^[\w.@/:-]+=/.test(call ?? ""))
    throw new SettingsError("npm took -c for an option of its own: say npm run deploy -- -c name=value");
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")));
  const isOwn = (one: string) => one === "--dry-run" || one === "--dry-run=true";
  const forCdk = args.filter((one) => !isOwn(one));
  requireKnown(forCdk);
  return {
    dryRun: args.some(isOwn) || dryRun === "true",
    help: args.includes("--help") || args.includes("-h"),
    context: { ...context, ...Object.fromEntries(assignments(forCdk)) },
    forCdk,
    profile: [...valuesOf(forCdk, "--profile")].flatMap((name) => ["--profile", name]),
  };
}

function assignments(args: readonly string[]): [name: string, value: string][] {
  const given = [...valuesOf(args, "--context"), ...valuesOf(args, "-c")];
  return given.map((text) => {
    const [name = "", ...value] = text.split("=");
    if (name === "" || value.length === 0)
      throw new SettingsError(`-c ${text}: say -c name=value, such as -c stage=prod`);
    return [name, value.join("=")];
  });
}

/** Values of an option: `--name value`, `--name=value`, and of a letter `-nvalue` too. */
function* valuesOf(args: readonly string[], option: string): Generator<string> {
  const joined = option.startsWith("--") ? `${option}=` : option;
  for (const [at, arg] of args.entries()) {
    if (arg === option) yield args[at + 1] ?? "";
    else if (arg.startsWith(joined) && (option.startsWith("--") || !arg.startsWith("--")))
      yield arg.slice(joined.length).replace(/^=/, "");
  }
}
