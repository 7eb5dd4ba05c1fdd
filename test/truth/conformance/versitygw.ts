/** Versity's S3 gateway (Apache-2.0) of the Go proxy, over a folder. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGION } from "@wharf/local-cloud";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/free-port.ts";
import { goTool } from "#test/support/registry-tools.ts";

const VERSION = "1.8.0";
export const VERSITYGW = `versitygw ${VERSION}`;

/**
 * Starts it on a free port, with a folder that goes with it.
 *
 * @throws Unavailable without Go or its proxy.
 */
export async function startGateway() {
  const command = goTool("github.com/versity/versitygw/cmd/versitygw", VERSION);
  const folder = mkdtempSync(join(tmpdir(), "wharf-versitygw-"));
  const [accessKeyId, secretAccessKey] = ["wharf-test", randomBytes(20).toString("hex")];
  const port = await freePort();
  for (const name of ["data", "meta"]) mkdirSync(join(folder, name));
  const options = ["--port", `127.0.0.1:${port}`, "--region", REGION, "--health", "/health", "--quiet"];
  // Attributes of files are not everywhere; a folder of their own is.
  const backend = ["posix", "--sidecar", join(folder, "meta"), join(folder, "data")];
  const child = spawn(command, [...options, ...backend], {
    stdio: "ignore",
    env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  });
  const exited = once(child, "exit");
  const end = () => void child.kill();
  process.once("exit", end);
  const endpoint = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(`${endpoint}/health`), { timeoutMs: 60_000 });
  return {
    ...{ endpoint, accessKeyId, secretAccessKey },
    async [Symbol.asyncDispose]() {
      end();
      await exited;
      process.off("exit", end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
