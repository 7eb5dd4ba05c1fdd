import type { Bus } from "#aws/events.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/** What relaying events needs. */
export interface RelayDeps extends TableDeps {
  bus: Bus;
  /** How long the events of one workspace may take, in ms. @default 5,000 */
  itemMs?: number;
}
