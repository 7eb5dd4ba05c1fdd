import type { Queues } from "#aws/queues.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Outbound } from "#core/outbound/outbound.ts";

/** What delivering needs of the world. */
export interface DeliveryDeps extends Pick<Deps, "table" | "now"> {
  queues: Queues;
  outbound: Outbound;
}

/** What sending messages needs. */
export type QueueDeps = Pick<DeliveryDeps, "table" | "now" | "queues">;
