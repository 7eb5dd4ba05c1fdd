/** `cdk deploy` of stage test. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { DATA, SERVICE, STAGE } from "./stacks.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const outputsFile = z.object({
  [DATA]: z.object({ BucketName: z.string(), TableName: z.string() }),
  [SERVICE]: z.object({ ApiUrl: z.url() }),
});

/** Deploys both stacks into a region and returns their outputs. @throws Error where the CDK CLI fails; it has said why. */
export async function deploy(region: string): Promise<{ bucket: string; tableName: string; origin: string }> {
  const folder = mkdtempSync(join(tmpdir(), "wharf-test-aws-"));
  const outputs = join(folder, "outputs.json");
  try {
    await cdk(region, [
      // Without the user's settings: a domain or an alarm topic is none of a test's.
      ...["deploy", DATA, SERVICE, "--context", `stage=${STAGE}`, "--context", "settings=none"],
      ...["--outputs-file", outputs],
      ...["--output", join(folder, "cdk.out"), "--require-approval", "never", "--progress", "events"],
    ]);
    const { [DATA]: data, [SERVICE]: service } = outputsFile.parse(JSON.parse(readFileSync(outputs, "utf8")));
    return { bucket: data.BucketName, tableName: data.TableName, origin: service.ApiUrl };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function cdk(region: string, args: readonly string[]): Promise<void> {
  const bin = join(ROOT, "node_modules", ".bin");
  const child = spawn(join(bin, "cdk"), args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      PATH: `${bin}:${process.env["PATH"]}`,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
    },
    // Out of the terminal's reach: Ctrl-C ends a deployment by removing it, and one that is half made can't be told
    // from one that is still being made.
    detached: true,
  });
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`cdk ${args[0]} ended with exit code ${code}`);
}
