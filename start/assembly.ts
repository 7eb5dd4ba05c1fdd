/** The cloud assembly that the local cloud runs: the CDK app's own output, synthesized when its inputs change. */
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const INPUTS = [
  "bin",
  "lib",
  "lambdas",
  "contract",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
  "cdk.json",
];
const DAY_MS = 24 * 60 * 60 * 1_000;

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()).default({}) });

/**
 * Directory of the assembly for the stage `dev`, kept under `.cache/wharf` by a hash of everything that it is made of:
 * not in `node_modules`, which `npm ci` empties under a cloud that runs. Safe to call from several processes at once.
 * Needs neither the CDK CLI nor AWS credentials.
 *
 * @param root the repo.
 * @param onSynth told when the app has to run, which takes seconds.
 * @throws Error with the CDK app's own words when it can't be synthesized.
 */
export async function ensureAssembly({
  root = ROOT,
  onSynth = () => {},
}: {
  root?: string;
  onSynth?: () => void;
} = {}): Promise<string> {
  const cache = join(root, ".cache", "wharf");
  const inputs = hashInputs(root);
  const target = join(cache, `assembly-${inputs}`);
  if (existsSync(join(target, "manifest.json"))) {
    // Its age says when it was last used.
    const now = new Date();
    utimesSync(target, now, now);
    return target;
  }
  mkdirSync(cache, { recursive: true });
  prune(cache);
  onSynth();
  const fresh = join(cache, `new-${randomUUID()}`);
  try {
    await synthesize(root, fresh);
    // Somebody saved a file meanwhile: what came out belongs to neither hash.
    if (hashInputs(root) !== inputs) return await ensureAssembly({ root, onSynth });
    renameSync(fresh, target);
  } catch (error) {
    // Another process was quicker with the same assembly.
    if (!existsSync(join(target, "manifest.json"))) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return target;
}

/** Hash over names and contents: a checkout or a copy with other times is still the same app. */
function hashInputs(root: string): string {
  const hash = createHash("sha256").update(process.versions.node);
  for (const path of INPUTS.flatMap((input) => files(join(root, input)))) {
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex").slice(0, 20);
}

function files(path: string): string[] {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return [];
  if (!info.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => files(join(path, name)));
}

/** Runs the CDK app as the CDK CLI would, in a process of its own. */
async function synthesize(root: string, outDir: string): Promise<void> {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")));
  const child = spawn(process.execPath, ["bin/app.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      CDK_OUTDIR: outDir,
      // Nothing of the user's `wharf.config.json`: it is about deployments, whose domain would stand in every link.
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, stage: "dev", settings: "none" }),
      // What deploys has been checked; checking takes longer than all the rest of a start.
      CDK_VALIDATION: "false",
    },
  });
  // A start that is stopped here leaves no process behind.
  const kill = () => child.kill();
  process.once("exit", kill);
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  process.off("exit", kill);
  if (code !== 0) {
    throw new Error(
      `the CDK app can't be synthesized (exit ${code}):\n${Buffer.concat(output).toString().trim()}`,
    );
  }
}

/** Removes assemblies that nobody has used for a day. */
function prune(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const info = statSync(path, { throwIfNoEntry: false });
    if (info && Date.now() - info.mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}
