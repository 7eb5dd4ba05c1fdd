import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/**
 * Runs a command that ends with some other code than 0 where it finds something.
 *
 * @returns what it printed.
 * @throws Error with its words where it printed nothing.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const [printed, said] = await Promise.race([Promise.all([text(child.stdout), text(child.stderr)]), failed]);
  if (printed === "" && said !== "") throw new Error(`${command}: ${said.slice(-2_000)}`);
  return printed;
}
