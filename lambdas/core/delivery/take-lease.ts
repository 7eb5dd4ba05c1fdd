import { randomUUID } from "node:crypto";
import { keys } from "#aws/keys.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { ifStill, STILL_DUE, stillDue, UNLEASED } from "./still-due.ts";

/** How long an attempt is its worker's alone: longer than its 15 s. */
const LEASE_MS = 30_000;

/** Takes the attempt that is due, for 30 s; `undefined` where another has it or has made it. */
export async function takeLease(deps: TableDeps, delivery: DeliveryRecord): Promise<string | undefined> {
  const now = deps.now();
  const lease = randomUUID();
  const taken = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: { set: { lease, lease_until_ms: now + LEASE_MS } },
      // A send that is repeated by the SDK finds its own lease.
      condition: `${STILL_DUE} AND (${UNLEASED} OR #lease = :lease)`,
      values: { ...stillDue(delivery), now },
    }),
  );
  return taken ? lease : undefined;
}
