/** `npm run deploy`, as far as it goes without an account. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { describe, expect, it } from "vitest";
import { ensureAssembly } from "#start/assembly.ts";
import { cdkOptions } from "../../deploy/cdk-options.ts";
import { readCommandLine } from "../../deploy/command-line.ts";
import { runDeploy } from "../../deploy/run.ts";

/** What was said, and the exit code. */
async function deploy(args: string[], root: string) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runDeploy(
    args,
    { root, env },
    {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
    },
  );
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** A project whose app makes these templates in no time. */
function project(app: string): string {
  const root = temporaryDirectory();
  cpSync("cdk.json", join(root, "cdk.json"));
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin/app.ts"), app);
  return root;
}

/** An environment in which nothing leads to an account, whatever the machine knows. */
const env = {
  ...{ PATH: process.env["PATH"], HOME: "/nowhere", AWS_EC2_METADATA_DISABLED: "true" },
  ...{ AWS_CONFIG_FILE: "/nowhere", AWS_SHARED_CREDENTIALS_FILE: "/nowhere" },
};

describe("the command line", () => {
  const read = (...args: string[]) => readCommandLine(args, { root: ".", env });

  it("hands on to the CDK all but its own switch", () => {
    const line = read("--dry-run", "-c", "stage=prod", "--require-approval", "never", "--profile", "ops");
    expect(line).toMatchObject({
      dryRun: true,
      forCdk: ["-c", "stage=prod", "--require-approval", "never", "--profile", "ops"],
      profile: ["--profile", "ops"],
    });
    expect(read("--all")).toMatchObject({ dryRun: false, forCdk: ["--all"], profile: [] });
  });

  it.each([
    [["--dryrun"], "--dryrun is no option of npm run deploy, nor of cdk deploy; --dry-run is"],
    [["--Dry-Run"], "--Dry-Run is no option of npm run deploy, nor of cdk deploy; --dry-run is"],
    [["--dry-run=false"], "--dry-run takes no value"],
    [["--frobnicate"], "--frobnicate is no option"],
    [["-x"], "-x is no option"],
    [["--dry-run", "prod"], '"prod" belongs to no option'],
    [["-c", "stage=prod", "--yes", "wharf-prod-data"], '"wharf-prod-data" belongs to no option'],
    [["--profile", "ops", "prod"], '"prod" belongs to no option'],
  ])("refuses what the CDK would pass over: %j", (args, words) => {
    expect(() => read(...args)).toThrow(words);
  });

  it.each([
    [["-c", "stage=prod", "-cwaiters=0", "--context=a=b", "--no-rollback", "-R", "-f", "--method=direct"]],
    [["--tags", "a=b", "c=d", "--concurrency", "2", "-O", "out.json", "-vvv", "--no-validation"]],
  ])("takes what the CDK knows: %j", (args) => {
    expect(read(...args).forCdk).toEqual(args);
  });

  it("knows every option of cdk deploy", () => {
    const { stdout } = spawnSync(join("node_modules", ".bin", "cdk"), ["deploy", "--help"], {
      encoding: "utf8",
      env: { ...process.env, COLUMNS: "400" },
    });
    const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name);
    expect(listed.length).toBeGreaterThan(50);
    // The longest names are cut off there.
    const missing = listed.filter((name) => !cdkOptions.some((one) => one.startsWith(name ?? "")));
    expect(missing.filter((name) => name !== "no-color")).toEqual([]);
  });

  it("reads settings however they are written, with cdk.json's context", () => {
    expect(read("-c", "a=1", "-cb=2", "--context", "c=3=4", "--context=d=").context).toMatchObject({
      ...{ a: "1", b: "2", c: "3=4", d: "" },
      "@aws-cdk/core:checkSecretUsage": true,
    });
  });

  it("takes what npm took for its own, where the -- was left out", () => {
    const npm = (name: string, value: string) =>
      readCommandLine([], { root: ".", env: { ...env, [`npm_config_${name}`]: value } });
    expect(npm("dry_run", "true").dryRun).toBe(true);
    for (const [name, value] of [
      ["call", "stage=prod"],
      ["context", "true"],
    ] as const)
      expect(() => npm(name, value)).toThrow(/say npm run deploy -- -c name=value/);
    expect(npm("call", "npm run deploy").dryRun).toBe(false);
  });

  it.each([[["-c", "waiters"]], [["-c"]], [["--context", "=1"]]])("refuses %j", (args) => {
    expect(() => read(...args)).toThrow(/say -c name=value/);
  });
});

describe("npm run deploy", () => {
  it("says what is wrong with settings before the CDK has started", async () => {
    const root = project("throw new Error('not to be run')");
    writeFileSync(join(root, "wharf.config.json"), '{"waiters": -1}');
    expect(await deploy(["-c", "stage=prod"], root)).toEqual({
      code: 2,
      out: "",
      err: "wharf.config.json: waiters is -1; it must be a whole number from 0 on\nSee npm run deploy -- --help",
    });
    expect((await deploy(["--dry-run", "-c", "waitrs=1"], root)).err).toMatch(
      /^-c waitrs: there is no such key/,
    );
  });

  it("shows with --dry-run what is in force, what is made, and what it costs, though AWS isn't reached", {
    timeout: 120_000,
  }, async () => {
    const assembly = JSON.stringify(await ensureAssembly());
    const root = project(
      `import { cpSync } from "node:fs"; cpSync(${assembly}, process.env.CDK_OUTDIR!, { recursive: true });`,
    );
    writeFileSync(join(root, "wharf.config.json"), '{"stages": {"dev": {"waiters": 0, "logRetention": 30}}}');
    const { code, out } = await deploy(["--dry-run", "-c", "throttle.rate=5"], root);
    expect(code).toBe(0);
    for (const line of [
      /^Stage dev: nothing is changed by this\.$/m,
      /^ {2}throttle\.rate +5 +-c$/m,
      /^ {2}throttle\.burst +400 +default of dev$/m,
      /^ {2}logRetention +30 +wharf\.config\.json, stages\.dev$/m,
      /^Stack wharf-dev-data holds$(.*\n)+? {2}AWS::DynamoDB::Table +1$/m,
      /^Stack wharf-dev-service holds$(.*\n)+? {2}AWS::Lambda::Function +9$/m,
      /^Against what is deployed\n {2}not reachable: .*AWS account/m,
      /^ {2}metrics under alarms +16 +1\.60 USD$/m,
      /^ {2}in all +[234]\.\d\d USD$/m,
    ])
      expect(out).toMatch(line);
  });

  it("says in the app's words why it can't be synthesized", async () => {
    const root = project("console.error('no such stage'); process.exit(3)");
    const { code, err } = await deploy(["--dry-run"], root);
    expect([code, err]).toEqual([1, "the app can't be synthesized:\nno such stage"]);
  });
});

it("says how to name an account where none is", async () => {
  const { code, err } = await deploy(["--yes"], project("process.exit(1);"));
  expect(code).not.toBe(0);
  expect(err).toContain("AWS_PROFILE or --profile says whose account it is");
});
