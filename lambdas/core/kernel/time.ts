/** ISO 8601 UTC with milliseconds, as the contract's times are. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** DynamoDB's TTL attribute: whole seconds. Garbage collection only; expiry is compared in conditions. */
export function ttl(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** When (ms) something ends that has no end: the last second that is written with four digits of a year. */
export const NO_END_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
