/** Every function's own bundle in the emulator, called by the local cloud with its role's credentials. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { type Cloud, REGION } from "@wharf/local-cloud";
import { ensureAssembly } from "#start/assembly.ts";
import { startWharf } from "#start/start-wharf.ts";
import { withClient } from "#test/aws-account/target.ts";
import { eventually } from "#test/support/eventually.ts";
import { stories } from "../localstack/stories.ts";
import type { Story, World } from "../localstack/story.ts";
import type { Check, Tell, Outcome as Told } from "../part.ts";
import type { Tools } from "./emulator.ts";
import { createEnvironments, type Seen } from "./environments.ts";
import { type Bundle, HUB, readFunctions, startHub, writeForwarding } from "./forward.ts";

/** Logical ids, as far as they don't change. */
const FUNCTIONS = [
  ...["ApiFunction", "WaitFunction", "EventsFunction", "IngestFunction", "RelayFunction", "SweepFunction"],
  ...["WebhooksFanOut", "WebhooksDeliver", "WebhooksDeliverSlow"],
];
/** What a queue or a stream would send: nothing is what functions see least often. */
const NOTHING = { Records: [] };
/** For one story. */
const PATIENCE_MS = 120_000;

const chosen: readonly Story[] = [
  "upload by presigned parts, resumed, finalized by CRC-32, twice the same",
  "upload by one request, binary",
  "no token, another's token, an unknown path: problems in JSON",
  "a link's page, its download with the file's name, and its end by count",
  "a lock, 423 for others, a finalize that its token lets through, and two versions",
  "who waits for a lock gets it as it is released",
  "a webhook with a valid signature, again after an endpoint's 500",
  "the event feed: a call that waits is answered by the next event",
].map(storyOf);

/** LocalStack's stories know nothing of where they run. */
function storyOf(name: string): Story {
  const found = stories.find((one) => one.name === name);
  if (!found) throw new Error(`there is no story "${name}"`);
  return found;
}

const starts = (name: string): Check => ({
  name: `the bundle of ${name} starts there and answers`,
  behaviours: ["lambda.init", "lambda.environment"],
});
const told = (name: string): Check => ({
  name: `with every function there: ${name}`,
  behaviours: ["lambda.environment"],
});
const known: Check = { name: "each function of the template is among these", behaviours: [] };

export const bundleChecks: readonly Check[] = [
  known,
  ...chosen.map(({ name }) => told(name)),
  ...FUNCTIONS.map(starts),
];

/** Runs the stories first, then sends an event to each function that they didn't reach. */
export async function runBundles(
  tools: Tools,
  folder: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const assembly = await ensureAssembly();
  const functions = readFunctions(assembly);
  const strange = functions.filter((one) => nameOf(one) === undefined).map(({ logicalId }) => logicalId);
  const isWhole = strange.length === 0 && functions.length === FUNCTIONS.length;
  tell(known.name, isWhole ? { outcome: "passed" } : failed(`${functions.length}, ${strange.join(", ")}`));
  await using environments = createEnvironments(tools, functions);
  await using hub = await startHub(environments.answer);
  writeForwarding(assembly, folder);
  // A pair for each function: the emulator has one environment, and this machine runs them all.
  const cloud = await startWharf({ assembly: folder, maxEnvironments: 2, extraEnv: { [HUB]: hub.url } });
  try {
    await runStories(cloud, tell, signal);
    for (const one of functions) {
      signal.throwIfAborted();
      const { answered } = environments.seen(one.logicalId);
      if (answered === 0) await cloud.invoke(one.logicalId, NOTHING).catch(() => {});
      tell(starts(nameOf(one) ?? "").name, verdict(environments.seen(one.logicalId)));
    }
  } finally {
    await cloud.stop();
  }
}

function nameOf({ logicalId }: Bundle): string | undefined {
  return FUNCTIONS.find((name) => new RegExp(`^${name}[0-9A-F]{8}$`).test(logicalId));
}

const failed = (detail: string): Told => ({ outcome: "failed", detail });

function verdict({ answered, failures }: Seen): Told {
  if (failures.length > 0) return failed(failures.join("; "));
  return answered === 0 ? failed("no event reached it") : { outcome: "passed", detail: `${answered} events` };
}

async function runStories(cloud: Cloud, tell: Tell, signal: AbortSignal): Promise<void> {
  const { awsUrl: endpoint, apiUrl: origin, rootCredentials: credentials, outputs } = cloud;
  const { BucketName: bucket = "", TableName: tableName = "" } = outputs;
  const aws = { endpoint, region: REGION, credentials };
  const s3 = new S3Client({ ...aws, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" });
  const dynamodb = new DynamoDBClient(aws);
  try {
    const target = await withClient({ kind: "local", origin, bucket, tableName, s3, dynamodb }, SCOPES);
    const reach = (url: string) => url;
    const world: World = {
      ...{ ...target, endpoint, publicUrl: origin, reach, companion: undefined, python: "" },
      close() {},
    };
    for (const story of chosen) {
      const run = Promise.race([story.run(world), over(signal)]);
      const outcome = await run.then((detail = "") => ({ outcome: "passed", detail }) as const, asFailed);
      signal.throwIfAborted();
      tell(told(story.name).name, outcome);
    }
    // The sweep and the ingest have their minute.
    cloud.advance(61_000);
    await eventually(() => cloud.waitForIdle(), { timeoutMs: 60_000 });
  } finally {
    s3.destroy();
    dynamodb.destroy();
  }
}

const SCOPES = [
  "files:read",
  "files:write",
  "files:delete",
  "locks:write",
  "workspaces:write",
  "shares:write",
  "webhooks:write",
] as const;

/** Rejects when a story takes too long, or this process is to end. */
function over(signal: AbortSignal): Promise<never> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return new Promise((_, reject) => {
    patience.addEventListener("abort", () => reject(patience.reason), { once: true });
  });
}

function asFailed(error: unknown): Told {
  return failed(error instanceof Error ? error.message : String(error));
}
