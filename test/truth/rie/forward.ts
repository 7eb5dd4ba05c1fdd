/** The app's assembly with functions that hand each event on, and what they hand it to. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { json } from "node:stream/consumers";
import { listen } from "@wharf/local-cloud/listen.ts";
import { readStacks } from "@wharf/local-cloud/template/stacks.ts";
import { z } from "zod";

/** Variable by which a function in the local cloud knows whom to hand its events to. */
export const HUB = "WHARF_TRUTH_HUB";

const FORWARDER = `const { ${HUB}: hub, ...env } = process.env;
export const handler = async (event) => {
  const body = JSON.stringify({ env, event: JSON.stringify(event) });
  const answer = await (await fetch(hub, { method: "POST", body })).json();
  if (answer.failed) throw Object.assign(new Error(answer.failed.errorMessage), { name: answer.failed.errorType });
  return answer.answered;
};
`;

export interface Bundle {
  readonly logicalId: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly handler: string;
  readonly codeDir: string;
}

const properties = z.object({
  Code: z.object({ S3Key: z.string() }),
  Handler: z.string(),
  Timeout: z.number(),
  MemorySize: z.number(),
});

/** Every function of the assembly, with its own bundle. */
export function readFunctions(assembly: string): Bundle[] {
  return readStacks(assembly).flatMap(({ template, assets }) =>
    Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties }]) => {
      if (Type !== "AWS::Lambda::Function") return [];
      const { Code, Handler: handler, Timeout, MemorySize } = properties.parse(Properties);
      const codeDir = assets.get(Code.S3Key);
      if (codeDir === undefined) throw new Error(`${logicalId} has no bundle in ${assembly}`);
      return [{ logicalId, timeoutSeconds: Timeout, memoryMb: MemorySize, handler, codeDir }];
    }),
  );
}

/** Writes it to the folder `to`; whatever its functions get goes to the hub. */
export function writeForwarding(assembly: string, to: string): void {
  cpSync(assembly, to, { recursive: true });
  for (const { codeDir } of readFunctions(assembly)) {
    const own = join(to, basename(codeDir));
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own);
    writeFileSync(join(own, "index.mjs"), FORWARDER);
  }
}

export interface Forwarded {
  /** As the local cloud's environment has them, credentials and all. */
  readonly env: Record<string, string>;
  /** JSON text. */
  readonly event: string;
}

export type Answered =
  | { readonly answered: unknown }
  | { readonly failed: { readonly errorType: string; readonly errorMessage: string } };

const forwarded = z.object({ env: z.record(z.string(), z.string()), event: z.string() });

/** Listens on a free loopback port. */
export async function startHub(
  answer: (one: Forwarded) => Promise<Answered>,
): Promise<{ url: string } & AsyncDisposable> {
  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const answered = await answer(forwarded.parse(await json(req))).catch(
      (error: unknown): Answered => ({ failed: { errorType: "Hub", errorMessage: String(error) } }),
    );
    res.end(JSON.stringify(answered));
  };
  const server = await listen(
    createServer((req, res) => void serve(req, res)),
    {},
  );
  return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
}
