/** The CDK's CLI against an emulator, in a folder of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { directEnv } from "#test/support/direct-env.ts";
import { environment } from "./localstack/commands.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Cdk {
  /** The file with what the last deployment put out. */
  readonly outputs: string;
  /** Of its processes: the emulator instead of AWS. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command (`cdk …`), and returns what it printed. @throws CdkFailed */
  run(command: readonly string[], ...more: readonly string[]): Promise<string>;
}

/** With what it printed. */
export class CdkFailed extends Error {}

/** @param signal ends what runs. */
export function createCdk(endpoint: string, folder: string, signal: AbortSignal): Cdk {
  const bin = join(ROOT, "node_modules", ".bin");
  const env = {
    ...directEnv,
    ...environment(endpoint),
    PATH: `${bin}:${process.env["PATH"]}`,
    // Else it remembers there which account a key belongs to, and takes another emulator's for this one's.
    CDK_HOME: join(folder, "cdk-home"),
    CI: "1",
  };
  const outputs = join(folder, "outputs.json");
  return {
    outputs,
    env,
    async run(command, ...more) {
      const own = command.includes("deploy") ? ["--outputs-file", outputs] : [];
      // Bootstrapping synthesizes as well, and one synthesis at a time may write to a folder.
      if (!more.includes("--app") && !more.includes("--output"))
        own.push("--output", join(folder, "cdk.out"));
      const [program = "", ...args] = [...command, ...more, ...own];
      const child = spawn(join(bin, program), args, {
        cwd: ROOT,
        env,
        signal,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const closed = new Promise<number | null>((resolve, reject) =>
        child.once("error", reject).once("close", resolve),
      );
      const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
      if (code !== 0) throw new CdkFailed(`${command.join(" ")} ended with ${code}:\n${out}${err}`);
      return out + err;
    },
  };
}
