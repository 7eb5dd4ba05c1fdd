/** The emulators that take the place of the local cloud's environments. */
import { outcomeOf } from "@wharf/local-cloud/test/conformance/lambda/outcome.ts";
import { type Emulated, startEmulator, type Tools } from "./emulator.ts";
import type { Answered, Bundle, Forwarded } from "./forward.ts";

/** What became of a function's events. */
export interface Seen {
  answered: number;
  failures: string[];
}

/** An emulator for each of the local cloud's environments, which their log streams name. */
export function createEnvironments(tools: Tools, functions: readonly Bundle[]) {
  const started = new Map<string, Promise<Emulated>>();
  const seen = new Map(
    functions.map(({ logicalId }): [string, Seen] => [logicalId, { answered: 0, failures: [] }]),
  );
  const byName = (name: string) => functions.find(({ logicalId }) => name.includes(logicalId));

  async function answer({ env, event }: Forwarded): Promise<Answered> {
    const { AWS_LAMBDA_FUNCTION_NAME: name = "", AWS_LAMBDA_LOG_STREAM_NAME: stream = "" } = env;
    const found = byName(name);
    const own = seen.get(found?.logicalId ?? "");
    if (!found || !own) throw new Error(`${name} is none of the template's functions`);
    const emulator = started.get(stream) ?? startEmulator(tools, { ...found, env });
    started.set(stream, emulator);
    const { invoke, tail } = await emulator;
    const outcome = outcomeOf(await invoke(event), found.codeDir);
    if ("answer" in outcome) {
      own.answered++;
      return { answered: outcome.answer };
    }
    own.failures.push(`${JSON.stringify(outcome)} ${tail().slice(-500)}`);
    return { failed: { errorType: "Emulator", errorMessage: JSON.stringify(outcome) } };
  }

  return {
    answer,
    seen: (logicalId: string): Seen => seen.get(logicalId) ?? { answered: 0, failures: [] },
    async [Symbol.asyncDispose]() {
      for (const each of started.values()) await (await each.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
