import { describe, note } from "#aws/log.ts";
import { isContended, isPassing, isStorageDamaged, isStorageFull } from "#aws/passing.ts";
import { WharfError } from "#core/kernel/error.ts";

/** What is answered to whatever was thrown: what isn't meant for clients is noted, and tells them nothing. */
export function refusalOf(error: unknown): WharfError {
  if (error instanceof WharfError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  if (isStorageDamaged(cause)) {
    note({ error: describe(cause) });
    return new WharfError("internal", cause.message);
  }
  if (isContended(cause)) return contended(cause);
  if (isStorageFull(cause)) return storageFull(cause);
  note({ error: describe(cause) });
  if (isPassing(cause))
    return unavailable(
      cause,
      "What is behind the API doesn't answer as it should; send it again shortly.",
      5,
    );
  return new WharfError("internal", "Send the request again; quote the request_id if it goes on.");
}

/** What a client is told where AWS doesn't answer: nothing that it could mend, and to come back. */
function unavailable(cause: Error, detail: string, retry_after_seconds: number): WharfError {
  note({ busy: cause.name });
  return new WharfError("unavailable", detail, { retry_after_seconds }, { cause });
}

/** 429 and no 5xx, which is an alarm: many requests about one thing bring it about, and nothing is wrong. */
function contended(cause: Error): WharfError {
  note({ busy: cause.name });
  const detail = "Others are changing the same thing right now; send it again.";
  return new WharfError("rate_limited", detail, { retry_after_seconds: 1 }, { cause });
}

function storageFull(cause: Error): WharfError {
  note({ storage_full: describe(cause) });
  const facts = { retry_after_seconds: 30 };
  const detail = `Nothing was stored: ${cause.message} Deleted files make room within minutes; then send it again.`;
  return new WharfError("storage_full", detail, facts, { cause });
}
