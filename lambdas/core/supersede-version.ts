import { due, keys } from "#aws/keys.ts";
import type { Item, Update } from "#aws/table.ts";
import type { FileRecord } from "./records.ts";

/** Presigned URLs of a version have run out this long after it stopped being the current one. */
export const URLS_GONE_MS = 600_000;

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
      update: "SET #superseded_ms = :now, #due_pk = :due_pk, #due_sk = :due_sk",
      condition: "attribute_exists(#pk)",
      values: { now, ...due("version", now + URLS_GONE_MS, version_id) },
    },
  };
}
