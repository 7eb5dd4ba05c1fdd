import { createHmac } from "node:crypto";
import { GetObjectCommand, HeadObjectCommand, S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSigner, type SigningCredentials } from "#aws/signer.ts";

const REGION = "eu-west-1";
const BUCKET = "a-bucket";
const MIDNIGHT = Date.parse("2026-03-01T00:00:00.000Z");

/** Keys as hostile as S3 takes them; `.` segments are S3's own to reject. */
const segment = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(..." +%&=?#!'()*~-_.,;:@$/\\\"<>[]{}|^`éß漢😀ab"),
      minLength: 1,
      maxLength: 20,
    }),
  )
  .filter((text) => !/(^|\/)\.{1,2}(\/|$)/.test(text) && !text.startsWith("/"));
const text = fc.string({ unit: fc.constantFrom(..."abcXYZ019+/=_-."), minLength: 1, maxLength: 60 });
const credentials: fc.Arbitrary<SigningCredentials> = fc.record(
  { accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/), secretAccessKey: text, sessionToken: text },
  { requiredKeys: ["accessKeyId", "secretAccessKey"] },
);
const time = fc.oneof(
  fc.integer({ min: -3_000, max: 3_000 }).map((ms) => MIDNIGHT + ms),
  fc.integer({ min: 0, max: 4_000_000_000_000 }),
);
const endpoint = fc.constantFrom(
  undefined,
  "http://127.0.0.1:4401",
  "http://localhost:4566",
  "https://s3.example.com",
);
const given = fc.record({
  key: segment,
  uploadId: text,
  part: fc.integer({ min: 1, max: 10_000 }),
  credentials,
  time,
  endpoint,
  expiresIn: fc.integer({ min: 1, max: 604_800 }),
});

interface Given {
  credentials: SigningCredentials;
  time: number;
  endpoint: string | undefined;
}

const ours = ({ credentials, time, endpoint }: Given, bucket = BUCKET) =>
  createSigner({
    bucket,
    region: async () => REGION,
    credentials: async () => credentials,
    endpoint,
    now: () => time,
  });

const theirs = ({ credentials, endpoint }: Given) =>
  new S3Client({
    region: REGION,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });

/** The parts of a URL that S3 reads; in which order the query comes makes no difference to it. */
function anyOrder(url: string): unknown {
  const [address, query = ""] = url.split("?");
  return [address, query.split("&").sort()];
}

describe("the signer gives what the SDK's presigner gives", () => {
  test("for the URLs of parts", () =>
    fc.assert(
      fc.asyncProperty(given, async (input) => {
        const { key, uploadId, part, time, expiresIn } = input;
        const urls = await ours(input).signParts({ key, uploadId, expiresIn });
        const command = new UploadPartCommand({
          Bucket: BUCKET,
          Key: key,
          UploadId: uploadId,
          PartNumber: part,
        });
        const expected = await getSignedUrl(theirs(input), command, {
          expiresIn,
          signingDate: new Date(time),
        });
        expect(anyOrder(urls.prefix + part + urls.suffix + urls.signature(part))).toEqual(anyOrder(expected));
      }),
      { numRuns: 300 },
    ));

  test("where length and checksum are signed as headers", () =>
    fc.assert(
      fc.asyncProperty(given, fc.nat(), async (input, size) => {
        const { key, uploadId, part, time, expiresIn } = input;
        const headers = { "x-amz-checksum-crc32": "ieUGaQ==", "content-length": String(size) };
        const urls = await ours(input).signParts({ key, uploadId, expiresIn, headers });
        const command = new UploadPartCommand({
          ...{ Bucket: BUCKET, Key: key, UploadId: uploadId, PartNumber: part },
          ...{ ContentLength: size, ChecksumCRC32: "ieUGaQ==" },
        });
        const expected = await getSignedUrl(theirs(input), command, {
          expiresIn,
          signingDate: new Date(time),
          unhoistableHeaders: new Set(["x-amz-checksum-crc32"]),
        });
        expect(anyOrder(urls.prefix + part + urls.suffix + urls.signature(part))).toEqual(anyOrder(expected));
      }),
    ));

  test("where a SHA-256 is signed as a header", () =>
    fc.assert(
      fc.asyncProperty(given, async (input) => {
        const { key, uploadId, part, time, expiresIn } = input;
        const digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        const headers = { "x-amz-checksum-sha256": digest };
        const urls = await ours(input).signParts({ key, uploadId, expiresIn, headers });
        const command = new UploadPartCommand({
          ...{ Bucket: BUCKET, Key: key, UploadId: uploadId, PartNumber: part },
          ChecksumSHA256: digest,
        });
        const expected = await getSignedUrl(theirs(input), command, {
          expiresIn,
          signingDate: new Date(time),
          unhoistableHeaders: new Set(["x-amz-checksum-sha256"]),
        });
        expect(anyOrder(urls.prefix + part + urls.suffix + urls.signature(part))).toEqual(anyOrder(expected));
      }),
    ));

  test.each([
    ["GET", GetObjectCommand, { "x-id": "GetObject" }],
    ["HEAD", HeadObjectCommand, {}],
  ] as const)("for %s under any name", (method, Command, id) =>
    fc.assert(
      fc.asyncProperty(given, fc.string({ unit: "grapheme" }), async (input, name) => {
        const { key, time, expiresIn } = input;
        const query = { "response-content-disposition": name, "response-content-type": "text/plain" };
        const { url } = await ours(input).sign({
          ...{ method, key, expiresIn },
          query: { ...query, ...id },
        });
        const command = new Command({
          ...{ Bucket: BUCKET, Key: key },
          ...{ ResponseContentDisposition: name, ResponseContentType: "text/plain" },
        });
        const expected = await getSignedUrl(theirs(input), command, {
          expiresIn,
          signingDate: new Date(time),
        });
        expect(anyOrder(url)).toEqual(anyOrder(expected));
      }),
    ),
  );
});

const at: Given = {
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  time: MIDNIGHT,
  endpoint: undefined,
};

describe("lifetime", () => {
  test.each([
    ["as asked", 900, undefined, 900],
    ["what the credentials have left", 900, MIDNIGHT + 60_999, 60],
    ["S3's limit", 10_000_000, undefined, 604_800],
  ])("%s", async (_, expiresIn, expiration, seconds) => {
    const credentials = {
      ...at.credentials,
      ...(expiration === undefined ? {} : { expiration: new Date(expiration) }),
    };
    const { url, expiresAt } = await ours({ ...at, credentials }).sign({
      method: "GET",
      key: "k",
      expiresIn,
    });
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe(String(seconds));
    expect(expiresAt).toBe(MIDNIGHT + seconds * 1000);
  });

  test("none with credentials that have run out", async () => {
    const credentials = { ...at.credentials, expiration: new Date(MIDNIGHT) };
    await expect(
      ours({ ...at, credentials }).sign({ method: "GET", key: "k", expiresIn: 900 }),
    ).rejects.toThrow(/expired/);
  });
});

test("a signer that lives past midnight and past its credentials signs as a new one does", async () => {
  let now: Given = at;
  const living = createSigner({
    bucket: BUCKET,
    region: async () => REGION,
    credentials: async () => now.credentials,
    now: () => now.time,
  });
  const days = [0, 86_399_999, 86_400_000, 0].map((ms) => ({ ...at, time: MIDNIGHT + ms }));
  for (const moment of [
    ...days,
    { ...at, credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "other" } },
  ]) {
    now = moment;
    const input = { method: "GET", key: "k", expiresIn: 60 } as const;
    expect(await living.sign(input)).toEqual(await ours(moment).sign(input));
  }
});

test("a bucket with a dot is addressed by path, since no certificate covers its host", async () => {
  const { url } = await ours(at, "a.bucket").sign({ method: "GET", key: "k", expiresIn: 900 });
  expect(url).toMatch("https://s3.eu-west-1.amazonaws.com/a.bucket/k?");
});

describe("a form", () => {
  const input = { key: "f/ws/upl", range: [0, 5] as const, expiresIn: 900 };
  const policyOf = ({ policy = "" }: Record<string, string>) =>
    JSON.parse(Buffer.from(policy, "base64").toString("utf8"));

  test("has a condition for the bucket, for each of its fields, and for the length", async () => {
    const credentials = { ...at.credentials, sessionToken: "token" };
    const { url, fields, expiresAt } = await ours({ ...at, credentials }).signForm(input);
    expect([url, expiresAt]).toEqual([`https://${BUCKET}.s3.${REGION}.amazonaws.com/`, MIDNIGHT + 900_000]);
    const { policy: _, "x-amz-signature": signature, ...rest } = fields;
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      key: "f/ws/upl",
      "x-amz-algorithm": "AWS4-HMAC-SHA256",
      "x-amz-credential": `${credentials.accessKeyId}/20260301/${REGION}/s3/aws4_request`,
      "x-amz-date": "20260301T000000Z",
      "x-amz-security-token": "token",
    });
    expect(policyOf(fields)).toEqual({
      expiration: "2026-03-01T00:15:00.000Z",
      conditions: [
        ...[{ bucket: BUCKET }, ...Object.entries(rest).map(([name, value]) => ({ [name]: value }))],
        ["content-length-range", 0, 5],
      ],
    });
  });

  test("ends with the credentials that sign it", async () => {
    const credentials = { ...at.credentials, expiration: new Date(MIDNIGHT + 60_000) };
    const { fields, expiresAt } = await ours({ ...at, credentials }).signForm(input);
    expect([policyOf(fields).expiration, expiresAt]).toEqual(["2026-03-01T00:01:00.000Z", MIDNIGHT + 60_000]);
  });

  // S3 API Reference, "Example: Browser-Based Upload using HTTP POST": the key of that day signs the policy's base64.
  test("is signed as a URL of the same day is: by the day's key, over the policy", async () => {
    const { fields } = await ours(at).signForm(input);
    const { policy = "", "x-amz-signature": signature } = fields;
    const key = ["20260301", REGION, "s3", "aws4_request"].reduce<string | Buffer>(
      (before, part) => createHmac("sha256", before).update(part).digest(),
      `AWS4${at.credentials.secretAccessKey}`,
    );
    expect(signature).toBe(createHmac("sha256", key).update(policy).digest("hex"));
  });
});
