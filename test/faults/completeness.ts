/** Whether each verb and consumer has a situation, and each write has gone wrong in one. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** What a situation has come by. */
export interface Reached {
  /** Writes that went wrong, `finalize/commit-upload.ts:92`. */
  sites: string[];
  /** Functions of `lambdas/core` under way at some call, `finalize/commit-upload.ts commitUpload`. */
  under: string[];
}

/** What handlers await of `lambdas/core` and is no verb, by why. */
const NO_VERBS: Record<string, string> = {
  "kernel/sweep.ts runParts": "runs the parts of a sweep, each of which is a verb",
  "workspaces/view-workspace.ts viewWorkspace":
    "shows what was read with the caller's token, and calls nothing",
  "groups/find-group.ts findGroup": "reads what was read with the caller's token, and calls nothing",
};

/** Writes that no situation can bring about, by the function that makes them and why. */
const NO_SITES: Record<string, string> = {
  "kernel/idempotency.ts renew":
    "a timer of the machine's time makes it, for calls that last longer than any case",
};

const HANDLERS = ["lambdas/*/*.ts", "lambdas/core/*/routes.ts", "admin/*.ts"];
/** Each of which calls verbs. */
const CALLING = [
  ...[
    "admin/",
    "lambdas/deliver/",
    "lambdas/fan-out/",
    "lambdas/ingest/",
    "lambdas/relay/",
    "lambdas/sweep/",
  ],
  ...globSync("lambdas/core/*/routes.ts"),
];
const IMPORT = /import (?!type)(?:\{([^}]*)\}) from "(#core\/|\.\/)([\w/-]+\.ts)"/gs;
/** A call of the table, of S3, of a queue or of the bus that changes something. */
const WRITE =
  /\b(?:(?:table|target)\.(?:put|add|update|remove|transact)|objects\.(?:put|copyPart|complete|abort|remove|createMultipart)|queues\.send|bus\.publish)\(|^\s*\.(?:put|update|remove|transact)\(\{/;
const FUNCTION = /^\s*(?:export )?(?:async )?function (\w+)/;

/** Says what is missing; nothing where all is there. */
export function incomplete(reached: readonly Reached[]): string[] {
  const under = new Set(reached.flatMap((one) => one.under));
  const sites = new Set(reached.flatMap((one) => one.sites));
  const handlers = globSync(HANDLERS, { exclude: ["lambdas/aws/**"] });
  const imported = handlers.map((file) => ({ file, verbs: importsOf(file) }));
  const verbs = new Set(imported.flatMap((one) => one.verbs).filter(isAwaited));
  const writes = new Map(globSync("lambdas/core/*/*.ts").flatMap(writesOf));
  return [
    ...blind(imported, { sites, writes }),
    ...[...verbs]
      .filter((verb) => !under.has(verb) && !Object.hasOwn(NO_VERBS, verb))
      .map((verb) => `${verb} is in no situation: add one to test/faults/situations/`),
    ...Object.keys(NO_VERBS)
      .filter((verb) => under.has(verb) || !verbs.has(verb))
      .map((verb) => `${verb} is said to be no verb, and is one or is gone: completeness.ts`),
    ...[...writes]
      .filter(([site, by]) => !sites.has(site) && !Object.hasOwn(NO_SITES, by))
      .map(([site]) => `the write at lambdas/core/${site} goes wrong in no situation`),
    ...Object.keys(NO_SITES)
      .filter((by) => ![...writes.values()].includes(by))
      .map((by) => `${by} is said to go wrong nowhere, and is gone: completeness.ts`),
  ];
}

/** Says where this file sees too little: what it finds nothing in has nothing missing either. */
function blind(
  imported: readonly { file: string; verbs: readonly string[] }[],
  { sites, writes }: { sites: ReadonlySet<string>; writes: ReadonlyMap<string, string> },
): string[] {
  return [
    ...CALLING.filter(
      (room) => !imported.some(({ file, verbs }) => file.startsWith(room) && verbs.length > 0),
    ).map((room) => `${room} imports no verb: completeness.ts looks elsewhere`),
    ...[...sites]
      .filter((site) => !writes.has(site))
      .map((site) => `lambdas/core/${site} writes, and completeness.ts doesn't see it`),
    ...(writes.size === 0 ? ["there are no writes: completeness.ts doesn't see them"] : []),
  ];
}

function importsOf(file: string): string[] {
  const own = file.startsWith("lambdas/core/") ? `${basename(dirname(file))}/` : undefined;
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].flatMap(([, names = "", from, path = ""]) => {
    if (from === "./" && own === undefined) return [];
    return names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => `${from === "./" ? own : ""}${path} ${name.replace(/ as .*/, "")}`);
  });
}

/** Whether it may call AWS: what answers at once can't. */
function isAwaited(verb: string): boolean {
  const [file = "", name = ""] = verb.split(" ");
  const text = readFileSync(`lambdas/core/${file}`, "utf8");
  const [head = ""] =
    new RegExp(`^export (async )?function ${name}\\b[^]*?\\n?(?=\\{\\n)`, "m").exec(text) ?? [];
  return /^export async|Promise</.test(head);
}

/** The places of a file that write, each with the function that it stands in. */
function writesOf(file: string): [site: string, by: string][] {
  const name = inRoom(file);
  let within = "";
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index): [string, string][] => {
      within = FUNCTION.exec(line)?.[1] ?? within;
      if (!WRITE.test(line) || /^\s*(\*|\/\/)/.test(line)) return [];
      return [[`${name}:${index + 1}`, `${name} ${within}`]];
    });
}

const inRoom = (file: string) => file.replace("lambdas/core/", "");
