import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { createApiClient } from "./api-client.ts";

const ready = z.object({
  origin: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  aws: z.object({
    url: z.string(),
    bucket: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
});
const report = z.object({
  peakRss: z.number(),
  calls: z.array(z.object({ caller: z.string(), action: z.string(), status: z.number() })),
});

/**
 * Starts a cloud over `dataDir` in a child process, with a client of it. `await using` ends it.
 *
 * @param within what goes before the command, such as `nsenter` with its options
 */
export async function startCloudChild(dataDir: string, within: readonly string[] = []) {
  const script = fileURLToPath(new URL("./cloud-process.ts", import.meta.url));
  const [command = process.execPath, ...args] = [...within, process.execPath, script, dataDir];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on("error", () => {}); // it may have been killed

  async function next(): Promise<unknown> {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the cloud ended: ${child.exitCode ?? child.signalCode}`);
    return JSON.parse(value);
  }

  async function ask(command: string, value?: number): Promise<unknown> {
    child.stdin.write(`${JSON.stringify({ command, value })}\n`);
    return next();
  }

  /** Ends it at once, as a power cut does to a process. */
  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    await exited;
  }

  /** Lets it do nothing while `work` runs. */
  function hold(work: () => void): void {
    child.kill("SIGSTOP");
    try {
      work();
    } finally {
      child.kill("SIGCONT");
    }
  }

  const started = ready.parse(await next());
  const client = createApiClient(started);
  /** Ends it in good order. */
  async function stop(): Promise<void> {
    await ask("stop");
    await exited;
  }

  return {
    client,
    /** Its AWS port, and the administrator's key for it. */
    aws: started.aws,
    kill,
    hold,
    stop,
    /** Moves its time forward, until the next start. */
    advance: (ms: number) => ask("advance", ms),
    idle: () => ask("idle"),
    report: async () => report.parse(await ask("report")),
    [Symbol.asyncDispose]: kill,
  };
}
