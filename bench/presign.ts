/**
 * 10,000 part URLs of one upload: our signer, the SDK's presigner, aws4fetch, and the bare hashes as the limit.
 *
 * The limit is what no signer can do without: one SHA-256 of the canonical request and one HMAC per URL.
 */
import { createHmac, createSecretKey, hash } from "node:crypto";
import { S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AwsClient } from "aws4fetch";
import { createSigner } from "#aws/signer.ts";

// Made up: nothing is sent.
const identity = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example", sessionToken: "t".repeat(600) };
const region = "us-east-1";
const bucket = "bench-bucket";
const key = "o/ws_01JZZZZZZZZZZZZZZZZZZZZZZZ/upl_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const uploadId = "u".repeat(120);
const expiresIn = 3600;

/** What ours must be at least, in times the SDK's presigner. */
const TARGET = 40;

/**
 * Prints URLs per second of each, and how many times the SDK's presigner ours is. They sign in turns, and the fastest
 * turn of each counts, so that what else the machine does slows none of them alone.
 *
 * @throws Error where ours misses the target, unless `short`.
 */
export async function run({ short }: { short: boolean }): Promise<void> {
  const count = short ? 200 : 10_000;
  const contenders = { limit, ours, aws4fetch, sdk };
  const rates: Record<string, number> = {};
  for (const sign of Object.values(contenders)) await sign(Math.min(count, 200)); // warm: code, keys, clients
  for (let turn = 0; turn < (short ? 1 : 3); turn++) {
    for (const [name, sign] of Object.entries(contenders)) {
      const before = process.hrtime.bigint();
      const urls = await sign(count);
      const seconds = Number(process.hrtime.bigint() - before) / 1e9;
      if (new Set(urls).size !== count)
        throw new Error(`${name} made ${new Set(urls).size} of ${count} URLs`);
      rates[name] = Math.max(rates[name] ?? 0, count / seconds);
    }
  }
  for (const [name, rate] of Object.entries(rates))
    console.log(`${name.padEnd(10)} ${Math.round(rate).toLocaleString("en")} URLs/s`);
  const ratio = (of: string, to: string) => (rates[of] ?? 0) / (rates[to] ?? 1);
  console.log(`ours / sdk       ${ratio("ours", "sdk").toFixed(1)}`);
  console.log(`ours / aws4fetch ${ratio("ours", "aws4fetch").toFixed(1)}`);
  console.log(`ours / limit     ${ratio("ours", "limit").toFixed(2)}`);
  if (!short && ratio("ours", "sdk") < TARGET)
    throw new Error(`ours is to be at least ${TARGET} times the SDK's presigner`);
}

async function ours(count: number): Promise<string[]> {
  const signer = createSigner({ bucket, region: async () => region, credentials: async () => identity });
  const { prefix, suffix, signature } = await signer.signParts({ key, uploadId, expiresIn });
  return numbers(count).map((part) => prefix + part + suffix + signature(part));
}

async function sdk(count: number): Promise<string[]> {
  const client = new S3Client({ region, credentials: identity, requestChecksumCalculation: "WHEN_REQUIRED" });
  const urls: string[] = [];
  for (const PartNumber of numbers(count)) {
    const command = new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumber });
    urls.push(await getSignedUrl(client, command, { expiresIn }));
  }
  return urls;
}

async function aws4fetch(count: number): Promise<string[]> {
  const client = new AwsClient({ ...identity, service: "s3", region });
  const urls: string[] = [];
  for (const part of numbers(count)) {
    const url = new URL(`https://${bucket}.s3.${region}.amazonaws.com/${key}`);
    url.searchParams.set("uploadId", uploadId);
    url.searchParams.set("partNumber", String(part));
    url.searchParams.set("X-Amz-Expires", String(expiresIn));
    urls.push((await client.sign(url.href, { method: "PUT", aws: { signQuery: true } })).url);
  }
  return urls;
}

/** A canonical request of the same length, hashed, then one HMAC under a ready key. */
async function limit(count: number): Promise<string[]> {
  const secret = createSecretKey(Buffer.alloc(32, 7));
  const canonical = "c".repeat(1_250);
  const toSign = "AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/us-east-1/s3/aws4_request\n";
  return numbers(count).map((part) =>
    createHmac("sha256", secret)
      .update(toSign + hash("sha256", canonical + part))
      .digest("hex"),
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
