/** What a function says of a batch (`ReportBatchItemFailures`). */
import { z } from "zod";

const response = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/**
 * Identifiers of the records that failed, or `"all"`: an answer of another shape, or one that names a record that
 * wasn't in the batch, fails the whole batch.
 */
export function failedItems(payload: string, identifiers: readonly string[]): Set<string> | "all" {
  const parsed = response.safeParse(JSON.parse(payload));
  if (!parsed.success) return "all";
  const failed = parsed.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? [];
  return failed.every((id) => identifiers.includes(id)) ? new Set(failed) : "all";
}
