import { type Put, TransactionFailed, type Write } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { type UploadRecord, uploadItem } from "./upload-record.ts";

/** The first write of a session: what has become of it since is never undone by a copy that comes late. */
export function newUpload(upload: UploadRecord): Put {
  return { put: uploadItem(upload), condition: "attribute_not_exists(#pk)" };
}

/**
 * Writes a new session, and what else stands in its transaction.
 *
 * Nobody else can have its id: one that stands there already is this very write, whose first answer was lost.
 */
export async function addUpload(
  { table }: Pick<Deps, "table">,
  upload: UploadRecord,
  others: readonly Write[] = [],
): Promise<void> {
  if (others.length === 0) return table.add(uploadItem(upload));
  const own = newUpload(upload);
  try {
    await table.transact([own, ...others]);
  } catch (error) {
    if (!(error instanceof TransactionFailed && error.failed.has(own))) throw error;
  }
}
