/** Rules of CONTRIBUTING.md that neither the compiler, biome nor the import rules see. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROOMS } from "../../lint/rooms.ts";

const SOURCES = globSync([
  "{admin,cost,deploy,lambdas,lib,start}/**/*.ts",
  "contract/*.ts",
  "local/index.ts",
]);
const TESTS = globSync(["test/**/*.ts", "local/test/**/*.ts"]).filter(
  (file) => file !== "test/lint/rules.test.ts",
);
const linesOf = (file: string) => readFileSync(file, "utf8").split("\n");

/** Places whose line `isAgainst` the rule, `file:line`. */
function places(files: readonly string[], isAgainst: (line: string, before: string) => boolean): string[] {
  return files.flatMap((file) =>
    linesOf(file).flatMap((line, at, all) =>
      isAgainst(line, all[at - 1] ?? "") ? [`${file}:${at + 1}`] : [],
    ),
  );
}

test("all files are looked at", () => {
  expect([SOURCES.length > 300, TESTS.length > 200]).toEqual([true, true]);
});

test("public functions have a docstring", () => {
  const isBare = (line: string, before: string) =>
    /^export (async )?function|^export class/.test(line) && !before.endsWith("*/");
  expect(places(SOURCES, isBare)).toEqual([]);
});

test("no test mocks a module of ours", () => {
  expect(places(TESTS, (line) => /\bvi\.(mock|doMock)\(/.test(line))).toEqual([]);
});

// What stands in a type the import rules don't see everywhere.
test("no type names a module by import()", () => {
  const isInType = (line: string) => /(?<!await |=> )\bimport\(/.test(line) && !/^\s*(\*|\/\/)/.test(line);
  expect(
    places([...SOURCES, ...globSync("local/**/*.ts", { exclude: ["local/test/**"] })], isInType),
  ).toEqual([]);
});

test("an entry point has 30 lines at most", () => {
  const long = globSync("bin/*.ts").filter((file) => linesOf(file).length > 31);
  expect(long).toEqual([]);
});

test("a room has 28 files at most", () => {
  const large = ROOMS.filter((room) => globSync(`lambdas/core/${room}/*.ts`).length > 28);
  expect(large).toEqual([]);
});

test("a verb's file has a name that no other room has", () => {
  const shared = new Set(["contract.ts", "deps.ts", "events.ts", "limits.ts", "records.ts", "routes.ts"]);
  const names = globSync("lambdas/core/*/*.ts").map((file) => file.replace(/.*\//, ""));
  const twice = names.filter((name, at) => !shared.has(name) && names.indexOf(name) !== at);
  expect(twice).toEqual([]);
});
