/** The CDK's command line, in a process of its own. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** Where commands are run, and with what in their environment. */
export interface Place {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Ran {
  readonly code: number;
  /** What it printed; "" where it printed to the terminal itself. */
  readonly printed: string;
}

/**
 * Runs `cdk <args>` of the project.
 *
 * @param shown whether it talks to the terminal itself, as where it asks for approval.
 */
export function cdk(
  { root, env }: Place,
  args: readonly string[],
  { shown }: { shown: boolean },
): Promise<Ran> {
  const modules = join(root, "node_modules");
  // `cdk.json` names its app's runner by a word.
  const PATH = [join(modules, ".bin"), env["PATH"]].join(delimiter);
  return run({ root, env: { ...env, PATH } }, [join(modules, "aws-cdk", "bin", "cdk"), ...args], { shown });
}

/** Runs a program of Node's. */
export async function run(
  { root: cwd, env }: Place,
  args: readonly string[],
  { shown }: { shown: boolean },
): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: shown ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code: code ?? 1, printed: Buffer.concat(output).toString().trim() };
}
