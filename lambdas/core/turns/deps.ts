import type { DeliveryDeps } from "#core/attempts/deps.ts";
import type { HostShares } from "./host-shares.ts";

/** What a worker that delivers needs. */
export interface WorkerDeps extends DeliveryDeps {
  hosts: HostShares;
}
