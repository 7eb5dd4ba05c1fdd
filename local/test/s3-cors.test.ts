import { GetBucketCorsCommand, GetBucketLocationCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, type Harness, outcome, refusal, startS3 } from "./s3-harness.ts";

const RULES = [
  {
    allowedOrigins: ["https://*.example.com", "http://localhost:5173"],
    allowedMethods: ["GET", "PUT"],
    allowedHeaders: ["content-*", "x-amz-checksum-crc32"],
    exposedHeaders: ["ETag", "x-amz-request-id"],
    maxAgeSeconds: 300,
  },
  { allowedOrigins: ["*"], allowedMethods: ["HEAD"] },
];

let h: Harness;
beforeAll(async () => {
  h = await startS3({ bucket: { corsRules: RULES } });
  h.s3.createBucket({ name: "closed" });
});
afterAll(() => h[Symbol.asyncDispose]());

function preflight(origin: string | undefined, method: string | undefined, headers = "", bucket = BUCKET) {
  return h.anonymous(`/${bucket}/key`, {
    method: "OPTIONS",
    headers: {
      ...(origin && { origin }),
      ...(method && { "access-control-request-method": method }),
      ...(headers && { "access-control-request-headers": headers }),
    },
  });
}

describe("a preflight", () => {
  it("is answered with the rule that matches", async () => {
    const response = await preflight("https://app.example.com", "PUT", "Content-Type, x-amz-checksum-crc32");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "content-type, x-amz-checksum-crc32",
      "access-control-expose-headers": "ETag, x-amz-request-id",
      "access-control-allow-credentials": "true",
      "access-control-max-age": "300",
      vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    });
  });

  it.each<[string | undefined, string | undefined, string, string, string]>([
    ["https://app.example.com", "PUT", "", "closed", "403 AccessForbidden"],
    ["https://app.example.com", "PUT", "", "nowhere", "404 NoSuchBucket"],
  ])("from %s for %s %j on %s answers %s", async (origin, method, headers, bucket, expected) => {
    expect(await outcome(await preflight(origin, method, headers, bucket))).toBe(expected);
  });
});

describe("an actual request", () => {
  const origin = "http://localhost:5173";

  it("gets them with an error too, even of its signature", async () => {
    const missing = await h.anonymous(`/${BUCKET}/missing`, { headers: { origin } });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("access-control-allow-origin")).toBe(origin);
    const forged = await h.anonymous(`/${BUCKET}/key?X-Amz-Signature=0`, { headers: { origin } });
    expect(forged.status).toBe(400);
    expect(forged.headers.get("access-control-allow-origin")).toBe(origin);
  });
});

describe("a bucket", () => {
  it("tells its rules, its place and that it exists", async () => {
    const { CORSRules } = await h.client.send(new GetBucketCorsCommand({ Bucket: BUCKET }));
    expect(CORSRules?.[0]).toMatchObject({ AllowedMethods: ["GET", "PUT"], MaxAgeSeconds: 300 });
    const location = await h.client.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
    expect(location.LocationConstraint || undefined).toBeUndefined();
    const head = await h.client.send(new HeadBucketCommand({ Bucket: BUCKET }));
    expect(head.BucketRegion).toBe("us-east-1");
    expect((await refusal(h.client.send(new HeadBucketCommand({ Bucket: "nowhere" })))).name).toBe(
      "NotFound",
    );
    const closed = h.client.send(new GetBucketCorsCommand({ Bucket: "closed" }));
    expect((await refusal(closed)).name).toBe("NoSuchCORSConfiguration");
  });

  it("keeps its objects when it is provisioned again", async () => {
    await h.anonymous(`/${BUCKET}/kept`, { method: "PUT", body: "x" });
    h.s3.createBucket({ name: BUCKET, corsRules: RULES });
    expect((await h.anonymous(`/${BUCKET}/kept`)).status).toBe(200);
    h.s3.createBucket({ name: BUCKET, corsRules: [], policy: { Statement: [] } });
    expect(h.s3.bucket(BUCKET)).toMatchObject({ corsRules: [], policy: { Statement: [] } });
    expect(await outcome(await preflight("https://app.example.com", "PUT"))).toBe("403 AccessForbidden");
  });
});
