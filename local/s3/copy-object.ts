/** CopyObject, and the source half of UploadPartCopy. */
import { decode } from "../sigv4.ts";
import { receiveBytes } from "./body.ts";
import { algorithmSchema } from "./checksum.ts";
import { checksumElement } from "./checksum-headers.ts";
import { commitObject } from "./commit-object.ts";
import { checkCopySource } from "./conditions.ts";
import { invalidArgument, invalidRequest, s3Error } from "./errors.ts";
import { findObject, readObject } from "./get-object.ts";
import { describeObject } from "./object-headers.ts";
import { checkExpectedOwner } from "./owner.ts";
import { MAX_PUT_BYTES } from "./put-object.ts";
import { createRequest, objectArn, parseTarget, type S3Request, writeContext } from "./request.ts";
import { sendXml } from "./respond.ts";
import type { StoredObject } from "./schema.ts";
import type { S3 } from "./state.ts";

/** `x-amz-copy-source` is a percent-encoded path, with or without a slash before it. */
function decodeSource(header: string): string {
  try {
    return decode(header.replace(/^\/?/, "/"));
  } catch (cause) {
    const error = invalidArgument("Invalid copy source encoding", "x-amz-copy-source", header);
    throw Object.assign(error, { cause });
  }
}

/** The object that `x-amz-copy-source` names, if the caller may read it and its conditions hold. */
export function copySource(s3: S3, request: S3Request): StoredObject {
  const header = request.header("x-amz-copy-source") ?? "";
  const target = parseTarget(decodeSource(header), undefined);
  const settings = s3.buckets.get(target.bucket);
  if (target.key === "") {
    throw invalidArgument("Invalid copy source object key", "x-amz-copy-source", header);
  }
  if (!settings) throw s3Error("NoSuchBucket", { BucketName: target.bucket });
  checkExpectedOwner(request, "x-amz-source-expected-bucket-owner");
  request.call.authorize("s3:GetObject", objectArn(target));
  const source = findObject(s3, { ...createRequest(request.call, target), settings });
  checkCopySource(request, source);
  return source;
}

/** COPY (the default) or REPLACE, of `x-amz-metadata-directive` and `x-amz-tagging-directive`. */
function directive(request: S3Request, kind: "metadata" | "tagging"): "COPY" | "REPLACE" {
  const name = `x-amz-${kind}-directive`;
  const value = request.header(name) ?? "COPY";
  if (value !== "COPY" && value !== "REPLACE") {
    throw invalidArgument(`Unknown ${kind} directive.`, name, value);
  }
  return value;
}

/** CopyObject. The bytes are copied too: the copy's ETag is the MD5 of the whole, whatever the source's parts. */
export async function copyObject(s3: S3, request: S3Request): Promise<void> {
  const { call } = request;
  call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: true }));
  const source = copySource(s3, request);
  const described = describeObject(request);
  const headers = directive(request, "metadata") === "REPLACE" ? described.headers : source.headers;
  const tags = directive(request, "tagging") === "REPLACE" ? described.tags : source.tags;
  if (Object.keys(tags).length > 0) call.authorize("s3:PutObjectTagging", objectArn(request));
  if (source.bucket === request.bucket && source.key === request.key && headers === source.headers) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  if (source.size > MAX_PUT_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
    );
  }
  const asked = algorithmSchema.safeParse(request.header("x-amz-checksum-algorithm"));
  const algorithm = asked.success ? asked.data : source.checksum.algorithm;

  await s3.writes.run(request, async (condition) => {
    condition?.check(s3.store.object(request.bucket, request.key));
    const received = await receiveBytes(
      readObject(s3, source, { from: 0, to: source.size }),
      s3.blobs,
      algorithm,
    );
    const modified = commitObject(s3, request, { headers, tags, received, condition, reason: "CopyObject" });
    call.res.setHeader("x-amz-server-side-encryption", request.settings.encryption);
    sendXml(request, "CopyObjectResult", {
      LastModified: new Date(modified).toISOString(),
      ETag: `"${received.md5}"`,
      ChecksumType: "FULL_OBJECT",
      ...checksumElement(received.algorithm, received.checksum),
    });
  });
}
