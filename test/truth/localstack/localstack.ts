/** The part `localstack`: the templates deploy there as they are, and the stories run through its services. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cdk, createCdk } from "../cdk.ts";
import type { Check, Outcome, Part, Tell } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { deployAll } from "./assembly.ts";
import { bootstrap, noSettings } from "./commands.ts";
import { type Life, lifecycle, type Step } from "./lifecycle.ts";
import { type LocalStack, startLocalStack } from "./server.ts";
import { stories } from "./stories.ts";
import { Skipped, type Story, type World } from "./story.ts";
import { findDeployment } from "./target.ts";

const PATIENCE_MS = 120_000;

const deploys = {
  name: "both stacks deploy as they are synthesized",
  behaviours: ["cloudformation.deploy", "cloudformation.template"],
} as const;

export const localstack: Part = {
  name: "localstack",
  by: "LocalStack 4.14",
  about: "the templates through its CloudFormation, stories through its API Gateway, S3, SQS and EventBridge",
  beside: true,
  checks: [deploys, ...stories, ...lifecycle],
  run: (tell) =>
    untilSignal(async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), "wharf-localstack-"));
      try {
        await using server = await open(folder);
        await runAll(server, { folder, tell, signal });
      } finally {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    }),
};

/** Somebody's LocalStack (`LOCALSTACK_ENDPOINT`), or one of our own. */
async function open(folder: string): Promise<LocalStack> {
  const endpoint = process.env["LOCALSTACK_ENDPOINT"];
  if (endpoint === undefined) return startLocalStack(folder);
  const nothing = async () => {};
  return {
    endpoint: endpoint.replace(/\/$/, ""),
    tail: () => "",
    python: "python3",
    [Symbol.asyncDispose]: nothing,
  };
}

interface Run {
  folder: string;
  tell: Tell;
  signal: AbortSignal;
}

async function runAll(server: LocalStack, { folder, tell, signal }: Run): Promise<void> {
  const cdk = createCdk(server.endpoint, folder, signal);
  const outcome = await deployStage(cdk, join(folder, "assembly"));
  tell(deploys.name, outcome);
  if (outcome.outcome === "failed") return;
  const within: Life["within"] = async (stage, use) => {
    const deployment = await findDeployment(server.endpoint, stage);
    const { publicUrl, origin } = deployment;
    const { companion, python } = server;
    try {
      return await use({ ...deployment, companion, python, reach: (url) => url.replace(publicUrl, origin) });
    } finally {
      deployment.close();
    }
  };
  const check = async (one: Check, run: () => Promise<Outcome>) => {
    const outcome = asKnown(one, await run(), server);
    signal.throwIfAborted();
    tell(one.name, outcome);
    if (outcome.outcome === "failed" && !one.differs) console.log(server.tail());
  };
  await within("dev", async (world) => {
    for (const story of stories) await check(story, () => runStory(story, world, signal));
  });
  for (const step of lifecycle)
    await check(step, () => runStep(step, { cdk, folder, within }, server.companion !== undefined));
}

/** Differences are those of the version that runs here; another may have mended one, or enforce IAM. */
function asKnown({ differs }: Check, outcome: Outcome, { companion }: LocalStack): Outcome {
  if (companion || !differs || outcome.outcome !== "passed") return outcome;
  return { outcome: "skipped", detail: "it does as AWS does here, otherwise than LocalStack 4.14" };
}

async function deployStage(cdk: Cdk, assembly: string): Promise<Outcome> {
  try {
    await cdk.run(bootstrap);
    await cdk.run(["cdk", "synth", "--quiet"], ...noSettings, "--output", assembly);
    const missing = await deployAll(cdk, assembly);
    if (missing.length === 0) return { outcome: "passed" };
    return { outcome: "passed", detail: `but for what this edition lacks: ${missing.join(", ")}` };
  } catch (error) {
    return failure(error);
  }
}

async function runStory(story: Story, world: World, signal: AbortSignal): Promise<Outcome> {
  if (story.hereOnly !== undefined && !world.companion) return { outcome: "skipped", detail: story.hereOnly };
  const patience = AbortSignal.any([signal, AbortSignal.timeout(story.patienceMs ?? PATIENCE_MS)]);
  const over = new Promise<never>((_, reject) => {
    patience.addEventListener("abort", () => reject(patience.reason), { once: true });
  });
  return settle(() => Promise.race([story.run(world), over]));
}

async function runStep(step: Step, life: Life, isOurs: boolean): Promise<Outcome> {
  if (step.isRough && !isOurs)
    return { outcome: "skipped", detail: "it would remove what is deployed there" };
  return settle(() => step.run(life));
}

/** What a check came to. */
async function settle(run: () => Promise<string | undefined>): Promise<Outcome> {
  try {
    const detail = await run();
    return { outcome: "passed", ...(detail !== undefined && { detail }) };
  } catch (error) {
    if (error instanceof Skipped) return { outcome: "skipped", detail: error.message };
    return failure(error);
  }
}

const failure = (error: unknown): Outcome => ({
  outcome: "failed",
  detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
});
