import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { bundleFunctions, functionNames } from "#lib/bundle.ts";
import { resources, synth } from "./synth.ts";

/** Bytes that each function may have: in what it loads at its start, and in all. */
const budget: Record<string, { start: number; all: number }> = JSON.parse(
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
  HASH_PLACES: "3",
  SESSIONS_PER_CLIENT: "10000",
  CONTENT_MISMATCH: "refuse",
  WAIT_PLACES: "3",
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

  it("stays within its budgets", () => {
    const later = folder(name).filter((file) => !loadedAtStart(name).includes(file));
    const [start, all] = [loadedAtStart(name), folder(name)].map((files) => bytesOf(name, files));
    console.log(
      `${name}: ${start} bytes at its start, ${all} with what it loads later: ${later.join(", ") || "nothing"}`,
    );
    expect(start).toBeLessThanOrEqual(budget[name]?.start ?? 0);
    expect(all).toBeLessThanOrEqual(budget[name]?.all ?? 0);
  });

  it("comes out the same twice", () => {
    const read = (run: string) =>
      readdirSync(join(dir, run, name)).map((file) => [
        file,
        readFileSync(join(dir, run, name, file), "utf8"),
      ]);
    expect(read("second")).toEqual(read("first"));
  });
});

test("the SDK's client of S3 is loaded when S3 is called, and not at a start", () => {
  const holds = (files: readonly string[], name: string) =>
    files.some((file) => textOf(name, file).includes("x-amz-mp-object-size"));
  const having = functionNames.filter((name) => holds(folder(name), name));
  expect(having).toEqual(["api", "ingest"]);
  expect(having.filter((name) => holds(loadedAtStart(name), name))).toEqual([]);
});

const folder = (name: string) => readdirSync(join(dir, "first", name));
const textOf = (name: string, file: string) => readFileSync(join(dir, "first", name, file), "utf8");
const bytesOf = (name: string, files: readonly string[]) =>
  files.reduce((sum, file) => sum + statSync(join(dir, "first", name, file)).size, 0);

/** The files that `index.mjs` imports, whatever it calls. */
function loadedAtStart(name: string, file = "index.mjs"): string[] {
  const imported = [...textOf(name, file).matchAll(/from"\.\/([^"]+)"/g)].map(([, found = ""]) => found);
  return [...new Set([file, ...imported.flatMap((next) => loadedAtStart(name, next))])];
}
