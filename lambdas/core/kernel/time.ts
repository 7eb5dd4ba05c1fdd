/** ISO 8601 UTC with milliseconds, as the contract's times are. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** DynamoDB's TTL attribute: whole seconds. Garbage collection only; expiry is compared in conditions. */
export function ttl(ms: number): number {
  return Math.ceil(ms / 1000);
}
