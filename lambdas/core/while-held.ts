import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import type { Intent, UploadRecord } from "./upload-record.ts";

/** Changes a session while this attempt at its finalize holds it; where another does, or none, nothing happens. */
export async function whileHeld(
  { table }: Pick<Deps, "table">,
  { upload_id }: Pick<UploadRecord, "upload_id">,
  { attempt }: Intent,
  { update, values }: { update: string; values: Item },
): Promise<void> {
  try {
    await table.update({
      key: keys.upload(upload_id),
      update,
      condition: "#state = :finalizing AND #intent.#attempt = :attempt",
      values: { ...values, finalizing: "finalizing", attempt },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
