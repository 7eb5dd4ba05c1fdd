/** The part `rie`: the same functions in AWS's own emulator and runtime, and in the local cloud's Lambda. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Handler, handlers } from "@wharf/local-cloud/test/conformance/lambda/handlers.ts";
import { type Outcome, outcomeOf } from "@wharf/local-cloud/test/conformance/lambda/outcome.ts";
import { runHere } from "@wharf/local-cloud/test/run-lambda.ts";
import type { Check, Part, Outcome as Told } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { bundleChecks, runBundles } from "./bundles.ts";
import { emulatorTools, RIE, startEmulator, type Tools } from "./emulator.ts";

export const rie: Part = {
  name: "rie",
  by: RIE,
  about: "every function's bundle, and small functions for Lambda's rules, in AWS's own emulator and runtime",
  checks: [
    ...bundleChecks,
    ...handlers.map(
      ({ name, behaviours, differs }): Check => ({ name, behaviours, ...(differs && { differs }) }),
    ),
  ],
  run: (tell) =>
    untilSignal(async (signal) => {
      const tools = emulatorTools();
      const folder = mkdtempSync(join(tmpdir(), "wharf-rie-"));
      try {
        await runBundles(tools, mkdtempSync(join(folder, "assembly-")), tell, signal);
        for (const handler of handlers) {
          tell(handler.name, await compare(tools, handler, folder));
          signal.throwIfAborted();
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
};

async function compare(tools: Tools, handler: Handler, folder: string): Promise<Told> {
  const there = await runThere(tools, handler, write(folder, handler.code));
  const here = await runHere(handler, write(folder, handler.code));
  const wrong = [
    ...(isDeepStrictEqual(here, handler.outcomes) ? [] : [`here it is ${JSON.stringify(here)}`]),
    ...(isDeepStrictEqual(there, handler.outcomes) ? [] : [`there it is ${JSON.stringify(there)}`]),
  ];
  return wrong.length === 0 ? { outcome: "passed" } : { outcome: "failed", detail: wrong.join("; ") };
}

function write(folder: string, code: string): string {
  const codeDir = mkdtempSync(join(folder, "task-"));
  writeFileSync(join(codeDir, "index.mjs"), code);
  return codeDir;
}

async function runThere(
  tools: Tools,
  { events, timeoutSeconds = 3 }: Handler,
  codeDir: string,
): Promise<Outcome[]> {
  await using environment = await startEmulator(tools, {
    ...{ codeDir, handler: "index.handler", timeoutSeconds, memoryMb: 128 },
  });
  const outcomes: Outcome[] = [];
  for (const event of events) outcomes.push(outcomeOf(await environment.invoke(event), codeDir));
  return outcomes;
}
