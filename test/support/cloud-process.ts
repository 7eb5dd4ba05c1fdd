/**
 * A cloud in a process of its own, for those who kill it: `node cloud-process.ts <data directory>`.
 *
 * Prints one JSON line when it is ready, then one for each line of JSON that it reads; ends with its parent.
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeFirstClient } from "#start/first-client.ts";
import { startWharf } from "#start/start-wharf.ts";
import { readStoredClient } from "#start/stored-client.ts";

const [dataDir = ""] = process.argv.slice(2);
const cloud = await startWharf({ dataDir });
const file = join(dataDir, "client.json");
const client =
  readStoredClient(file) ?? (await makeFirstClient(cloud, cloud.outputs["TableName"] ?? "", file));

const commands: Record<string, (value: number) => unknown> = {
  advance: (ms) => cloud.advance(ms),
  idle: () => cloud.waitForIdle(),
  async stop() {
    await cloud.stop();
    setImmediate(() => process.exit());
  },
  /** Largest resident size so far, in bytes, and the calls to S3. */
  report: () => ({
    peakRss: process.resourceUsage().maxRSS * 1_024,
    calls: cloud.traces().map(({ caller, action, status }) => ({ caller, action, status })),
  }),
};

say({
  origin: cloud.apiUrl,
  clientId: client.client_id,
  clientSecret: client.client_secret,
  aws: { url: cloud.awsUrl, bucket: cloud.outputs["BucketName"], ...cloud.rootCredentials },
});
const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit());
lines.on("line", async (line) => {
  const { command, value } = JSON.parse(line);
  say((await commands[command]?.(value)) ?? {});
});

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
