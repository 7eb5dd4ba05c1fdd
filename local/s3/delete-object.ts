/** DeleteObject and DeleteObjects. */
import { z } from "zod";
import { AwsError } from "../types.ts";
import { readDocument } from "./body.ts";
import { requiredChecksum } from "./checksum-headers.ts";
import { s3Error } from "./errors.ts";
import { assertKeyLength, objectArn, type S3Request } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { S3 } from "./state.ts";
import { readXml, type XmlObject } from "./xml.ts";

// S3: 1,000 keys at most in one DeleteObjects.
const MAX_KEYS = 1000;
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** Removes a key; one that isn't there is fine, and makes no event. */
function remove(s3: S3, request: S3Request, key: string, ifMatch?: string): void {
  assertKeyLength(key);
  const target = { bucket: request.bucket, key };
  request.call.authorize("s3:DeleteObject", objectArn(target));
  const object = s3.store.object(target.bucket, key);
  if (ifMatch !== undefined && ifMatch !== "*" && object?.etag !== ifMatch.replaceAll('"', "")) {
    throw s3Error("PreconditionFailed", { Condition: "If-Match" });
  }
  if (!object) return;
  const { call, settings } = request;
  s3.store.deleteObject(object, () =>
    s3.events.record({ call, settings, reason: "DeleteObject", object: { key } }),
  );
  s3.writes.deleted(target);
}

/** DeleteObject. */
export function deleteObject(s3: S3, request: S3Request): void {
  remove(s3, request, request.key, request.header("if-match"));
  sendEmpty(request, 204);
}

const deleteSchema = z.strictObject({
  Delete: z.strictObject({
    Quiet: z.enum(["true", "false"]).optional(),
    Object: z.array(z.strictObject({ Key: z.string().min(1), ETag: z.string().optional() })).max(MAX_KEYS),
  }),
});
// Amazon S3 API Reference, ObjectIdentifier; the last two are for directory buckets alone.
const NOT_HERE = /^(VersionId|LastModifiedTime|Size)$/;

/** DeleteObjects: each key has its own outcome. */
export async function deleteObjects(s3: S3, request: S3Request): Promise<void> {
  const body = await readDocument(request, MAX_DOCUMENT_BYTES, requiredChecksum(request));
  const { Delete } = readXml(body, deleteSchema, NOT_HERE);
  const deleted: XmlObject[] = [];
  const errors: XmlObject[] = [];
  for (const { Key, ETag } of Delete.Object) {
    try {
      remove(s3, request, Key, ETag);
      deleted.push({ Key });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ Key, Code: error.code, Message: error.message });
    }
  }
  sendXml(request, "DeleteResult", { Deleted: Delete.Quiet === "true" ? [] : deleted, Error: errors });
}
