/** Which files may import which, as CONTRIBUTING.md says it, and what dependency-cruiser finds against it. */
import { globSync } from "node:fs";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { ROOMS } from "./rooms.ts";

const FOLDERS = ["admin", "bin", "contract", "cost", "deploy", "lambdas", "lib", "local", "sdk", "start"];
/** dependency-cruiser's version of swc stops at `await using`: nobody sees what these import. */
const UNREAD = ["local/cloud.ts", "local/embedded.ts"];
/** Tests beside what they test. */
const TESTS = "local/test/";

const CORE = "^lambdas/core/";
const DESCRIBING = `${CORE}[^/]+/(contract|[a-z]+-contract|events|limits)\\.ts$`;
const ROUTES = `${CORE}[^/]+/routes\\.ts$`;
const room = (name: string) => `${CORE}${name}/`;
const inCore = new RegExp(CORE);
const inRoom = new RegExp(room(`(${ROOMS.join("|")})`));

/** Each has what breaks it in test/slow/imports.test.ts. */
export const rules: IForbiddenRuleType[] = [
  {
    name: "no-cycle",
    comment: "Files that need each other are one, or need a third.",
    severity: "error",
    from: {},
    to: { circular: true },
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
  {
    name: "verbs-know-no-http",
    comment: "Of a room only its routes know of requests and answers.",
    severity: "error",
    from: { path: CORE, pathNot: ROUTES },
    to: { path: ["^lambdas/http/", "^lambdas/pages/", ROUTES] },
  },
  {
    name: "rooms-know-no-handler",
    comment: "Handlers wire rooms, never the other way round.",
    severity: "error",
    from: { path: [CORE, "^lambdas/http/", "^lambdas/pages/", "^lambdas/aws/"] },
    to: {
      path: "^lambdas/",
      pathNot: ["core", "http", "pages", "aws"].map((one) => `^lambdas/${one}`),
    },
  },
  {
    name: "http-knows-few-rooms",
    comment: "What is said of every route is in the rooms that all stand on.",
    severity: "error",
    from: { path: "^lambdas/http/" },
    to: { path: CORE, pathNot: [room("kernel"), room("access"), room("accounts"), DESCRIBING] },
  },
  layer("lambdas/aws", ["lambdas/aws", "contract", "cost/prices.ts"]),
  layer("lib", [
    "lib",
    "contract",
    "lambdas/env.ts",
    "lambdas/aws/(keys|metrics).ts",
    `${CORE.slice(1)}[^/]+/(contract|[a-z]+-contract|events|limits|schedule).ts`,
  ]),
  layer("admin", ["admin", "contract", "lambdas/core", "lambdas/aws", "start/endpoint-file.ts"]),
  layer("deploy", ["deploy", "lib", "cost", "contract"]),
  layer("lambdas", ["lambdas", "contract", "cost/prices.ts"]),
  layer("cost", ["cost"]),
  layer("sdk", ["sdk"]),
  layer("local", ["local"]),
  layer("start", ["start", "local", "lambdas/core", "lambdas/aws", "contract"]),
];

/** What is wrong with the project at `root`, a line each, and the files that were read for it. */
export async function importFaults(root: string): Promise<{ faults: string[]; read: string[] }> {
  const { output } = await cruise([...FOLDERS], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: rules },
    // TypeScript 7 has no interface that it reads: with that parser it finds no modules, and nothing wrong.
    parser: "swc",
    tsPreCompilationDeps: true,
    // Packages are seen, so that rules may name them, and not read.
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
    exclude: { path: [`^${TESTS}`, ...UNREAD.map((file) => `^${file}$`)] },
  });
  if (typeof output === "string") throw new Error(`dependency-cruiser answered ${output}`);
  const modules = new Set(output.modules.map(({ source }) => source));
  const files = globSync(
    FOLDERS.map((folder) => `${folder}/**/*.ts`),
    { cwd: root, exclude: [`${TESTS}**`] },
  );
  const faults = [
    ...files.filter((file) => !modules.has(file) && !UNREAD.includes(file)).map((file) => `unread: ${file}`),
    ...files.filter((file) => inCore.test(file) && !inRoom.test(file)).map((file) => `no-room: ${file}`),
    ...output.summary.violations.map(said),
  ];
  return { faults, read: files.filter((file) => modules.has(file)) };
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
