import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { Intent, Outcome, Rejection, Terms, UploadRecord } from "#core/uploads/records.ts";

/** In which states a session may be committed: `ours` only while it still holds the very intent that is carried out. */
export type From = "open" | "ours";

/** The session's last change, which happens once. */
export function endSession(
  { upload_id }: UploadRecord,
  {
    intent,
    from,
    end,
    now,
  }: {
    intent: Intent;
    from: From;
    end:
      | { state: "completed"; outcome: Outcome; terms: Terms; share_bound: boolean }
      | { state: "rejected"; rejection: Rejection };
    now: number;
  },
): Write {
  // The bytes of a rejected upload are still to be removed: due at once, for the sweep where nobody else does it.
  const set = {
    ...end,
    // The call that ended it: S3's word of the object is still to come, and is to be found by this id too.
    request_id: intent.request_id,
    ...(end.state === "rejected" ? due("upload", now, upload_id) : {}),
  };
  return {
    key: keys.upload(upload_id),
    update: {
      set,
      // Of a file nobody asks any more when S3 put it together; and 1 KB is what a write unit holds.
      remove: ["intent", "open_pk", ...(end.state === "rejected" ? [] : ["assembling", "due_pk", "due_sk"])],
    },
    condition:
      from === "open"
        ? "#state IN (:open, :finalizing)"
        : "#state = :finalizing AND #intent.#attempt = :attempt",
    values: {
      finalizing: "finalizing",
      ...(from === "open" ? { open: "open" } : { attempt: intent.attempt }),
    },
  };
}
