/** DeleteObject and DeleteObjects. */
import { z } from "zod";
import { AwsError } from "../types.ts";
import { readDocument } from "./body.ts";
import { declaredChecksum } from "./checksum-headers.ts";
import { invalidRequest, s3Error } from "./errors.ts";
import { objectArn, type S3Request } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { S3 } from "./service.ts";
import { readXml, type XmlObject } from "./xml.ts";

// S3: 1,000 keys at most in one DeleteObjects.
const MAX_KEYS = 1000;
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** Removes a key; one that isn't there is fine, and makes no event. */
function remove(s3: S3, request: S3Request, key: string, ifMatch?: string): void {
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

const deleteSchema = z.object({
  Delete: z.object({
    Quiet: z.string().optional(),
    Object: z.array(z.object({ Key: z.string().min(1), ETag: z.string().optional() })).max(MAX_KEYS),
  }),
});

/** DeleteObjects: each key has its own outcome. */
export async function deleteObjects(s3: S3, request: S3Request): Promise<void> {
  const { headers } = request.call.req;
  const names = Object.keys(headers);
  if (!names.some((name) => name === "content-md5" || /^x-amz-(checksum-|trailer)/.test(name))) {
    throw invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  const body = await readDocument(request, MAX_DOCUMENT_BYTES, declaredChecksum(request));
  const { Delete } = readXml(body, deleteSchema);
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
