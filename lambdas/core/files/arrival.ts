/** What a file brings from another workspace that was judged by that one: links and its lock. */
import type { Owned } from "#core/kernel/rights.ts";
import { isOfBefore } from "./fenced-write.ts";
import type { FileRecord } from "./records.ts";

/** Whether a file came to its workspace since that was handed over without links: its own were judged where it was. */
export const cameSince = (
  { came_ms = 0 }: Pick<FileRecord, "came_ms">,
  { links_from }: Pick<Owned, "links_from">,
): boolean => came_ms >= (links_from?.ms ?? 0);

/** What its record says of that where it comes from one workspace to another. */
export function arrival(
  file: FileRecord,
  { from, to, now }: { from: Owned; to: Owned; now: number },
): Pick<FileRecord, "came_ms" | "links_since" | "lock"> {
  return {
    came_ms: now,
    links_since: cameSince(file, from) ? file.links_since : from.links_from?.ms,
    lock: file.lock && lockAt(file.lock, from, to),
  };
}

/** Its holder has it there too; one from before its workspace was handed over has run out there. */
function lockAt(lock: NonNullable<FileRecord["lock"]>, from: Owned, to: Owned): FileRecord["lock"] {
  return isOfBefore(lock, from.epoch) ? { ...lock, expires_ms: 0 } : { ...lock, epoch: to.epoch };
}
