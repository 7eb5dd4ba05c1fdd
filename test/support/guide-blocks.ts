/**
 * The blocks of code in the guides. A fence says what becomes of its block: `sh` is run, `sh <why>` is not, and another
 * language is shown only.
 */
import { globSync, readFileSync } from "node:fs";

/** Why a block of commands isn't run as pasted, and what runs it instead. */
export const NOT_RUN: Record<string, string> = {
  setup: "what `test/slow/guides.test.ts` itself begins with; `npm run test:start` does it in a fresh clone",
  aws: "needs an AWS account; `npm run test:aws` takes its steps there",
  localstack: "needs Docker; `npm run test:truth -- localstack` runs the same commands without",
  emulator: "needs moto; `npm run test:moto` does the same",
  python: "needs Python and requests; the stories of the examples run the same program where they are",
  forever: "a server that runs on",
};
/** Languages that are read, not run. */
export const SHOWN = ["text", "json", "ts", "js", "go", "yaml", "html"];

export interface Block {
  line: number;
  language: string;
  why: string | undefined;
  code: string;
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(({ index, 1: info = "", 2: code = "" }) => {
    const [language = "", why] = info.split(" ");
    return { line: text.slice(0, index).split("\n").length, language, why, code };
  });
}

export const pages = globSync(["*.md", "docs/*.md"]).map((page) => ({ page, blocks: blocksOf(page) }));
