/** The CDK's command line, in a process of its own. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

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
export function cdk(root: string, args: readonly string[], { shown }: { shown: boolean }): Promise<Ran> {
  const modules = join(root, "node_modules");
  return run(root, [join(modules, "aws-cdk", "bin", "cdk"), ...args], {
    shown,
    // `cdk.json` names its app's runner by a word.
    env: { PATH: [join(modules, ".bin"), process.env["PATH"]].join(delimiter) },
  });
}

/** Runs a program of Node's with what this process has in its environment, and `env`. */
export async function run(
  cwd: string,
  args: readonly string[],
  { shown, env }: { shown: boolean; env: Record<string, string> },
): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: shown ? "inherit" : ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
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
