import type { Item } from "#aws/table.ts";

/** Who has left stays in a list's rows for so long, so that no late copy of its joining brings it back. */
export const LEFT_KEEP_MS = 30 * 86_400_000;

/** Id of one change of a record: another's write knows by it that this one came in between. */
export const newChange = (): string => crypto.randomUUID();

/** The condition that a record is as it was read: also what keeps a copy that comes late from taking back later changes. */
export function unchanged({ change }: { change?: string | undefined }): { condition: string; values: Item } {
  return change === undefined
    ? { condition: "attribute_exists(#pk) AND attribute_not_exists(#change)", values: {} }
    : { condition: "#change = :seen_change", values: { seen_change: change } };
}
