import type { Clock } from "../clock.ts";
import type { Blobs } from "./blobs.ts";
import type { Buckets } from "./buckets.ts";
import type { Events } from "./events.ts";
import type { SecretLookup } from "./post-policy.ts";
import type { Store } from "./store.ts";
import type { Writes } from "./writes.ts";

/** What the operations work on. */
export interface S3 {
  store: Store;
  blobs: Blobs;
  buckets: Buckets;
  events: Events;
  writes: Writes;
  /** Tells the operator what the caller is not told. */
  report(error: unknown): void;
  clock: Clock;
  secretFor: SecretLookup;
}
