/** What `npm ci` brings onto a machine: all of it named by the lockfile, and nothing of it run but esbuild's script. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));
const names = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        integrity: z.string().optional(),
        resolved: z.string().optional(),
        link: z.boolean().optional(),
        inBundle: z.boolean().optional(),
        hasInstallScript: z.boolean().optional(),
        os: names.optional(),
        cpu: names.optional(),
        bin: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })
  .parse(read("package-lock.json"));
const manifest = z
  .object({
    allowScripts: z.record(z.string(), z.boolean()),
    optionalDependencies: z.record(z.string(), z.string()).default({}),
  })
  .parse(read("package.json"));

test("every package has its hash in the lockfile, and none an address", () => {
  const installed = Object.entries(packages).filter(
    ([path, { inBundle, link }]) => path.startsWith("node_modules/") && inBundle !== true && link !== true,
  );
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test("of this repository's own folders it links the local cloud alone", () => {
  const all = Object.entries(packages);
  expect(all.filter(([, { link }]) => link !== undefined)).toEqual([
    ["node_modules/@wharf/local-cloud", { resolved: "local", link: true }],
  ]);
  expect(all.map(([path]) => path).filter((path) => !path.startsWith("node_modules/"))).toEqual([
    "",
    "local",
  ]);
});

test("of the packages that have an install script, esbuild's alone may run", () => {
  expect(manifest.allowScripts).toEqual({ esbuild: true, "@swc/core": false });
  const scripted = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true);
  expect(scripted).toEqual(["node_modules/@swc/core", "node_modules/esbuild"]);
});

test.for([
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "x64"],
  ["darwin", "arm64"],
  ["win32", "x64"],
])("%s on %s gets one Node 24, as the command node of every script", ([os = "", cpu = ""]) => {
  const nodes = Object.keys(manifest.optionalDependencies)
    .map((name) => packages[`node_modules/${name}`])
    .filter((found) => found?.os?.includes(os) && found.cpu?.includes(cpu));
  expect(nodes).toHaveLength(1);
  expect(nodes[0]?.version).toMatch(/^24\./);
  expect(nodes[0]?.bin?.["node"]).toBeDefined();
});
