/**
 * One file through the API by 8 parallel parts, and the same bytes by `curl -T` in one PUT to the same S3.
 *
 * The peer is the least that can be done: no session, no parts, no API. Rounds alternate and medians are compared,
 * since a single round on a small machine may take twice as long as the next.
 */
import { execFile } from "node:child_process";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSigner } from "#aws/signer.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { startCloudChild } from "#test/support/cloud-child.ts";
import { directEnv } from "#test/support/direct-env.ts";

const MIB = 1_048_576;
const LANES = 8;
const CHUNK = MIB / 4;
const run_ = promisify(execFile);

type Cloud = Awaited<ReturnType<typeof startCloudChild>>;

/** Prints MiB/s of both, the ratio of the medians and the cloud's peak memory. Skipped by name without curl. */
export async function run({ short }: { short: boolean }): Promise<void> {
  if (!(await hasCurl())) {
    console.log("skipped: bench/upload needs curl");
    return;
  }
  const size = (short ? 64 : 1_024) * MIB;
  const rounds = short ? 1 : 5;
  const dir = await mkdtemp(join(tmpdir(), "wharf-bench-"));
  try {
    const file = join(dir, "file.bin");
    await fill(file, size);
    await using cloud = await startCloudChild(join(dir, "data"));
    // Functions start and code is compiled before anything is timed.
    await byParts(cloud, file, MIB, "warm");
    await byCurl(cloud, file, "bench/warm");
    const seconds: Record<"ours" | "curl", number[]> = { ours: [], curl: [] };
    for (let round = 0; round < rounds; round++) {
      seconds.curl.push(await timed(() => byCurl(cloud, file, `bench/${round}`)));
      seconds.ours.push(await timed(() => byParts(cloud, file, size, round)));
    }
    const rate = (name: "ours" | "curl") => size / MIB / median(seconds[name]);
    for (const name of ["ours", "curl"] as const) {
      const all = seconds[name].map((one) => one.toFixed(2)).join(", ");
      console.log(`${name.padEnd(5)} ${Math.round(rate(name))} MiB/s   (${size / MIB} MiB in ${all} s)`);
    }
    console.log(`ours / curl ${(rate("ours") / rate("curl")).toFixed(2)}`);
    const { peakRss } = await cloud.report();
    console.log(`peak RSS of the whole local cloud ${Math.round(peakRss / MIB)} MiB`);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Start, parts by `LANES` connections from the file, finalize. */
async function byParts({ client }: Cloud, file: string, size: number, round: number | string): Promise<void> {
  const started = await client.start(`bench-${round}.bin`, size);
  const count = started.part_count ?? 1;
  const urls = [...started.parts];
  if (urls.length < count) {
    const json = { first: urls.length + 1, count: count - urls.length };
    const answer = await client.api(`/v1/uploads/${started.upload_id}/parts`, { json });
    const { parts } = (await answer.json()) as { parts: typeof urls };
    urls.push(...parts);
  }
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  const queue = urls.values();
  const handle = await open(file, "r");
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const;
      for (const { part_number, ...target } of queue) {
        const from = (part_number - 1) * started.part_size;
        await put(agent, target, { handle, from, to: Math.min(from + started.part_size, size), buffers });
      }
    }),
  );
  await handle.close();
  agent.destroy();
  await client.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json: {} });
}

interface Range {
  handle: FileHandle;
  from: number;
  to: number;
  /** Filled in turn: one is read while the other is sent. New ones for every chunk would cost more than sending. */
  buffers: readonly [Buffer, Buffer];
}

interface Target {
  url: string;
  headers: Record<string, string>;
}

/** Sends bytes `from` … `to` of the file to a presigned URL, with the headers that it was signed for. */
async function put(
  agent: Agent,
  { url, headers }: Target,
  { handle, from, to, buffers }: Range,
): Promise<void> {
  const sent = request(url, {
    method: "PUT",
    agent,
    headers: { ...headers, "content-length": to - from },
  });
  const answered = new Promise<number>((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
  });
  let sending = Promise.resolve();
  let [next, other] = buffers;
  for (let at = from; at < to; ) {
    const { bytesRead } = await handle.read(next, 0, Math.min(next.length, to - at), at);
    if (bytesRead === 0) throw new Error(`the file ends before byte ${to}`);
    await sending;
    const chunk = next.subarray(0, bytesRead);
    sending = new Promise((resolve, reject) =>
      sent.write(chunk, (error) => (error ? reject(error) : resolve())),
    );
    [next, other] = [other, next];
    at += bytesRead;
  }
  await sending;
  sent.end();
  const status = await answered;
  if (status !== 200) throw new Error(`a part was answered ${status}`);
}

async function byCurl({ aws }: Cloud, file: string, key: string): Promise<void> {
  const { url: endpoint, bucket, ...credentials } = aws;
  const signer = createSigner({
    bucket,
    endpoint,
    region: async () => "us-east-1",
    credentials: async () => credentials,
  });
  const { url } = await signer.sign({ method: "PUT", key, expiresIn: 3600 });
  await run_("curl", ["--fail", "--silent", "--show-error", "-T", file, url], { env: directEnv });
}

async function hasCurl(): Promise<boolean> {
  return run_("curl", ["--version"]).then(
    () => true,
    () => false,
  );
}

async function fill(path: string, size: number): Promise<void> {
  const handle = await open(path, "w");
  const block = Buffer.alloc(MIB);
  for (let at = 0; at < size; at += MIB) {
    block.fill(at / MIB);
    block.writeUInt32BE(at / MIB);
    await handle.write(block);
  }
  await handle.close();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
