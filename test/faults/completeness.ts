/** Whether each verb and consumer has a situation, and each write has gone wrong in one. */
import { globSync, readFileSync } from "node:fs";

/** What a situation has come by. */
export interface Reached {
  /** Writes that went wrong, `commit-upload.ts:92`. */
  sites: string[];
  /** Functions of `lambdas/core` under way at some call, `commit-upload.ts commitUpload`. */
  under: string[];
}

/** What handlers import of `lambdas/core` and is no verb, by why. */
const NO_VERBS: Record<string, string> = {};

/** Writes that no situation can bring about, by why. */
const NO_SITES: Record<string, string> = {};

const IMPORT = /import (?!type)(?:\{([^}]*)\}) from "#core\/([\w-]+\.ts)"/gs;
/** A call of the table, of S3, of a queue or of the bus that changes something. */
const WRITE =
  /\b(?:table\.(?:put|add|update|remove|transact)|objects\.(?:put|complete|abort|remove|createMultipart)|queues\.send|bus\.publish)\(/;

/** Says what is missing; nothing where all is there. */
export function incomplete(reached: readonly Reached[]): string[] {
  const under = new Set(reached.flatMap((one) => one.under));
  const sites = new Set(reached.flatMap((one) => one.sites));
  const handlers = globSync(["lambdas/*/*.ts", "lambdas/api/routes/*.ts", "admin/*.ts"], {
    exclude: ["lambdas/core/**", "lambdas/aws/**"],
  });
  const verbs = new Set(handlers.flatMap((file) => importsOf(readFileSync(file, "utf8"))));
  const writes = globSync("lambdas/core/*.ts").flatMap(writesOf);
  return [
    ...[...verbs]
      .filter((verb) => !under.has(verb) && !Object.hasOwn(NO_VERBS, verb))
      .map((verb) => `${verb} is in no situation: add one to test/faults/situations/`),
    ...Object.keys(NO_VERBS)
      .filter((verb) => under.has(verb) || !verbs.has(verb))
      .map((verb) => `${verb} is said to be no verb, and is one or is gone: completeness.ts`),
    ...writes
      .filter((site) => !sites.has(site) && !Object.hasOwn(NO_SITES, site.replace(/:.*/, "")))
      .map((site) => `the write at lambdas/core/${site} goes wrong in no situation`),
  ];
}

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].flatMap(([, names = "", file]) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => `${file} ${name.replace(/ as .*/, "")}`),
  );
}

function writesOf(file: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  const name = file.replace(/^.*\//, "");
  return lines.flatMap((line, index) =>
    WRITE.test(line) && !/^\s*(\*|\/\/)/.test(line) ? [`${name}:${index + 1}`] : [],
  );
}
