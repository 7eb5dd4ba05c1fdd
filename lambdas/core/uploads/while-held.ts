import type { Settled } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Intent, UploadRecord } from "./records.ts";

/** Changes a session while this attempt at its finalize holds it; where another does, or none, nothing happens. */
export async function whileHeld(
  { table }: Pick<Deps, "table">,
  { upload_id }: Pick<UploadRecord, "upload_id">,
  { attempt }: Intent,
  update: Settled,
): Promise<void> {
  await happened(
    table.update({
      key: keys.upload(upload_id),
      update,
      condition: "#state = :finalizing AND #intent.#attempt = :attempt",
      values: { finalizing: "finalizing", attempt },
    }),
  );
}
