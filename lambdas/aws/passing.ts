/** Which of AWS's errors say no more than "not now". */
import { isServerError, isThrottlingError, isTransientError } from "@smithy/core/retry";

/** Errors of DynamoDB's where others are changing the same items. */
const contended: ReadonlySet<string> = new Set([
  "TransactionCanceledException",
  "TransactionConflictException",
  "TransactionInProgressException",
]);

/** Others were changing the same thing, again and again: the same call may well succeed a moment later. */
export function isContended(error: unknown): error is Error {
  return error instanceof Error && contended.has(error.name);
}

/**
 * AWS is throttling, out of order, too slow or out of reach, after all tries. Whether the call took effect isn't known.
 *
 * As the SDK classifies errors, its clients' own timeouts and the end of a call's patience included.
 */
export function isPassing(error: unknown): error is Error {
  if (!isSdkError(error) || isStorageFull(error) || isStorageDamaged(error)) return false;
  return isThrottlingError(error) || isTransientError(error) || isServerError(error);
}

/** An emulator or another store has no room left: its name of status 507. AWS's own storage has no end. */
export function isStorageFull(error: unknown): error is Error {
  return error instanceof Error && error.name === "InsufficientStorage";
}

/** An emulator can't read its own storage any more: its name of another 507. Nothing but its operator can mend it. */
export function isStorageDamaged({ name }: Error): boolean {
  return name === "StorageDamaged";
}

/** The marks that the SDK looks for are all optional, so that any error may be one of its own. */
function isSdkError(error: unknown): error is Parameters<typeof isTransientError>[0] {
  return error instanceof Error;
}
