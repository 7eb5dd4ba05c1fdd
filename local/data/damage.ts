/** What a start says of a file that it can't go on with: which, what is wrong, and the way out. */

import { AwsError } from "../types.ts";

/** The way out where nothing else has what the file held. */
export const RESTORE =
  "Put it back from a backup of the whole folder, start in another folder with --data, or remove the folder to begin anew without its files";

/** The error that stops a start. `why` goes on from the file's name. */
export function damaged(file: string, why: string, wayOut: string, cause?: unknown): Error {
  return new Error(`${file} ${why}. ${wayOut}.`, { cause });
}

/** What a running cloud says of a database that turns out to be damaged. */
export function damageAtWork(file: string): string {
  return `${file} is damaged. ${RESTORE}.`;
}

/**
 * What callers are told of it: nothing that a second try could mend, which SDKs make after 500, 502, 503 and 504 only.
 * Source: aws-sdk-js-v3, packages/service-error-classification/src/constants.ts
 */
export function storageDamaged(service: string, cause: unknown): AwsError {
  const message = `The database ${service}.sqlite of this local cloud is damaged; its log says where it is and what to do.`;
  return Object.assign(new AwsError("StorageDamaged", message, 507), { cause });
}

/** Says in words why the system didn't open a file; goes on from its name. */
export function whyNotOpened(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EISDIR") return "is a directory where a file must be";
  if (code === "EACCES" || code === "EPERM") return `can't be read and written by this user (${code})`;
  if (code === "EROFS") return "is on a read-only file system";
  return `can't be opened (${error instanceof Error ? error.message : error})`;
}
