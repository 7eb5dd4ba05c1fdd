import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALGORITHMS, checksumOfParts, createHasher } from "../s3/checksum.ts";
import { crc32c, crc64nvme } from "../s3/crc-wasm.ts";
import { amzDate, canonicalRequest, sign, signingKey, stringToSign } from "../sigv4.ts";
import { BUCKET, type Harness, outcome, startS3 } from "./s3-harness.ts";

function digest(algorithm: (typeof ALGORITHMS)[number], data: Uint8Array): string {
  const hasher = createHasher(algorithm);
  hasher.update(data);
  return hasher.digest().toString("base64");
}

describe("checksums", () => {
  const check = Buffer.from("123456789");

  it("agree with the published check values", () => {
    expect(crc32c(check)).toBe(0xe3069283n);
    expect(crc64nvme(check)).toBe(0xae8b14860a799888n);
    expect(digest("CRC32", check)).toBe(Buffer.from("cbf43926", "hex").toString("base64"));
    expect(digest("SHA1", check)).toBe(createHash("sha1").update(check).digest("base64"));
  });

  it("don't depend on how the data is cut", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ALGORITHMS),
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        (algorithm, pieces) => {
          const hasher = createHasher(algorithm);
          for (const piece of pieces) hasher.update(piece);
          expect(hasher.digest().toString("base64")).toBe(digest(algorithm, Buffer.concat(pieces)));
        },
      ),
    );
  });

  it("of a whole object come from its parts' CRCs", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("CRC32" as const, "CRC32C" as const, "CRC64NVME" as const),
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
        (algorithm, pieces) => {
          const parts = pieces.map((piece) => ({ size: piece.length, checksum: digest(algorithm, piece) }));
          expect(checksumOfParts(algorithm, "FULL_OBJECT", parts).value).toBe(
            digest(algorithm, Buffer.concat(pieces)),
          );
        },
      ),
    );
  });

  it("of buffers longer than the checksum's own", () => {
    const data = Buffer.alloc(1_500_001, "words");
    let whole = 0n;
    for (let at = 0; at < data.length; at += 1000) whole = crc64nvme(data.subarray(at, at + 1000), whole);
    expect(crc64nvme(data)).toBe(whole);
  });
});

describe("aws-chunked bodies", () => {
  let h: Harness;
  beforeAll(async () => {
    h = await startS3();
  });
  afterAll(() => h[Symbol.asyncDispose]());

  const crc = Buffer.from(crc32("hello world").toString(16).padStart(8, "0"), "hex").toString("base64");
  const send = async (body: string, headers: Record<string, string> = {}) =>
    outcome(
      await h.anonymous(`/${BUCKET}/chunked`, {
        method: "PUT",
        body,
        headers: {
          "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
          "x-amz-decoded-content-length": "11",
          "content-encoding": "aws-chunked",
          ...headers,
        },
      }),
    );
  const trailer = { "x-amz-trailer": "x-amz-checksum-crc32" };

  /** A body in two chunks and a trailer, each signed over the one before, as an SDK sends it over plain HTTP. */
  function signedRequest(tamper: (body: string) => string) {
    const timestamp = amzDate(h.clock.now());
    const day = timestamp.slice(0, 8);
    const scope = `${day}/us-east-1/s3/aws4_request`;
    const key = signingKey(h.secretAccessKey, day, "us-east-1", "s3");
    const payloadHash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    const headers: Record<string, string> = {
      host: new URL(h.endpoint).host,
      "x-amz-content-sha256": payloadHash,
      "x-amz-date": timestamp,
      "x-amz-decoded-content-length": "11",
      "x-amz-trailer": "x-amz-checksum-crc32",
    };
    const path = `/${BUCKET}/signed`;
    const signedHeaders = Object.keys(headers).sort();
    const canonical = canonicalRequest({
      ...{ method: "PUT", path, query: [], signedHeaders, payloadHash, service: "s3" },
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    });
    let previous = sign(key, stringToSign(timestamp, scope, canonical));
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${h.accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(";")}, Signature=${previous}`;
    const next = (kind: string, ...rest: string[]) => {
      previous = sign(key, [`AWS4-HMAC-SHA256-${kind}`, timestamp, scope, previous, ...rest].join("\n"));
      return previous;
    };
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const chunk = (data: string) =>
      `${data.length.toString(16)};chunk-signature=${next("PAYLOAD", sha256(""), sha256(data))}\r\n${data}`;
    const chunks = `${chunk("hello")}\r\n${chunk(" world")}\r\n${chunk("")}`;
    const line = `x-amz-checksum-crc32:${crc}\n`;
    const trailers = `${line.trim()}\r\nx-amz-trailer-signature:${next("TRAILER", sha256(line))}\r\n\r\n`;
    return h.anonymous(path, { method: "PUT", body: tamper(`${chunks}${trailers}`), headers });
  }

  it.each<[string, (body: string) => string, string]>([
    ["as signed", (body) => body, "200"],
    ["with other bytes", (body) => body.replace("hello", "jello"), "403 SignatureDoesNotMatch"],
    ["with another trailer", (body) => body.replace(crc, "AAAAAA=="), "403 SignatureDoesNotMatch"],
    ["without signatures", (body) => body.replace(/;chunk-signature=\w+/g, ""), "403 SignatureDoesNotMatch"],
  ])("signed chunk by chunk, %s", async (_name, tamper, expected) => {
    expect(await outcome(await signedRequest(tamper))).toBe(expected);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ["one chunk", `b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`, trailer, "200"],
    ["two chunks", `5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`, trailer, "200"],
    ["no trailer", "b\r\nhello world\r\n0\r\n\r\n", {}, "200"],
    [
      "wrong checksum",
      "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
      trailer,
      "400 BadDigest",
    ],
    [
      "not a checksum",
      "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:A\r\n\r\n",
      trailer,
      "400 InvalidRequest",
    ],
    ["promised trailer missing", "b\r\nhello world\r\n0\r\n\r\n", trailer, "400 MalformedTrailerError"],
    ["broken trailer", "b\r\nhello world\r\n0\r\nnonsense\r\n\r\n", {}, "400 MalformedTrailerError"],
    [
      "unknown trailer",
      "b\r\nhello world\r\n0\r\n\r\n",
      { "x-amz-trailer": "x-amz-other" },
      "400 InvalidRequest",
    ],
    ["shorter than promised", "5\r\nhello\r\n0\r\n\r\n", {}, "400 IncompleteBody"],
    ["cut off", "b\r\nhello", {}, "400 IncompleteBody"],
    ["no framing", "hello world", {}, "400 IncompleteBody"],
    ["much without framing", "hello world\n".repeat(2_000_000), {}, "400 IncompleteBody"],
    ["no decoded length", "0\r\n\r\n", { "x-amz-decoded-content-length": "" }, "411 MissingContentLength"],
  ])("%s", async (_name, body, headers, expected) => {
    expect(await send(body, headers)).toBe(expected);
    if (expected !== "200") return;
    const response = await h.anonymous(`/${BUCKET}/chunked`);
    expect(await response.text()).toBe("hello world");
    expect(response.headers.get("content-encoding")).toBeNull();
  });
});
