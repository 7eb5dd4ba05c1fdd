/** moto's server of PyPI, in a process of its own on a free port. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ACCOUNT } from "@wharf/local-cloud";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/free-port.ts";
import { pythonTools } from "#test/support/registry-tools.ts";

const VERSION = "5.2.5";
export const MOTO = `moto ${VERSION}`;
/** Of PyPI. */
export const MOTO_REQUIREMENT = `moto[server]==${VERSION}`;

/**
 * Starts it with the local cloud's account number.
 *
 * @returns its URL, by a name that moto takes for its own S3 in a template's URL.
 * @throws Unavailable without Python or PyPI.
 */
export async function startMoto(): Promise<{ endpoint: string } & AsyncDisposable> {
  const commands = pythonTools([MOTO_REQUIREMENT]);
  const port = await freePort();
  const child = spawn(
    join(commands, "python"),
    [fileURLToPath(new URL("serve.py", import.meta.url)), "-H", "127.0.0.1", "-p", String(port)],
    { stdio: "ignore", env: { ...process.env, MOTO_ACCOUNT_ID: ACCOUNT, PYTHONDONTWRITEBYTECODE: "1" } },
  );
  const exited = once(child, "exit");
  const end = () => void child.kill();
  process.once("exit", end);
  await eventually(() => fetch(`http://127.0.0.1:${port}/moto-api/data.json`), { timeoutMs: 60_000 });
  return {
    endpoint: `http://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      end();
      await exited;
      process.off("exit", end);
    },
  };
}
