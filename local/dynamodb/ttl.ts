/** Time to live: deletes items that have expired. */
import type { Catalog } from "./catalog.ts";
import type { Store } from "./store.ts";

const BATCH = 500;

/** Deletes every expired item, with a stream record that says the service did it. Answers how many. */
export function deleteExpired(catalog: Catalog, store: Store, now: number): number {
  const seconds = Math.floor(now / 1000);
  let deleted = 0;
  for (const table of catalog.all()) {
    if (table.spec.ttlAttribute === undefined) continue;
    for (;;) {
      const batch = store.expired(table, seconds, BATCH);
      store.commit(
        batch.map(({ key, stored }) => ({
          table,
          key,
          old: stored,
          next: undefined,
          userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
        })),
      );
      deleted += batch.length;
      if (batch.length < BATCH) break;
    }
  }
  return deleted;
}
