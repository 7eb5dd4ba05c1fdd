/** Who may manage a link to whom it was handed over, whatever its rights to the file. */
import type { FileRecord } from "#core/files/records.ts";
import type { Owned } from "#core/kernel/rights.ts";
import type { LinkRecord } from "./records.ts";

export type Held = NonNullable<LinkRecord["held"]>;
type Where = Pick<FileRecord, "workspace_id" | "came_ms">;

/** How often a link has been handed over. */
export const turnOf = ({ held }: Pick<LinkRecord, "held">): number => held?.turn ?? 0;

/**
 * To whom a link was handed over last, in which of the workspace's epochs; `undefined` where its file has gone to another
 * workspace since, though it came back.
 */
export function heldAt({ held }: Pick<LinkRecord, "held">, file: Where | undefined): Held | undefined {
  const isThere = held?.workspace_id === file?.workspace_id && held?.came_ms === file?.came_ms;
  return isThere ? held : undefined;
}

/** Who manages it for having been handed it: nobody where its file's workspace was handed over since. */
export function holderOf(
  link: Pick<LinkRecord, "held">,
  file: Where | undefined,
  { epoch }: Pick<Owned, "epoch">,
): string | undefined {
  const held = heldAt(link, file);
  return held?.epoch === epoch ? held?.holder_id : undefined;
}
