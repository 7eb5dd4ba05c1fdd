/** The commit of an object whose bytes are one complete blob. */
import type { Received } from "./body.ts";
import type { WriteCondition } from "./conditions.ts";
import type { S3EventReason } from "./events.ts";
import type { S3Request } from "./request.ts";
import type { S3 } from "./state.ts";

export interface ObjectCommit {
  headers: Record<string, string>;
  tags: Record<string, string>;
  received: Received;
  condition: WriteCondition | undefined;
  reason: S3EventReason;
}

/**
 * Puts the object in place with its event, if its condition still holds; otherwise removes the blob.
 * @returns when it was modified (epoch ms)
 */
export function commitObject(s3: S3, request: S3Request, commit: ObjectCommit): number {
  const { headers, tags, received, condition, reason } = commit;
  const { bucket, key, call, settings } = request;
  const modified = s3.clock.now();
  const { size, md5, blob } = received;
  const checksum = { algorithm: received.algorithm, type: "FULL_OBJECT", value: received.checksum } as const;
  try {
    condition?.check(s3.store.object(bucket, key));
    s3.store.putObject(
      { bucket, key, etag: md5, modified, parts: null, headers, tags, checksum },
      { part: 1, size, blob, md5, checksum: received.checksum, modified },
      () => s3.events.record({ call, settings, reason, object: { key, size, etag: md5 } }),
    );
  } catch (error) {
    s3.blobs.remove([blob]);
    throw error;
  }
  return modified;
}
