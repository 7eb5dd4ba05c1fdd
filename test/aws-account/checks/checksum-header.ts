/** A declared SHA-256 travels as a signed header; S3 counts it there and nowhere else. */
import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Check, said, seen } from "../check.ts";
import { bytesOf, sendPart } from "../send-part.ts";
import { startOnePart } from "../start-one-part.ts";

const right = bytesOf(4_096);
const other = bytesOf(4_096, 1);
const digest = createHash("sha256").update(right).digest();
const sha256 = digest.toString("hex");
const declared = { checksum: { sha256 } };

const rightBytes: Check = {
  name: "sha256: the right bytes",
  expects: "S3 200 with the part's headers, then a file of that SHA-256",
  onlyAws: "whether S3 takes the checksum as a signed header of a presigned part",
  async run(target) {
    const { uploadId, part } = await startOnePart(target, "sha256-right.bin", right.length, declared);
    const put = await said(await sendPart(part, right));
    if (put !== "200") return seen(false, `S3 ${put}`);
    const file = await target.api.json(finalizeAnswer, `/v1/uploads/${uploadId}/finalize`, { json: {} });
    const isDeclared = file.sha256 === sha256;
    return seen(isDeclared, `S3 200, finalize 200, sha256 ${isDeclared ? "as declared" : file.sha256}`);
  },
};

const otherBytes: Check = {
  name: "sha256: other bytes of that length",
  expects: "S3 400 BadDigest",
  onlyAws: "S3's code for it",
  async run(target) {
    const { part } = await startOnePart(target, "sha256-other.bin", right.length, declared);
    const put = await said(await sendPart(part, other));
    return seen(put === "400 BadDigest", `S3 ${put}`);
  },
};

const withoutHeader: Check = {
  name: "sha256: without the part's headers",
  expects: "S3 403, since a signed header is missing",
  onlyAws: "S3's code for it",
  async run(target) {
    const { part } = await startOnePart(target, "sha256-bare.bin", right.length, declared);
    const put = await said(await sendPart({ ...part, headers: {} }, right));
    return seen(put.startsWith("403"), `S3 ${put}`);
  },
};

/** The SDK's presigner moves `x-amz-checksum-sha256` into the query, where S3 doesn't look. */
const inTheQuery: Check = {
  name: "sha256: in the URL's query alone",
  expects: "S3 400: the part lacks the checksum that its upload asks for",
  onlyAws: "that S3 never reads a checksum from the query (aws-sdk-go-v2 #2610)",
  async run({ s3, bucket: Bucket }) {
    const upload = { Bucket, Key: "test-aws/checksum-in-query" };
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: "SHA256" }),
    );
    try {
      const ChecksumSHA256 = digest.toString("base64");
      const command = new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, ChecksumSHA256 });
      const url = await getSignedUrl(s3, command, { expiresIn: 300 });
      if (!new URL(url).searchParams.has("x-amz-checksum-sha256"))
        throw new Error("the SDK's presigner no longer puts the checksum into the query");
      const put = await said(await sendPart({ url, headers: {} }, right));
      return seen(put.startsWith("400"), `S3 ${put}`);
    } finally {
      await s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
    }
  },
};

export const checksumHeader = [rightBytes, otherBytes, withoutHeader, inTheQuery];
