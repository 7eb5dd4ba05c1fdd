/** The options of `cdk deploy` (`npx cdk deploy --help`, which a test holds this list against), so that none is mistyped. */
import { SettingsError } from "#lib/setting-faults.ts";

/** With a value. Those marked take several, until the next option. */
const VALUED = [
  ...["app", "build", "profile", "region", "proxy", "ca-bundle-path", "role-arn", "output"],
  ...["telemetry-file", "require-approval", "monitoring-time-minutes", "change-set-name", "method"],
  ...["outputs-file", "toolkit-stack-name", "progress", "concurrency", "asset-build-concurrency"],
  ...["hotswap-ecs-minimum-healthy-percent", "hotswap-ecs-maximum-healthy-percent"],
  "hotswap-ecs-stabilization-timeout-seconds",
];
const LISTED = [
  ...["context", "plugin", "unstable", "build-exclude", "notification-arns", "rollback-trigger-alarm-arns"],
  ...["tags", "parameters"],
];
/** Without one; `--no-` in front turns each off. */
const SWITCHES = [
  ...["trace", "strict", "lookups", "ignore-errors", "verbose", "debug", "debug-app", "debug-cli"],
  ...["ec2creds", "version-reporting", "telemetry", "path-metadata", "asset-metadata", "staging", "notices"],
  ...["color", "ci", "yes", "version", "all", "exclusively", "execute", "import-existing-resources", "force"],
  ...["previous-parameters", "rollback", "hotswap", "hotswap-fallback", "watch", "logs", "asset-parallelism"],
  ...["asset-prebuild", "ignore-no-stacks", "revert-drift", "express", "help", "validation"],
];
const LETTERS: Readonly<Record<string, string>> = {
  ...{ a: "app", c: "context", p: "plugin", v: "verbose", i: "ec2creds", r: "role-arn", o: "output" },
  ...{ y: "yes", E: "build-exclude", e: "exclusively", t: "tags", m: "method", f: "force" },
  ...{ O: "outputs-file", R: "no-rollback", h: "help" },
};

export const cdkOptions: readonly string[] = [...VALUED, ...LISTED, ...SWITCHES];

/**
 * What the CDK would pass over (an option that it doesn't know, a word that no option takes) is refused: it would deploy
 * all the same, and `--dryrun` is near to `--dry-run`.
 *
 * @throws SettingsError naming it.
 */
export function requireKnown(args: readonly string[]): void {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-"))
      throw new SettingsError(
        `${JSON.stringify(arg)} belongs to no option: both stacks of a stage are deployed together. Say -c stage=NAME for another stage`,
      );
    const { name, given } = nameOf(arg);
    if (!cdkOptions.includes(name)) throw new SettingsError(unknown(arg));
    if (given) continue;
    if (VALUED.includes(name)) at += 1;
    else if (LISTED.includes(name)) for (at += 1; args[at + 1]?.startsWith("-") === false; ) at += 1;
  }
}

/** The option that an argument names, and whether its value stands in the same argument. */
function nameOf(arg: string): { name: string; given: boolean } {
  if (!arg.startsWith("--")) {
    const name = LETTERS[arg.charAt(1)] ?? "";
    return { name: name.replace(/^no-/, ""), given: arg.length > 2 };
  }
  const [long = "", ...value] = arg.slice(2).split("=");
  const positive = long.replace(/^no-/, "");
  return { name: SWITCHES.includes(positive) ? positive : long, given: value.length > 0 };
}

function unknown(arg: string): string {
  const plain = (text: string) => text.replaceAll("-", "").toLowerCase();
  const [option = arg] = arg.split("=");
  if (option === "--dry-run") return "--dry-run takes no value";
  const near = ["dry-run", ...cdkOptions].find((name) => plain(name) === plain(option));
  return `${option} is no option of npm run deploy, nor of cdk deploy${near ? `; --${near} is` : ""}`;
}
