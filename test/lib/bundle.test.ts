import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFunctions, functionNames } from "#lib/bundle.ts";

/** Bytes that each bundle may have. */
const budget: Record<string, number> = JSON.parse(
  readFileSync(new URL("../../bundle-budget.json", import.meta.url), "utf8"),
);

/** What the functions read at load; nothing is called. */
const env = {
  PATH: process.env["PATH"],
  AWS_REGION: "us-east-1",
  TABLE_NAME: "table",
  BUCKET_NAME: "bucket",
  BUS_NAME: "bus",
  PUBLIC_URL: "https://api.example.com/prod",
  DELIVER_FIRST_QUEUE_URL: "https://sqs.example.com/1/first",
  DELIVER_RETRY_QUEUE_URL: "https://sqs.example.com/1/retry",
};

let dir: string;
beforeAll(async () => {
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
    expect(execFileSync("node", [plain], { env, encoding: "utf8" }).trim()).toBe("function");
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
