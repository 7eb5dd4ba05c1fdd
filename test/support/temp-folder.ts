/** Gives a run of the tests a temporary folder of its own, which goes with it: the CDK leaves assemblies behind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Vitest's global setup: before the workers start, which inherit the environment. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "wharf-tests-"));
  process.env["TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
