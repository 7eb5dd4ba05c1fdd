/** `npm run deploy`: the settings are checked, then the CDK deploys; with `--dry-run` nothing is changed. */
import { readSettings } from "#lib/read-settings.ts";
import { SettingsError } from "#lib/setting-faults.ts";
import { cdk, type Place } from "./cdk.ts";
import { readCommandLine } from "./command-line.ts";
import { dryRun } from "./dry-run.ts";

const USAGE = `npm run deploy -- [-c name=value …] [options of cdk deploy]

  -c stage=NAME     dev (where nothing is said), prod, or a name of your own
  -c name=value     a setting for this command alone: docs/settings.md has them all
  -c settings=FILE  reads FILE instead of wharf.config.json; none reads none
  --dry-run         changes nothing: shows the settings in force, what would be made, how that differs from
                    what is deployed, and what it costs a month while nobody uses it
  --help

Everything else is for cdk deploy, such as --profile NAME and --require-approval never (npx cdk deploy --help).`;

/** Returns the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function runDeploy(
  args: readonly string[],
  place: Place,
  {
    out = console.log,
    err = console.error,
  }: { out?: (text: string) => void; err?: (text: string) => void } = {},
): Promise<number> {
  try {
    const line = readCommandLine(args, place);
    if (line.help) {
      out(USAGE);
      return 0;
    }
    // The app checks them too, but only once the CDK has started it.
    const settings = readSettings(line.context, place.root);
    if (line.dryRun) return await dryRun(settings, line, place, out);
    const outputs = ["--outputs-file", "cdk-outputs.json"];
    const { code } = await cdk(place, ["deploy", "--all", ...outputs, ...line.forCdk], { shown: true });
    if (code !== 0 && line.profile.length === 0 && !saysWhose(place.env))
      err("AWS_PROFILE or --profile says whose account it is, AWS_REGION where; here is neither.");
    return code;
  } catch (error) {
    if (error instanceof SettingsError) {
      err(`${error.message}\nSee npm run deploy -- --help`);
      return 2;
    }
    err(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Whether the environment says whose account is meant; where it doesn't, that may be why a command failed. */
function saysWhose(env: Place["env"]): boolean {
  const named = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  return named.some((name) => env[name] !== undefined);
}
