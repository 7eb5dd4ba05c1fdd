import { happened } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { FinalizeAnswer } from "./contract.ts";

/**
 * Records under a call's Idempotency-Key what another gave as the answer to the same upload: ingest, or a function
 * whose own record died with it. Without it a repeat would be told for seconds that the first is still running.
 */
export async function recordLate(
  { table }: Pick<Deps, "table">,
  { record }: Pick<Call, "record">,
  body: FinalizeAnswer,
): Promise<FinalizeAnswer> {
  const writes = record(body).map((write) => ({ ...write, else: undefined }));
  // False where another has recorded it meanwhile.
  if (writes.length > 0) await happened(table.transact(writes));
  return body;
}
