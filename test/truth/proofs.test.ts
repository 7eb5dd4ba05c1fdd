import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { localTests } from "./local-tests.ts";
import { parts } from "./parts.ts";
import { proofTable, withTable } from "./proofs.ts";

test("docs/local-cloud.md has the table of proofs as it is (npm run test:truth -- --table)", () => {
  const page = readFileSync("docs/local-cloud.md", "utf8");
  expect(page).toBe(withTable(page, proofTable(parts)));
});

test("every behaviour of AWS that Wharf relies on has a test here that carries its tag", () => {
  const without = [...localTests()].filter(([, files]) => files.length === 0).map(([id]) => id);
  expect(without).toEqual([]);
});

test("no part declares two checks of one name", () => {
  for (const { name, checks } of parts) {
    const names = checks.map((check) => check.name);
    expect([name, names.filter((one, index) => names.indexOf(one) !== index)]).toEqual([name, []]);
  }
});
