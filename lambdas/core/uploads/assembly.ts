import { decodeTime } from "ulid";
import { newId } from "#core/kernel/ids.ts";
import type { UploadRecord } from "./records.ts";

/** An id for a call of finalize, later than `latest` whatever the clock says. */
export function newAttempt(now: number, latest?: string): string {
  return newId("job", latest === undefined ? now : Math.max(now, attemptedAt(latest) + 1));
}

/** When (ms) a call of finalize began, by the clock of the function that had it. */
export function attemptedAt(attempt: string): number {
  return decodeTime(attempt.slice("job_".length));
}

/** For how long after its call S3 may be putting parts together. S3 speaks of "several minutes" for the largest. */
export const ASSEMBLY_MS = 15 * 60_000;

/** When (ms) S3 has made the object, if it ever does; 0 where it was never asked to. */
export function assembledBy({ assembling }: Pick<UploadRecord, "assembling">): number {
  return assembling === undefined ? 0 : assembling.since_ms + ASSEMBLY_MS;
}
