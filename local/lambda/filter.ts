/** Filter criteria of event-source mappings. */
import { matches } from "../eventbridge/pattern.ts";
import { isRecord } from "../wire.ts";

/** Whether a record matches one of the patterns, or there are none. */
export function passesFilters(filters: readonly unknown[], record: unknown): boolean {
  return filters.length === 0 || filters.some((filter) => isRecord(filter) && matches(filter, record));
}
