/** `examples/python/upload.py`, as its readers run it. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { directEnv } from "#test/support/direct-env.ts";
import { type Check, seen, skip } from "../check.ts";
import { patientFetch } from "../obey-retry-after.ts";
import { bytesOf, MIB } from "../send-part.ts";
import type { Target } from "../target.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../../examples/python/upload.py", import.meta.url));
const PATIENCE_MS = 240_000;

/** Runs the program over a file and returns the link that it prints. @param python one that has `requests` */
export async function uploadByPython(target: Target, bytes: Uint8Array, python = "python3"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wharf-test-aws-"));
  try {
    const file = join(folder, "example.bin");
    writeFileSync(file, bytes);
    const env = {
      // A proxy may be the only way to AWS, and none leads to this machine.
      ...(target.kind === "local" ? directEnv : process.env),
      WHARF_URL: target.origin,
      WHARF_CLIENT_ID: target.clientId,
      WHARF_CLIENT_SECRET: target.clientSecret,
    };
    const { stdout } = await run(python, [program, file], { env, timeout: PATIENCE_MS });
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const python: Check = {
  name: "examples/python/upload.py, 11 MiB",
  expects: "prints a link by which the same bytes come back",
  onlyAws: "that requests follows the chunk route's redirect to S3 over TLS",
  async run(target) {
    const { error, status } = spawnSync("python3", ["-c", "import requests"]);
    if (error !== undefined) return skip("there is no python3");
    if (status !== 0) return skip("python3 has no requests (pip install requests)");
    const bytes = bytesOf(11 * MIB);
    const answer = await patientFetch(await uploadByPython(target, bytes));
    const isSame = Buffer.from(await answer.arrayBuffer()).equals(bytes);
    return seen(isSame, isSame ? "the same bytes come back" : `${answer.status}, other bytes`);
  },
};

export const uploadExample = [python];
