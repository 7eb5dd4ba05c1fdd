/** Object tags: GetObjectTagging, PutObjectTagging, DeleteObjectTagging, and the `x-amz-tagging` header. */
import { z } from "zod";
import { readDocument } from "./body.ts";
import { declaredChecksum } from "./checksum-headers.ts";
import { invalidArgument, s3Error } from "./errors.ts";
import { objectArn, type S3Request } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { StoredObject } from "./schema.ts";
import type { S3 } from "./state.ts";
import { readXml } from "./xml.ts";

// Amazon S3 User Guide, "Categorizing your storage using tags".
const MAX_TAGS = 10;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const MAX_DOCUMENT_BYTES = 64 * 1024;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

type Tags = Record<string, string>;

function tagMap(pairs: readonly (readonly [string, string])[]): Tags {
  if (pairs.length > MAX_TAGS) {
    throw s3Error("BadRequest", { message: "Object tags cannot be greater than 10" });
  }
  const tags: Tags = {};
  for (const [key, value] of pairs) {
    if (key === "" || key.length > MAX_KEY || !ALLOWED.test(key)) {
      throw s3Error("InvalidTag", { message: "The TagKey you have provided is invalid", TagKey: key });
    }
    if (key.startsWith("aws:")) {
      throw s3Error("InvalidTag", { message: "Your TagKey cannot be prefixed with aws:", TagKey: key });
    }
    if (value.length > MAX_VALUE || !ALLOWED.test(value)) {
      throw s3Error("InvalidTag", { message: "The TagValue you have provided is invalid", TagKey: key });
    }
    if (Object.hasOwn(tags, key)) {
      throw s3Error("InvalidTag", { message: "Cannot provide multiple Tags with the same key", TagKey: key });
    }
    tags[key] = value;
  }
  return tags;
}

/** Tags of an `x-amz-tagging` header. */
export function parseTagging(header: string | undefined): Tags {
  if (!header) return {};
  const pairs = [...new URLSearchParams(header)];
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) {
    const message =
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
    throw invalidArgument(message, "x-amz-tagging", header);
  }
  return tagMap(pairs);
}

const tagSchema = z.strictObject({ Key: z.string(), Value: z.string() });
const taggingSchema = z.strictObject({
  Tagging: z.strictObject({
    // An empty element is read as text.
    TagSet: z.preprocess(
      (value) => (typeof value === "string" && value.trim() === "" ? {} : value),
      z.strictObject({ Tag: z.array(tagSchema).default([]) }),
    ),
  }),
});

function existing(s3: S3, request: S3Request): StoredObject {
  const object = s3.store.object(request.bucket, request.key);
  if (!object) throw s3Error("NoSuchKey", { Key: request.key });
  return object;
}

/** GetObjectTagging. */
export function getObjectTagging(s3: S3, request: S3Request): void {
  request.call.authorize("s3:GetObjectTagging", objectArn(request));
  const tags = Object.entries(existing(s3, request).tags);
  sendXml(request, "Tagging", { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } });
}

/** PutObjectTagging. */
export async function putObjectTagging(s3: S3, request: S3Request): Promise<void> {
  request.call.authorize("s3:PutObjectTagging", objectArn(request));
  const body = await readDocument(request, MAX_DOCUMENT_BYTES, declaredChecksum(request));
  const document = readXml(body, taggingSchema);
  const tags = tagMap(document.Tagging.TagSet.Tag.map(({ Key, Value }) => [Key, Value] as const));
  existing(s3, request);
  s3.store.setTags(request.bucket, request.key, tags);
  sendEmpty(request, 200);
}

/** DeleteObjectTagging. */
export function deleteObjectTagging(s3: S3, request: S3Request): void {
  request.call.authorize("s3:DeleteObjectTagging", objectArn(request));
  existing(s3, request);
  s3.store.setTags(request.bucket, request.key, {});
  sendEmpty(request, 204);
}
