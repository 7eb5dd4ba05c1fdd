/** Settings of the user's own: where they stand, which wins, and what is said of one that can't be. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { describe, expect, it, test } from "vitest";
import * as z from "zod";
import { stageConfig } from "#lib/config.ts";
import { readSettings } from "#lib/read-settings.ts";
import { lookUp, settingNames } from "#lib/setting-names.ts";
import { settingsFile } from "#lib/settings.ts";

/** A project's folder with this `wharf.config.json`, or with none. */
function project(file?: unknown): string {
  const root = temporaryDirectory();
  if (file !== undefined)
    writeFileSync(join(root, "wharf.config.json"), typeof file === "string" ? file : JSON.stringify(file));
  return root;
}

const read = (context: Record<string, unknown>, file?: unknown) => readSettings(context, project(file));

const sources = (context: Record<string, unknown>, file?: unknown) =>
  Object.fromEntries(read(context, file).inForce.map(({ name, value, from }) => [name, [value, from]]));

const topic = "arn:aws:sns:eu-west-1:123456789012:wharf-alarms";

describe("settings", () => {
  it("are the stage's defaults where nothing is said", () => {
    expect(read({}).config).toEqual(stageConfig("dev"));
    expect(read({ stage: "prod" }).config).toEqual(stageConfig("prod"));
  });

  it("come from the file for every stage, from the file for one, and from -c, which wins", () => {
    const file = {
      $schema: "./docs/wharf.config.schema.json",
      operator: { name: "Acme", contact: "mailto:share@example.com" },
      throttle: { rate: 10, burst: 20 },
      stages: { prod: { alarmTopicArn: topic, throttle: { rate: 500 } }, dev: { waiters: 9 } },
    };
    const prod = sources({ stage: "prod", waiters: "100", "throttle.burst": "30" }, file);
    expect(prod).toMatchObject({
      "operator.name": ["Acme", "wharf.config.json"],
      "throttle.rate": [500, "wharf.config.json, stages.prod"],
      "throttle.burst": [30, "-c"],
      alarmTopicArn: [topic, "wharf.config.json, stages.prod"],
      waiters: [100, "-c"],
      waitPlaces: [80, "by waiters"],
      deliverConcurrency: [50, "default of prod"],
    });
    expect(read({ stage: "prod" }, file).config).toMatchObject({
      operator: { name: "Acme", contact: "mailto:share@example.com" },
      throttle: { rate: 500, burst: 20 },
    });
    const dev = read({}, file).config;
    expect(dev).toMatchObject({ waiters: 9, waitPlaces: 7 });
    expect(dev.alarmTopicArn).toBeUndefined();
  });

  it("of a stage of one's own begin with another's defaults", () => {
    const own = read({ stage: "eu" }, { stages: { eu: { like: "prod", logRetention: 30 } } });
    expect(own.config).toEqual({ ...stageConfig("prod"), stage: "eu", logRetention: 30 });
    expect(own.inForce).toContainEqual({ name: "removal", value: "retain", from: "default of prod" });
    expect(read({ stage: "eu", like: "dev" }).config).toEqual({ ...stageConfig("dev"), stage: "eu" });
    expect(() => read({ stage: "eu" }, { stages: { us: { like: "prod" } } })).toThrow(
      '{"stages": {"eu": {"like": "dev"}}} in wharf.config.json, or -c like=dev',
    );
  });

  it("come as text by -c, which may stand for a number or a list", () => {
    const context = {
      corsOrigins: "https://a.example.com,https://b.example.com",
      "operator.name": "42",
      "versions.keep": "0",
      logRetention: "30",
      dashboard: "true",
      tags: '{"team": "platform"}',
    };
    expect(read(context).config).toMatchObject({
      corsOrigins: ["https://a.example.com", "https://b.example.com"],
      operator: { name: "42" },
      versions: { keep: 0, keepDays: 90 },
      logRetention: 30,
      dashboard: true,
      tags: { team: "platform" },
    });
    expect(read({ corsOrigins: "*" }).config.corsOrigins).toEqual(["*"]);
  });

  it("stand in another file where -c names it, or in none", () => {
    const root = project({ waiters: 5 });
    writeFileSync(join(root, "eu.json"), '{"waiters": 6}');
    const waiters = (context: Record<string, unknown>) => readSettings(context, root).config.waiters;
    expect(waiters({})).toBe(5);
    expect(waiters({ settings: "eu.json" })).toBe(6);
    expect(waiters({ settings: "none" })).toBe(0);
    expect(() => waiters({ settings: "us.json" })).toThrow(/settings=us.json: there is no such file in /);
  });

  it("leave the CDK's own context alone", () => {
    const { context } = JSON.parse(readFileSync("cdk.json", "utf8"));
    const ofCdk = { ...context, "aws:cdk:bundling-stacks": ["**"], "acknowledged-issue-numbers": [1] };
    expect(
      read({ ...ofCdk, "@aws-cdk/core:permissionsBoundary": { name: "b" }, bundles: "/tmp/b" }).config,
    ).toEqual(stageConfig("dev"));
  });
});

/** File, and what is said of it. */
const refusedFiles: [unknown, RegExp][] = [
  ["{", /^wharf.config.json is no JSON: /],
  ["[]", /^wharf.config.json must hold an object such as /],
  ["", /^wharf.config.json is empty: write \{\}/],
  ['{"stages": {"prod": {"waiters": 1, "waiters": 2}}}', /^wharf.config.json: waiters stands there twice/],
  ['{"tags": {"__proto__": "x"}}', /^wharf.config.json: __proto__ names nothing; leave it out$/],
  [{ corsOrigins: ["*", "https://a.example"] }, /: corsOrigins is .*; it must be \["\*"\] alone/],
  [
    '{"throttle": 5}',
    /^wharf.config.json: throttle is 5; it must be an object with throttle.rate, throttle.burst$/,
  ],
  ['{"stages": []}', /^wharf.config.json: stages is \[\]; it must be an object$/],
  [
    { waitrs: 1 },
    /^wharf.config.json: waitrs is no setting; there are domain\.name, .*throttle\.rate, .*, stages$/,
  ],
  [{ throttle: { rte: 1 } }, /: throttle\.rte is no setting; there are throttle\.rate, throttle\.burst/],
  [
    { stages: { prod: { waitrs: 1 } } },
    /: stages\.prod\.waitrs is no setting; .*, like \(dev, prod, test\)$/,
  ],
  [{ like: "prod" }, /: like is no setting/],
  [{ stages: { Prod: {} } }, /: stages\.Prod is \{\}; it must be 1 to 20 of a-z/],
  [{ waiters: -1 }, /: waiters is -1; it must be a whole number from 0 on$/],
  [{ waiters: "5" }, /: waiters is "5"; it must be a whole number/],
  [{ throttle: { rate: 1.5 } }, /: throttle\.rate is 1\.5; it must be a whole number from 1 on/],
  [{ logRetention: 10 }, /: logRetention is 10; it must be one of 1, 3, 5, 7, 14, /],
  [{ removal: "keep" }, /: removal is "keep"; it must be destroy or retain/],
  [{ publicUrl: "https://files.example.com/" }, /: publicUrl is .*; it must be an https origin such as /],
  [{ publicUrl: "http://files.example.com" }, /must be an https origin/],
  [{ corsOrigins: "https://app.example.com" }, /: corsOrigins is .*; it must be "\*", or origins such as /],
  [{ corsOrigins: ["https://*.example.com"] }, /: corsOrigins\.0 is /],
  [{ corsOrigins: [] }, /: corsOrigins is \[\]; it must be/],
  [{ alarmTopicArn: `${topic}.fifo` }, /: alarmTopicArn is .*; it must be the ARN of a standard SNS topic/],
  [
    { operator: { contact: "share@example.com" } },
    /: operator\.contact is .*; it must be a URI that begins with https:/,
  ],
  [
    { operator: { securityContact: "mailto:a@b.example\nPolicy: https://evil.example/" } },
    /: operator\.securityContact is .*; it must be a URI .* without blanks and line ends$/,
  ],
  [
    { operator: { guides: "javascript:alert(2)" } },
    /: operator\.guides is .*; it must be a URL that begins with https:/,
  ],
  [
    { operator: { name: "a\u001b[31m" } },
    /: operator\.name is .*; it must be a line of text, of 200 characters/,
  ],
  [{ operator: { name: "x".repeat(201) } }, /; it must be a line of text, of 200 characters at most/],
  [
    { domain: { name: "files.example.com" } },
    /: domain\.certificateArn is missing; it must be the ARN of a certificate/,
  ],
  [{ tags: { stage: "x" } }, /: tags\.stage is "x"; it must be tags such as /],
  [{ deliverConcurrency: 1 }, /: deliverConcurrency is 1; it must be a whole number from 2 on/],
];

test.each(refusedFiles)("a file that holds %j is refused", (file, said) => {
  expect(() => read({}, file)).toThrow(said);
});

/** Context, and what is said of it. */
const refusedContexts: [Record<string, unknown>, RegExp][] = [
  [{ waitrs: "1" }, /^-c waitrs: there is no such key; there are stage, settings, like, domain\.name, /],
  [{ throttle: "5" }, /^-c throttle: there is no such key/],
  [{ waiters: "" }, /^-c waiters=: it must be a whole number from 0 on$/],
  [{ waiters: "many" }, /^-c waiters=many: it must be a whole number/],
  [{ like: "staging" }, /^-c like=staging: it must be dev or prod or test$/],
  [{ stage: "staging" }, /"staging" is not known; use -c stage=dev or -c stage=prod/],
  [{ "domain.name": "files.example.com" }, /^settings: domain\.certificateArn is missing; it must be/],
  [{ waiters: "-1", removal: "x" }, /^-c waiters=-1: .*\n-c removal=x: it must be destroy or retain$/],
];

test.each(refusedContexts)("-c %j is refused", (context, said) => {
  expect(() => read(context)).toThrow(said);
});

test("the app says what is wrong in a line, before it builds anything", () => {
  const { status, stderr } = spawnSync(process.execPath, ["bin/app.ts"], {
    encoding: "utf8",
    env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ settings: "none", waiters: "x", no: "1" }) },
  });
  expect([status, stderr.trim().split("\n")]).toEqual([
    1,
    [
      "-c waiters=x: it must be a whole number from 0 on",
      expect.stringMatching(/^-c no: there is no such key/),
    ],
  ]);
});

test("the guide and the editors' schema have every setting as it is", () => {
  const [dev, prod] = [stageConfig("dev"), stageConfig("prod")];
  const shown = (value: unknown) => (value === undefined ? "" : `\`${JSON.stringify(value)}\``);
  const guide = readFileSync("docs/settings.md", "utf8");
  const rows = [...settingNames].map(([name, { description }]) => {
    const defaults = [dev, prod].map((config) => shown(lookUp({ ...config }, name)));
    return `| \`${name}\` | ${description} | ${defaults.join(" | ")} |`;
  });
  expect(guide).toContain(rows.join("\n"));
  expect(JSON.parse(readFileSync("docs/wharf.config.schema.json", "utf8"))).toEqual(
    JSON.parse(JSON.stringify(z.toJSONSchema(settingsFile, { io: "input" }))),
  );
});
