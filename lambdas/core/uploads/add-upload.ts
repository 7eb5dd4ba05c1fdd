import type { Put, Write } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { uploadItem } from "./find-upload.ts";
import type { UploadRecord } from "./records.ts";

/** The first write of a session: what has become of it since is never undone by a copy that comes late. */
export function newUpload(upload: UploadRecord): Put {
  return { put: uploadItem(upload), condition: "attribute_not_exists(#pk)" };
}

/**
 * Writes a new session, and what else stands in its transaction. A repeat of that DynamoDB answers by its token, which
 * outlives every caller (`transact`); a write alone knows its own (`add`).
 */
export function addUpload(
  { table }: Pick<Deps, "table">,
  upload: UploadRecord,
  others: readonly Write[] = [],
): Promise<void> {
  return others.length === 0 ? table.add(uploadItem(upload)) : table.transact([newUpload(upload), ...others]);
}
