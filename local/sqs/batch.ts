/** Batches: up to ten entries, each of which succeeds or fails alone. */
import { z } from "zod";
import { AwsError } from "../types.ts";
import { refusal } from "./errors.ts";

const envelope = z.array(z.looseObject({ Id: z.string() })).default([]);
/** SQS: the messages of a batch together, in bytes. */
const MAX_BYTES = 1_048_576;

/**
 * Runs `one` for each entry. What is wrong with the batch itself fails all of it.
 *
 * @param schema of an entry; one that doesn't fit fails alone.
 */
export function runBatch<T>(given: unknown, schema: z.ZodType<T>, one: (entry: T) => unknown) {
  const entries = envelope.parse(given);
  checkEnvelope(entries);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push(Object.assign({ Id: entry.Id }, one(schema.parse(entry))));
    } catch (error) {
      const { code, message, status } = refusal(error);
      Failed.push({ Id: entry.Id, Code: code, Message: message, SenderFault: status < 500 });
    }
  }
  return { Successful, Failed };
}

function checkEnvelope(entries: z.infer<typeof envelope>): void {
  if (entries.length === 0) {
    throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  }
  if (entries.length > 10) {
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const ids = entries.map(({ Id }) => Id);
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw new AwsError(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    );
  }
  if (new Set(ids).size < ids.length) {
    throw new AwsError(
      "BatchEntryIdsNotDistinct",
      "Two or more batch entries in the request have the same Id.",
    );
  }
  const bytes = entries.reduce(
    (sum, { MessageBody: body }) => sum + (typeof body === "string" ? Buffer.byteLength(body) : 0),
    0,
  );
  if (bytes > MAX_BYTES) {
    throw new AwsError(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
}
