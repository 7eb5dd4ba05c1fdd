import { due, keys } from "#aws/keys.ts";
import type { Item, Update } from "#aws/table.ts";
import type { FileRecord } from "./records.ts";

/**
 * How long bytes stay that are to go. Presigned URLs of them have run out by then (5 minutes), and so has the signature of
 * the PutObject that made them: a copy of it which comes while they are there is refused by its `If-None-Match`, and would
 * leave bytes that nothing names afterwards. S3 takes a call for 15 minutes after it was signed, which was before there
 * was anything to delete; a minute more for clocks that differ. Copies of multipart calls find no upload any more.
 * Source: Amazon S3 User Guide, "Signing and authenticating REST requests", time stamp requirement; Amazon S3 API
 * Reference, CompleteMultipartUpload and UploadPart, `NoSuchUpload`.
 */
export const BYTES_STAY_MS = 16 * 60_000;

/**
 * What a write that makes another version current adds to its transaction.
 *
 * `condition` and `values` belong to the `fileUpdate`: the version that steps back is still the one that was read.
 * `write` marks it as superseded, and due for the sweep that keeps the retention.
 */
export function supersede(
  now: number,
  { node_id, version_id }: Pick<FileRecord, "node_id" | "version_id">,
): { condition: string; values: Item; write: Update } {
  return {
    condition: "#version_id = :superseded",
    values: { superseded: version_id },
    write: {
      key: keys.version(node_id, version_id),
      update: { set: { superseded_ms: now, ...due("version", now + BYTES_STAY_MS, version_id) } },
      condition: "attribute_exists(#pk)",
    },
  };
}
