/** The package stands alone: it imports its own files, Node's modules and what its package.json names. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const HOME = fileURLToPath(new URL("..", import.meta.url));
const { name, dependencies, devDependencies } = JSON.parse(readFileSync(join(HOME, "package.json"), "utf8"));
const IMPORT = /(?:^(?:import|export|\}) (?:[^"`;]* )?from |^import |\bimport\()"([^"]+)"/gm;

/** What each file imports, as it is written. */
const imports = globSync("**/*.{ts,mjs}", { cwd: HOME, exclude: ["node_modules/**"] }).flatMap((file) =>
  [...readFileSync(join(HOME, file), "utf8").matchAll(IMPORT)].map(([, what = ""]) => ({ file, what })),
);
const isOwn = (what: string) => what.startsWith(".");
const isTest = (file: string) => /^(test|example)\//.test(file);
/** `@scope/name` of what is imported of a package. */
const packageOf = (what: string) => /^(@[^/]+\/)?[^/]+/.exec(what)?.[0] ?? what;

test("no file imports one outside the package", () => {
  const outside = imports.filter(
    ({ file, what }) => isOwn(what) && relative(HOME, join(HOME, dirname(file), what)).startsWith(".."),
  );
  expect(outside).toEqual([]);
});

test("every package that it imports is one that its package.json names, and it names no other", () => {
  const packages = imports.filter(({ what }) => !isOwn(what) && !what.startsWith("node:"));
  const named = (inTests: boolean) =>
    new Set(packages.filter(({ file }) => isTest(file) === inTests).map(({ what }) => packageOf(what)));
  expect([...named(false)].sort()).toEqual(Object.keys(dependencies).sort());
  // The CDK needs them: as its peer, and for NodejsFunction.
  const unimported = ["constructs", "esbuild"];
  const more = [...named(true)].filter((one) => one !== name && !Object.hasOwn(dependencies, one));
  expect([...more, ...unimported].sort()).toEqual(Object.keys(devDependencies).sort());
});
