import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFunctions, functionNames } from "#lib/bundle.ts";
import { resources, synth } from "./synth.ts";

/** Bytes that each bundle may have. */
const budget: Record<string, number> = JSON.parse(
  readFileSync(new URL("../../bundle-budget.json", import.meta.url), "utf8"),
);

/** A value of each variable that a stack sets; nothing is called with them. */
const values: Record<string, string> = {
  TABLE_NAME: "table",
  BUCKET_NAME: "bucket",
  BUS_NAME: "bus",
  PUBLIC_URL: "https://api.example.com/prod",
  API_HOST: "abc123.execute-api.us-east-1.amazonaws.com",
  DELIVER_FIRST_QUEUE_URL: "https://sqs.example.com/1/first",
  DELIVER_RETRY_QUEUE_URL: "https://sqs.example.com/1/retry",
  VERSIONS_KEEP: "20",
  VERSIONS_KEEP_DAYS: "90",
  CORS_ORIGINS: "*",
};

/** Just those that the stack gives to this function, so that one which it lacks fails the load by its name. */
function envOf(name: string): Record<string, string | undefined> {
  const id = { "fan-out": "WebhooksFanOut", deliver: "WebhooksDeliver" }[name] ?? new RegExp(`^${name}`, "i");
  const found = resources(service, "AWS::Lambda::Function").find(
    ([logicalId]) => logicalId.match(id) !== null,
  );
  const names = Object.keys(found?.[1].Properties.Environment.Variables);
  return {
    PATH: process.env["PATH"],
    AWS_REGION: "us-east-1",
    ...Object.fromEntries(names.map((variable) => [variable, values[variable]])),
  };
}

let dir: string;
let service: Template;
beforeAll(async () => {
  service = synth().service;
  dir = mkdtempSync(join(tmpdir(), "wharf-bundles-"));
  await Promise.all([bundleFunctions(join(dir, "first")), bundleFunctions(join(dir, "second"))]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(functionNames)("the bundle of %s", (name) => {
  it("loads in plain Node", () => {
    const plain = join(dir, `${name}.mjs`);
    writeFileSync(
      plain,
      `import { handler } from "./first/${name}/index.mjs"; console.log(typeof handler);\n`,
    );
    expect(execFileSync("node", [plain], { env: envOf(name), encoding: "utf8" }).trim()).toBe("function");
  });

  it("stays within its budget", () => {
    const { size } = statSync(join(dir, "first", name, "index.mjs"));
    console.log(`${name}: ${size} of ${budget[name]} bytes`);
    expect(size).toBeLessThanOrEqual(budget[name] ?? 0);
  });

  it("comes out the same twice", () => {
    const read = (folder: string) => readFileSync(join(dir, folder, name, "index.mjs"), "utf8");
    expect(read("second")).toBe(read("first"));
  });
});
