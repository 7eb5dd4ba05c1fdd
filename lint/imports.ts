/** Which files may import which, as CONTRIBUTING.md says it, and what dependency-cruiser finds against it. */
import { globSync } from "node:fs";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { ROOMS } from "./rooms.ts";

const FOLDERS = ["admin", "bin", "contract", "cost", "deploy", "lambdas", "lib", "local", "start"];
/** dependency-cruiser's version of swc stops at `await using`: nobody sees what these import. */
const UNREAD = ["local/cloud.ts", "local/embedded.ts"];
/** Tests beside what they test. */
const TESTS = "local/test/";

const CORE = "^lambdas/core/";
const DESCRIBING = `${CORE}[^/]+/(contract|events|limits)\\.ts$`;
const room = (name: string) => `${CORE}${name}/`;

const rules: IForbiddenRuleType[] = [
  {
    name: "no-cycle",
    comment: "Files that need each other are one, or need a third.",
    severity: "error",
    from: {},
    to: { circular: true },
  },
  {
    name: "known-room",
    comment: "Every file of core is in a room that lint/rooms.ts names.",
    severity: "error",
    from: {},
    to: { path: CORE, pathNot: ROOMS.map(room) },
  },
  ...ROOMS.slice(0, -1).map(
    (name, at): IForbiddenRuleType => ({
      name: `rooms-above-${name}`,
      comment: "A room imports only from rooms above it in lint/rooms.ts.",
      severity: "error",
      from: { path: room(name) },
      to: { path: ROOMS.slice(at + 1).map(room) },
    }),
  ),
  {
    name: "contracts",
    comment:
      "What describes the API imports only what does the same, so that a browser's bundle can take it.",
    severity: "error",
    from: { path: [`^contract/`, DESCRIBING] },
    to: { pathNot: ["^contract/", DESCRIBING, "node_modules/zod/"] },
  },
  layer("lambdas/core", ["lambdas/core", "lambdas/aws", "contract", "cost/prices.ts"]),
  layer("lambdas/aws", ["lambdas/aws", "contract", "cost/prices.ts"]),
  layer("lambdas", ["lambdas", "contract", "cost/prices.ts"]),
  layer("cost", ["cost"]),
  layer("local", ["local"]),
  layer("start", ["start", "local", "admin", "lambdas/core", "lambdas/aws", "contract", "lib"]),
];

/** What is wrong with the project at `root`, a line each. */
export async function importFaults(root: string): Promise<string[]> {
  const { output } = await cruise([...FOLDERS], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: rules },
    // TypeScript 7 has no interface that it reads: with that parser it finds no modules, and nothing wrong.
    parser: "swc",
    tsPreCompilationDeps: true,
    includeOnly: { path: FOLDERS.map((folder) => `^${folder}/`) },
    exclude: { path: [`^${TESTS}`, ...UNREAD.map((file) => `^${file}$`)] },
  });
  if (typeof output === "string") throw new Error(`dependency-cruiser answered ${output}`);
  const read = new Set(output.modules.map(({ source }) => source));
  const files = globSync(
    FOLDERS.map((folder) => `${folder}/**/*.ts`),
    { cwd: root, exclude: [`${TESTS}**`] },
  );
  return [
    ...files.filter((file) => !read.has(file) && !UNREAD.includes(file)).map((file) => `unread: ${file}`),
    ...output.summary.violations.map(said),
  ];
}

function said({ rule, from, to, cycle }: ICruiseResult["summary"]["violations"][number]): string {
  const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(" -> ");
  return `${rule.name}: ${from} -> ${way}`;
}

/** A folder may import of the project what `allowed` names, and nothing else. */
function layer(folder: string, allowed: readonly string[]): IForbiddenRuleType {
  return {
    name: `${folder.replace("/", "-")}-imports`,
    comment: `${folder}/ imports only ${allowed.join(", ")}.`,
    severity: "error",
    from: { path: `^${folder}/` },
    to: { pathNot: ["node_modules", ...allowed.map((one) => `^${one}`)], dependencyTypesNot: ["core"] },
  };
}
