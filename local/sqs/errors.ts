/** What SQS refuses, and the older codes that it names in a header for SDKs of the query protocol's days. */
import { z } from "zod";
import { AwsError } from "../types.ts";

const QUERY_CODES: Record<string, string> = {
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  InvalidBatchEntryId: "AWS.SimpleQueueService.InvalidBatchEntryId",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
};

/** Value of the header `x-amzn-query-error`. */
export function queryError({ code, status }: AwsError): string {
  return `${QUERY_CODES[code] ?? code};${status < 500 ? "Sender" : "Receiver"}`;
}

/** A failure as SQS words it; what isn't the caller's fault is thrown on. */
export function refusal(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  if (issue === undefined) throw error;
  const name = issue.path.join(".");
  const isMissing =
    (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) ||
    (issue.code === "too_small" && issue.origin === "string");
  return isMissing
    ? new AwsError("MissingParameter", `The request must contain the parameter ${name}.`)
    : new AwsError(
        "InvalidParameterValue",
        `Value for parameter ${name} is invalid. Reason: ${issue.message}.`,
      );
}
