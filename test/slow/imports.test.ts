/** `npm run check` reads every source, and names each import that it refuses: every rule is broken here once. */
import { globSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importFaults, rules } from "../../lint/imports.ts";
import { ROOMS } from "../../lint/rooms.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What may import everything, and examples, which others copy. */
const FREE = ["bench", "examples", "lint", "local/test", "test"];
/** Whose syntax the parser doesn't know. */
const UNREAD = ["local/cloud.ts", "local/embedded.ts"];

const sources = globSync("*/**/*.ts", { cwd: ROOT, exclude: ["node_modules", "cdk.out", ...FREE] });

/** A copy of the sources, and what is said of it as it is. */
let root: string;
let { faults, read }: Awaited<ReturnType<typeof importFaults>> = { faults: [], read: [] };
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "wharf-imports-"));
  for (const folder of new Set(sources.map((file) => file.replace(/\/.*/s, ""))))
    await cp(join(ROOT, folder), join(root, folder), { recursive: true });
  await cp(join(ROOT, "package.json"), join(root, "package.json"));
  await linkPackages();
  ({ faults, read } = await importFaults(root));
});
afterAll(() => rm(root, { recursive: true }));

test("every source is read, and none is refused", () => {
  expect(sources.length).toBeGreaterThan(400);
  expect(sources.filter((file) => !read.includes(file))).toEqual(UNREAD);
  expect(read.filter((file) => !sources.includes(file))).toEqual([]);
  expect(faults).toEqual([]);
});

/** What is said of a file of this text. */
type Breach = [fault: string, file: string, text: string];
const breaches: Breach[] = [
  ...ROOMS.slice(0, -1).map(
    (room, at): Breach => [
      `rooms-above-${room}`,
      `lambdas/core/${room}/planted.ts`,
      `import "../${ROOMS[at + 1]}/planted.ts";`,
    ],
  ),
  [
    "rooms-above-kernel",
    "lambdas/core/kernel/planted-type.ts",
    'export type { Lane } from "#core/delivery/planted.ts";',
  ],
  ["no-room", "lambdas/core/planted.ts", "export {};"],
  ["no-room", "lambdas/core/planted/verb.ts", "export {};"],
  [
    "no-cycle",
    "lambdas/core/kernel/planted-egg.ts",
    'import type { Hen } from "./planted-hen.ts";\nexport type Egg = Hen[];',
  ],
  ["contracts", "contract/planted-verb.ts", 'import "#core/files/find-file.ts";'],
  ["contracts", "contract/planted-aws.ts", 'import "#aws/keys.ts";'],
  ["contracts", "contract/planted-package.ts", 'import "hono";'],
  ["contracts", "contract/planted-node.ts", 'import "node:crypto";'],
  ["contracts", "lambdas/core/turns/contract.ts", 'import "./slots.ts";'],
  ["contracts", "lambdas/core/turns/planted-contract.ts", 'import "./slots.ts";'],
  ["verbs-know-no-http", "lambdas/core/files/planted-http.ts", 'import "#http/app.ts";'],
  ["verbs-know-no-http", "lambdas/core/files/planted-page.ts", 'import "#pages/page.ts";'],
  ["verbs-know-no-http", "lambdas/core/files/planted-routes.ts", 'import "./routes.ts";'],
  ["rooms-know-no-handler", "lambdas/http/planted-handler.ts", 'import "#lambdas/deps/api-deps.ts";'],
  ["http-knows-few-rooms", "lambdas/http/planted-verb.ts", 'import "#core/files/find-file.ts";'],
  ["lambdas-aws-imports", "lambdas/aws/planted.ts", 'import "#core/kernel/page.ts";'],
  ["lambdas-imports", "lambdas/api/planted.ts", 'import "#lib/settings.ts";'],
  ["lib-imports", "lib/planted.ts", 'import "#core/kernel/page.ts";'],
  ["admin-imports", "admin/planted.ts", 'import "#lib/settings.ts";'],
  ["deploy-imports", "deploy/planted.ts", 'import "#core/kernel/page.ts";'],
  ["local-imports", "local/planted.ts", 'import "../contract/common.ts";'],
  ["sdk-imports", "sdk/planted.ts", 'import "../lambdas/core/links/routes.ts";'],
  ["rooms-know-no-handler", "lambdas/core/files/planted-env.ts", 'import "#lambdas/env.ts";'],
  ["start-imports", "start/planted.ts", 'import "#lib/settings.ts";'],
  ["cost-imports", "cost/planted.ts", 'import "#contract/common.ts";'],
];
/** What breaches need, and no rule has anything against. */
const others: [file: string, text: string][] = [
  [`lambdas/core/${ROOMS.at(-1)}/planted.ts`, "export {};"],
  [
    "lambdas/core/kernel/planted-hen.ts",
    'import type { Egg } from "./planted-egg.ts";\nexport type Hen = Egg[];',
  ],
];

test("every rule names what breaks it, and nothing else", async () => {
  for (const [file, text] of [...breaches.map(([, ...planted]) => planted), ...others])
    await plant(file, text);
  const { faults: after } = await importFaults(root);
  const found = after.map((fault) => fault.replace(/ -> .*/s, ""));
  expect(found.sort()).toEqual(breaches.map(([fault, file]) => `${fault}: ${file}`).sort());
  const broken = new Set(breaches.map(([fault]) => fault));
  expect(rules.map(({ name }) => name).filter((name) => !broken.has(String(name)))).toEqual([]);
});

/** Where nothing is yet. */
async function plant(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text, { flag: "wx" });
}

/** The packages, and the copy's own in place of the project's. */
async function linkPackages(): Promise<void> {
  const own = "@wharf/local-cloud";
  const packages = globSync(["[!@]*", "@*/*"], { cwd: join(ROOT, "node_modules") });
  for (const name of packages) {
    const link = join(root, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(name === own ? join(root, "local") : join(ROOT, "node_modules", name), link);
  }
}
