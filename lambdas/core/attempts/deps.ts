import type { Queues } from "#aws/queues.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Outbound } from "#core/outbound/outbound.ts";

/** What sending messages needs. */
export interface QueueDeps extends TableDeps {
  queues: Queues;
}

/** What delivering needs. */
export interface DeliveryDeps extends QueueDeps {
  outbound: Outbound;
}
