/** AWS's Runtime Interface Emulator with AWS's own Node runtime: one execution environment on a free port. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/free-port.ts";
import { goTool, npmTools, Unavailable } from "#test/support/registry-tools.ts";

/** The newest that Go's proxy serves; its tags are no versions to Go. */
const EMULATOR = "0.0.0-20261030222936-bef5c4ba774d";
/** The runtime of `nodejs24.x`: what AWS's images have in `/var/runtime`. */
const RUNTIME = "4.0.2";
export const RIE = `Lambda Runtime Interface Emulator ${EMULATOR.slice(6, 14)} with aws-lambda-ric ${RUNTIME}`;

export interface Tools {
  readonly emulator: string;
  readonly runtime: string;
}

/** @throws Unavailable off Linux, without Go or its proxy, or without npm's registry. */
export function emulatorTools(): Tools {
  if (process.platform !== "linux") throw new Unavailable("the emulator runs on Linux alone");
  const command = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie";
  const runtime = npmTools([`aws-lambda-ric@${RUNTIME}`]);
  return {
    emulator: goTool(command, EMULATOR),
    runtime: join(runtime, "node_modules", "aws-lambda-ric", "index.mjs"),
  };
}

export interface Emulated extends AsyncDisposable {
  /** Answers with the body that the emulator gives, whatever its status. */
  invoke(event: string): Promise<string>;
  /** The last that function, runtime and emulator wrote. */
  tail(): string;
}

export interface Settings {
  readonly codeDir: string;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly env?: Record<string, string>;
}

const KEPT = 8_000;

/** Starts an environment; its module is imported by the first event. */
export async function startEmulator(tools: Tools, settings: Settings): Promise<Emulated> {
  const { codeDir, handler, timeoutSeconds, memoryMb, env = {} } = settings;
  const [address, runtimeApi] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  const preload = fileURLToPath(new URL("native-client.cjs", import.meta.url));
  const child = spawn(
    tools.emulator,
    [
      ...["--runtime-interface-emulator-address", `${address}`, "--runtime-api-address", `${runtimeApi}`],
      ...[process.execPath, "--require", preload, tools.runtime, handler],
    ],
    {
      cwd: codeDir,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        ...env,
        LAMBDA_TASK_ROOT: codeDir,
        AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutSeconds),
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      },
    },
  );
  let written = "";
  const keep = (chunk: Buffer) => {
    written = (written + chunk).slice(-KEPT);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = once(child, "exit");
  const end = () => {
    // The emulator gives its runtime a process group of its own, and doesn't end it with itself.
    for (const pid of childrenOf(child.pid)) killGroup(pid);
    child.kill("SIGKILL");
  };
  endAtExit(end);
  await eventually(() => fetch(`http://${address}/`), { timeoutMs: 20_000 });
  return {
    tail: () => written,
    async invoke(event) {
      const path = `http://${address}/2015-03-31/functions/function/invocations`;
      return await (await fetch(path, { method: "POST", body: event })).text();
    },
    async [Symbol.asyncDispose]() {
      end();
      await exited;
      running.delete(end);
      if (running.size === 0) process.off("exit", endAll);
    },
  };
}

const running = new Set<() => void>();

/** By one listener for all of them. */
function endAtExit(end: () => void): void {
  if (running.size === 0) process.once("exit", endAll);
  running.add(end);
}

function endAll(): void {
  for (const end of running) end();
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
